package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// parentVariable makes the test binary a program that has an engine and waits to
// be killed.
const parentVariable = "ENGINE_TEST_PARENT"

func TestMain(m *testing.M) {
	Main()
	if os.Getenv(parentVariable) != "" {
		fmt.Fprintln(os.Stderr, parent())
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// parent starts an engine, prints its worker's process and waits to be killed.
func parent() error {
	e, err := Start(context.Background(), Options{})
	if err != nil {
		return err
	}
	s := <-e.slots
	fmt.Println(s.worker.cmd.Process.Pid)
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, errors.New("nobody killed me"))
}
