package inbound

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// firstPart is how much memory a body gets before any of it has come, and as much
// as it has then each time that is full: who sends slowly holds little.
const firstPart = 4 << 10

// read reads a body. It takes the memory for it until done is called.
func (r *Receiver) read(w http.ResponseWriter, req *http.Request) (body []byte, done func(), err error) {
	if req.ContentLength > MaxBody {
		return nil, nil, &http.MaxBytesError{Limit: MaxBody}
	}
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(readWithin)) // what knows no deadline needs none
	body, held, err := r.readParts(http.MaxBytesReader(w, req.Body, MaxBody))
	_ = rc.SetReadDeadline(time.Time{})
	if err != nil {
		r.held.Release(held)
		return nil, nil, err
	}
	return body, func() { r.held.Release(held) }, nil
}

// readParts reads a body part by part, and returns what is held for it, also if
// it cannot be read.
func (r *Receiver) readParts(from io.Reader) (body []byte, held int64, err error) {
	for {
		if len(body) == cap(body) {
			part := max(cap(body), firstPart)
			if !r.held.TryAcquire(int64(part)) {
				return nil, held, ErrFull
			}
			held += int64(part)
			larger := make([]byte, len(body), len(body)+part)
			copy(larger, body)
			body = larger
		}
		n, err := from.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch large := new(http.MaxBytesError); {
		case errors.Is(err, io.EOF):
			return body, held, nil
		case errors.As(err, &large):
			return nil, held, err
		case err != nil:
			return nil, held, ErrBody
		}
	}
}
