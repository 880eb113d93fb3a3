package server

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// A pipeLine accepts connections that keep nothing on their way.
type pipeLine chan net.Conn

func (p pipeLine) Accept() (net.Conn, error) {
	if conn, ok := <-p; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}
func (p pipeLine) Close() error   { close(p); return nil }
func (p pipeLine) Addr() net.Addr { return &net.UnixAddr{} }

// answered is the caller's end of a connection on which a megabyte is answered,
// and what its handler was told of that.
func answered(t *testing.T) (here net.Conn, told chan error) {
	told = make(chan error, 1)
	s := http.Server{Handler: patient(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, err := w.Write(make([]byte, 1<<20))
		told <- err
	}))}
	here, there := net.Pipe()
	line := make(pipeLine, 1)
	line <- there
	go s.Serve(line) // ends with Close
	t.Cleanup(func() {
		here.Close()
		s.Close()
	})
	if _, err := io.WriteString(here, "GET / HTTP/1.1\r\nHost: hub\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return here, told
}

func TestCallerWhoTakesNothingIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, told := answered(t)
		began := time.Now()
		if err := <-told; err == nil || time.Since(began) != takeWithin {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

func TestCallerWhoIsSlowGetsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, told := answered(t)
		resp, err := http.ReadResponse(bufio.NewReader(here), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		got := int64(0)
		for err == nil {
			var n int64
			n, err = io.CopyN(io.Discard, resp.Body, takeAtOnce/2)
			got += n
			time.Sleep(takeWithin / 3)
		}
		if got != 1<<20 {
			t.Errorf("%d bytes, then %v; the handler was told %v", got, err, <-told)
		}
	})
}
