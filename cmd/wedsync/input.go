package main

import (
	"errors"
	"fmt"
	"io"
	"os"
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
