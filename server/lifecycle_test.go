package server_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wedsync/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long anything may take on a busy machine before it counts as never.
const patience = 30 * time.Second

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestStoppingAnswersWhatHasBegunBeforeTheHubStops(t *testing.T) {
	l := listen(t)
	entered, finish := make(chan struct{}), make(chan struct{})
	stopped := make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-finish
		select {
		case <-stopped:
			t.Error("the hub was stopped below a request")
		default:
		}
		_, _ = io.WriteString(w, "whole")
	})
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- server.Serve(ctx, l, h, slog.New(slog.DiscardHandler), func() { close(stopped) })
	}()
	answered := make(chan string, 1)
	go func() {
		resp, err := http.Get("http://" + l.Addr().String())
		if err != nil {
			answered <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		answered <- string(b)
	}()
	<-entered
	cancel()
	waitRefused(t, l.Addr().String())
	close(finish)
	if got := <-answered; got != "whole" {
		t.Errorf("the request that had begun got %q", got)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	<-stopped
	http.DefaultClient.CloseIdleConnections()
}

// waitRefused returns once no connection is taken any more.
func waitRefused(t *testing.T, address string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		c.Close()
	}
	t.Fatal("connections are still taken")
}

func TestListenerThatFailsStopsTheHubAndIsReported(t *testing.T) {
	l := listen(t)
	l.Close()
	stopped := false
	err := server.Serve(t.Context(), l, http.NotFoundHandler(), slog.New(slog.DiscardHandler), func() { stopped = true })
	if !errors.Is(err, net.ErrClosed) || !stopped {
		t.Errorf("error %v, stopped %v", err, stopped)
	}
}

func TestSocketsTakeTheirLeaveBeforeServeReturns(t *testing.T) {
	l := listen(t)
	told, left := make(chan struct{}), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "joined\n")
		<-told
		_, _ = io.WriteString(conn, "come back\n")
		close(left)
	})
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- server.Serve(ctx, l, h, slog.New(slog.DiscardHandler), func() { close(told) })
	}()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	lines := bufio.NewReader(conn)
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if got, err := lines.ReadString('\n'); got != "joined\n" {
		t.Fatalf("%q, %v", got, err)
	}
	cancel()
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	select {
	case <-left:
	default:
		t.Error("Serve returned before the socket was told")
	}
	if got, err := lines.ReadString('\n'); got != "come back\n" {
		t.Errorf("the device heard %q, %v", got, err)
	}
}
