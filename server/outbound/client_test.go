package outbound_test

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wedsync/server/outbound"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve serves h on this machine and counts the connections.
func serve(t *testing.T, h http.HandlerFunc) (url string, connections *atomic.Int64) {
	t.Helper()
	connections = new(atomic.Int64)
	s := httptest.NewUnstartedServer(h)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s.URL, connections
}

func client(t *testing.T, o outbound.Options) *outbound.Client {
	t.Helper()
	c := outbound.New(o)
	t.Cleanup(c.Close)
	return c
}

func text(s string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(s)) }
}

func TestTargetsOnThisMachineNeedToBeAllowed(t *testing.T) {
	url, connections := serve(t, text("hello"))
	if _, err := client(t, outbound.Options{}).Get(t.Context(), url); !errors.Is(err, outbound.ErrTarget) {
		t.Errorf("got %v, want ErrTarget", err)
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
	body, err := client(t, outbound.Options{AllowPrivate: true}).Get(t.Context(), url)
	if err != nil || string(body) != "hello" {
		t.Errorf("where private targets are allowed: %q, %v", body, err)
	}
}

func TestURLsAreCheckedBeforeAnythingIsSent(t *testing.T) {
	for url, allowed := range map[string][2]bool{ // without and with private targets
		"https://example.com/keys":       {true, true},
		"https://example.com:8443/keys":  {true, true},
		"http://example.com/keys":        {false, false},
		"http://127.0.0.1:9/keys":        {false, true},
		"http://[::1]:9/keys":            {false, true},
		"http://localhost:9/keys":        {false, true},
		"https://127.0.0.1/keys":         {false, true},
		"http://127.0.0.1.example.com/":  {false, false},
		"https://user@example.com/":      {false, false},
		"https://user:word@example.com/": {false, false},
		"ftp://example.com/keys":         {false, false},
		"file:///etc/passwd":             {false, false},
		"https:example.com":              {false, false},
		"example.com/keys":               {false, false},
		"https:///keys":                  {false, false},
		"https://exa mple.com":           {false, false},
		"":                               {false, false},
	} {
		for i, o := range []outbound.Options{{}, {AllowPrivate: true}} {
			if err := outbound.New(o).Check(url); (err == nil) != allowed[i] || err != nil && !errors.Is(err, outbound.ErrTarget) {
				t.Errorf("%q, private %v: %v", url, o.AllowPrivate, err)
			}
		}
	}
}

// names is a resolver that answers every question with the next of the
// addresses, and with the last for ever.
func names(t *testing.T, addresses ...string) *net.Resolver {
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
			reply := answer(question[:n], addresses[0])
			if len(addresses) > 1 && isA(question[:n]) {
				addresses = addresses[1:]
			}
			_, _ = conn.WriteTo(reply, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp4", conn.LocalAddr().String())
	}}
}

// isA reports whether a DNS question is for an IPv4 address. Additional records
// follow the question.
func isA(question []byte) bool {
	end := 12
	for question[end] != 0 {
		end += int(question[end]) + 1
	}
	return binary.BigEndian.Uint16(question[end+1:]) == 1
}

// answer is the answer to a DNS question: an address to one for IPv4, and none to others.
func answer(question []byte, address string) []byte {
	end := 12
	for question[end] != 0 {
		end += int(question[end]) + 1
	}
	end += 5 // the root, type and class
	reply := append([]byte(nil), question[:end]...)
	reply[2], reply[3] = 0x84, 0x80 // an authoritative answer
	copy(reply[6:12], []byte{0, 0, 0, 0, 0, 0})
	if !isA(question) {
		return reply
	}
	reply[7] = 1
	reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4) // the name asked for, A, IN, no time to live
	a := netip.MustParseAddr(address).As4()
	return append(reply, a[:]...)
}

func TestNameThatLeadsToThisMachineIsRefusedWhenItIsDialled(t *testing.T) {
	url, connections := serve(t, text("secret"))
	_, port, _ := strings.Cut(strings.TrimPrefix(url, "http://"), ":")
	for _, address := range []string{"127.0.0.1", "10.1.2.3", "169.254.169.254"} {
		c := client(t, outbound.Options{Resolver: names(t, address)})
		if _, err := c.Get(t.Context(), "https://rebound.example:"+port+"/"); !errors.Is(err, outbound.ErrTarget) {
			t.Errorf("a name of %s: %v, want ErrTarget", address, err)
		}
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

func TestNameThatChangesItsMindIsRefusedFromThenOn(t *testing.T) {
	url, connections := serve(t, text("secret"))
	_, port, _ := strings.Cut(strings.TrimPrefix(url, "http://"), ":")
	c := client(t, outbound.Options{AllowPrivate: true, Resolver: names(t, "127.0.0.1", "169.254.169.254")})
	if _, err := c.Get(t.Context(), "https://rebound.example:"+port+"/"); err == nil || errors.Is(err, outbound.ErrTarget) {
		t.Errorf("while it leads to an allowed address: %v, want a failed TLS handshake", err)
	}
	for range 3 {
		if _, err := c.Get(t.Context(), "https://rebound.example:"+port+"/"); !errors.Is(err, outbound.ErrTarget) {
			t.Errorf("after that: %v, want ErrTarget", err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections were made, want 1", n)
	}
}

func TestPlainHTTPGoesToThisMachineAlone(t *testing.T) {
	c := client(t, outbound.Options{AllowPrivate: true, Resolver: names(t, "10.1.2.3")})
	if _, err := c.Get(t.Context(), "http://intranet.example/"); !errors.Is(err, outbound.ErrTarget) {
		t.Errorf("%v, want ErrTarget", err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	inner, connections := serve(t, text("secret"))
	for _, status := range []int{301, 302, 303, 307, 308} {
		outer, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, inner, status) })
		if _, err := client(t, outbound.Options{AllowPrivate: true}).Get(t.Context(), outer); !errors.Is(err, outbound.ErrRedirect) {
			t.Errorf("status %d: %v, want ErrRedirect", status, err)
		}
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("%d redirects were followed", n)
	}
}

func TestProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	proxy, connections := serve(t, text("proxied"))
	t.Setenv("HTTP_PROXY", proxy)
	t.Setenv("HTTPS_PROXY", proxy)
	c := client(t, outbound.Options{Resolver: names(t, "192.0.2.1")})
	if _, err := c.Get(t.Context(), "https://rebound.example/"); !errors.Is(err, outbound.ErrTarget) {
		t.Errorf("%v, want ErrTarget", err)
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("the proxy was asked %d times", n)
	}
}

func TestLongAnswersAreCutOff(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"of known length": text(strings.Repeat("x", 1001)),
		"of unknown length": func(w http.ResponseWriter, _ *http.Request) {
			for range 1001 {
				_, _ = w.Write([]byte("x"))
				w.(http.Flusher).Flush()
			}
		},
		"without end": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					return
				}
			}
		},
		"in its head": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 100<<10))
		},
	} {
		t.Run(name, func(t *testing.T) {
			url, _ := serve(t, h)
			body, err := client(t, outbound.Options{AllowPrivate: true, Answer: 1000}).Get(t.Context(), url)
			if err == nil || name != "in its head" && !errors.Is(err, outbound.ErrTooLong) {
				t.Errorf("%d bytes, %v, want ErrTooLong", len(body), err)
			}
		})
	}
	url, _ := serve(t, text(strings.Repeat("x", 1000)))
	if body, err := client(t, outbound.Options{AllowPrivate: true, Answer: 1000}).Get(t.Context(), url); err != nil || len(body) != 1000 {
		t.Errorf("an answer as long as may be: %d bytes, %v", len(body), err)
	}
}

func TestAnswerThatTakesTooLongIsGivenUp(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"no answer": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"half an answer": func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte("half"))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			url, _ := serve(t, h)
			c := client(t, outbound.Options{AllowPrivate: true, Within: 50 * time.Millisecond})
			if body, err := c.Get(t.Context(), url); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%q, %v, want a deadline", body, err)
			}
		})
	}
}

func TestStatusThatIsNot200IsAnError(t *testing.T) {
	url, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	if _, err := client(t, outbound.Options{AllowPrivate: true}).Get(t.Context(), url); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("got %v", err)
	}
}
