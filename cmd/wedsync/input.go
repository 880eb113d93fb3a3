package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"
)

// readInput reads a file of at most so many bytes, or standard input if it is called
// -. Of a larger one it says what to do about it.
func readInput(t terminal, name string, most int64, larger string) ([]byte, error) {
	from := t.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		from = f
	}
	if from == nil {
		return nil, errors.New("there is no standard input")
	}
	content, err := io.ReadAll(io.LimitReader(from, most+1))
	if err == nil && int64(len(content)) > most {
		err = fmt.Errorf("%s is larger than %d bytes: %s", printable(name), most, larger)
	}
	return content, err
}

// confirmed asks whether to do something.
func confirmed(t terminal, question string, args ...any) bool {
	fmt.Fprintf(t.Err, question+" [y/N] ", args...)
	var answer string
	if t.In != nil {
		_, _ = fmt.Fscanln(t.In, &answer) // no answer is no
	}
	return slices.Contains([]string{"y", "yes"}, strings.ToLower(answer))
}

// maxSecret bounds the length of a secret that is read, in bytes.
const maxSecret = 4 << 10

// readSecret reads a line of standard input, which a terminal does not show.
func readSecret(t terminal, what string) (string, error) {
	if f, ok := t.In.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprintf(t.Err, "%s: ", what)
		line, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(t.Err)
		return strings.TrimSpace(string(line)), err
	}
	if t.In == nil {
		return "", errors.New("there is no standard input")
	}
	line, err := bufio.NewReader(io.LimitReader(t.In, maxSecret)).ReadString('\n')
	if errors.Is(err, io.EOF) {
		err = nil // a last line without an end
	}
	return strings.TrimSpace(line), err
}
