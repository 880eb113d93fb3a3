package inbound

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"golang.org/x/sync/semaphore"
)

func TestBodyHoldsLittleMoreMemoryThanHasCome(t *testing.T) {
	r := &Receiver{held: semaphore.NewWeighted(maxHeld)}
	for _, n := range []int{0, 1, firstPart - 1, firstPart, firstPart + 1, 100_000, MaxBody} {
		want := bytes.Repeat([]byte("x"), n)
		for name, from := range map[string]io.Reader{"at once": bytes.NewReader(want), "by halves": iotest.HalfReader(bytes.NewReader(want)), "with its end": iotest.DataErrReader(bytes.NewReader(want))} {
			body, held, err := r.readParts(from)
			if err != nil || !bytes.Equal(body, want) || held < int64(n) || held > int64(max(2*n, 1)+firstPart) {
				t.Errorf("%d bytes %s: %d read, %d held, %v", n, name, len(body), held, err)
			}
			r.held.Release(held)
		}
	}
	if !r.held.TryAcquire(maxHeld) {
		t.Error("something is still held")
	}
	if _, held, err := r.readParts(bytes.NewReader([]byte("x"))); !errors.Is(err, ErrFull) || held != 0 {
		t.Errorf("without memory: %d held, %v", held, err)
	}
}
