package server_test

import (
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

func TestMain(m *testing.M) { goleak.VerifyTestMain(suite{m}) }

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
