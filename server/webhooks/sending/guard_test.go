package sending

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wedsync/server/outbound"
	"wedsync/store"
	"wedsync/store/sqlite"
)

// real is a sender over real connections. It does not run.
func real(t *testing.T, o outbound.Options) *Sender {
	t.Helper()
	kept, err := sqlite.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	client := outbound.New(o)
	t.Cleanup(func() {
		client.Close()
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	})
	return New(Options{Store: &bells{Store: kept}, Hub: &quietHub{}, Client: client, Epoch: epoch, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
}

// tested is what came of a test of an endpoint at a URL.
func tested(t *testing.T, s *Sender, url string) Attempt {
	t.Helper()
	e, _, err := s.Create(t.Context(), "rose", Change{URL: &url})
	if err != nil {
		t.Fatal(err)
	}
	_, log, err := s.Test(t.Context(), "rose", e.ID)
	if err != nil {
		t.Fatal(err)
	}
	return log.Attempts[0]
}

func TestEndpointOnThisMachineIsRefusedWhenItIsMade(t *testing.T) {
	t.Parallel()
	s := real(t, outbound.Options{})
	for _, url := range []string{"http://127.0.0.1/", "https://localhost/", "http://app.example/", "https://u:p@app.example/", "", "https://app.example/" + strings.Repeat("x", MaxURL)} {
		var wrong *SettingsError
		if _, _, err := s.Create(t.Context(), "rose", Change{URL: &url}); !errors.As(err, &wrong) || wrong.Member != "url" {
			t.Errorf("%.40q: %v", url, err)
		}
	}
}

func TestEndpointWhoseNameComesToLeadToThisMachineIsSentNothing(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	target := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	defer target.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(target.URL, "https://"), ":")
	for _, address := range [][4]byte{{127, 0, 0, 1}, {10, 1, 2, 3}, {169, 254, 169, 254}} {
		a := tested(t, real(t, outbound.Options{Resolver: resolver(t, address)}), "https://rebound.example:"+port+"/")
		if a.Status != 0 || !strings.Contains(a.Error, outbound.ErrTarget.Error()) {
			t.Errorf("%v: %+v", address, a)
		}
	}
	if n := requests.Load(); n != 0 {
		t.Errorf("%d requests came", n)
	}
}

// resolver gives every name one address.
func resolver(t *testing.T, address [4]byte) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		_ = conn.Close() // ends the loop below
		<-done
	})
	go func() {
		defer close(done)
		question := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(question)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(reply(question[:n], address), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp4", conn.LocalAddr().String())
	}}
}

// reply answers a DNS question for an IPv4 address with one, and others with none.
func reply(question []byte, address [4]byte) []byte {
	end := 12
	for question[end] != 0 {
		end += int(question[end]) + 1
	}
	end += 5 // the root, type and class
	isA := question[end-3] == 1
	answer := append([]byte(nil), question[:end]...)
	answer[2], answer[3] = 0x84, 0x80 // an authoritative answer
	copy(answer[6:12], []byte{0, 0, 0, 0, 0, 0})
	if isA {
		answer[7] = 1
		answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4) // the name asked for, A, IN, no time to live
		answer = append(answer, address[:]...)
	}
	return answer
}

func TestEndpointThatLeadsElsewhereIsNotFollowed(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	defer inner.Close()
	outer := httptest.NewServer(http.RedirectHandler(inner.URL, http.StatusTemporaryRedirect))
	defer outer.Close()
	a := tested(t, real(t, outbound.Options{AllowPrivate: true}), outer.URL)
	if !strings.Contains(a.Error, outbound.ErrRedirect.Error()) || requests.Load() != 0 {
		t.Errorf("%+v, %d requests", a, requests.Load())
	}
}

func TestEndpointsConnectionIsOneOfItsSuppliers(t *testing.T) {
	t.Parallel()
	s := real(t, outbound.Options{})
	c := store.Connection{Supplier: "lily", ID: "crm1", Source: "github", Created: time.Now(), Changed: time.Now()}
	if err := s.store.(*bells).SetConnection(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	url, connection, none := "https://app.example/", "crm1", "crm2"
	if _, _, err := s.Create(t.Context(), "lily", Change{URL: &url, Connection: &connection}); err != nil {
		t.Error(err)
	}
	var wrong *SettingsError
	for supplier, id := range map[string]*string{"rose": &connection, "lily": &none} {
		if _, _, err := s.Create(t.Context(), supplier, Change{URL: &url, Connection: id}); !errors.As(err, &wrong) || wrong.Member != "connection" {
			t.Errorf("%s of %s: %v", *id, supplier, err)
		}
	}
}
