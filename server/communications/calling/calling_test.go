package calling_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wedsync/server/communications/calling"
	"wedsync/server/communications/source"
)

// tokens gives out tokens that are numbered.
type tokens struct {
	mu      sync.Mutex
	current int
	refused []string
	gone    bool // the owner took the permission back
}

func (k *tokens) Token(context.Context, string) (string, time.Time, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.gone {
		return "", time.Time{}, source.ErrReconnect
	}
	return fmt.Sprintf("secret-%d", k.current), time.Now().Add(time.Hour), nil
}

func (k *tokens) Refused(_ context.Context, _, token string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refused = append(k.refused, token)
	k.gone = len(k.refused) == 2
	if token == fmt.Sprintf("secret-%d", k.current) {
		k.current++
	}
	return nil
}

func (k *tokens) Credentials(context.Context, string) (string, string, error) {
	return "AC1", "secret-word", nil
}

// A provider answers by a function that is told how many requests came before.
type provider struct {
	answer func(n int, r *http.Request) (*http.Response, error)

	mu    sync.Mutex
	asked []time.Time
}

func (p *provider) Do(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	n := len(p.asked)
	p.asked = append(p.asked, time.Now())
	p.mu.Unlock()
	return p.answer(n, r)
}

func says(status int, body string, header ...string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

// exchange is an exchange with one provider, which answers first with some answers
// and then always with success.
func exchange(t *testing.T, o calling.Provider, first ...*http.Response) (*calling.Exchange, *provider, *tokens) {
	t.Helper()
	p := &provider{answer: func(n int, _ *http.Request) (*http.Response, error) {
		if n < len(first) {
			return first[n], nil
		}
		return says(200, `{}`), nil
	}}
	o.URL = "https://provider.example/api"
	k := new(tokens)
	e, err := calling.New(calling.Options{Tokens: k, Client: p, Providers: map[string]calling.Provider{"p": o}})
	if err != nil {
		t.Fatal(err)
	}
	return e, p, k
}

func get(t *testing.T, e *calling.Exchange, account string) error {
	t.Helper()
	_, err := e.Caller(account, "p").Call(t.Context(), source.Request{URL: "/x"})
	return err
}

func TestTokenThatIsRefusedIsReplacedAndTheRequestMadeAgain(t *testing.T) {
	e, p, k := exchange(t, calling.Provider{}, says(401, `{}`))
	if err := get(t, e, "a"); err != nil || len(p.asked) != 2 || fmt.Sprint(k.refused) != "[secret-0]" {
		t.Errorf("%v after %d requests, refused %v", err, len(p.asked), k.refused)
	}
}

func TestAccountWhoseTokensAreAllRefusedHasToBeConnectedAgain(t *testing.T) {
	e, p, _ := exchange(t, calling.Provider{})
	p.answer = func(int, *http.Request) (*http.Response, error) { return says(401, `{}`), nil }
	if err := get(t, e, "a"); !errors.Is(err, source.ErrReconnect) || len(p.asked) != 2 {
		t.Errorf("%v after %d requests", err, len(p.asked))
	}
}

func TestPasswordsAreSentWhereThereAreNoTokens(t *testing.T) {
	e, p, _ := exchange(t, calling.Provider{Password: true})
	p.answer = func(_ int, r *http.Request) (*http.Response, error) {
		if user, word, _ := r.BasicAuth(); user != "AC1" || word != "secret-word" {
			return says(401, `{}`), nil
		}
		return says(200, `{}`), nil
	}
	if err := get(t, e, "a"); err != nil {
		t.Error(err)
	}
}

func TestWhatFailedByChanceIsAskedAgain(t *testing.T) {
	for name, answer := range map[string]*http.Response{
		"server error":         says(500, ``),
		"bad gateway":          says(502, `<html>`, "Content-Type", "text/html"),
		"unavailable":          says(503, `{}`),
		"half an answer":       says(200, `{"items":[{"id"`),
		"too many":             says(429, `{}`),
		"too many, says until": says(429, `{}`, "Retry-After", "3"),
		"Google's quota":       says(403, `{"error":{"errors":[{"reason":"userRateLimitExceeded"}]}}`),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, p, _ := exchange(t, calling.Provider{}, answer)
				if err := get(t, e, "a"); err != nil || len(p.asked) != 2 {
					t.Errorf("%v after %d requests", err, len(p.asked))
				}
			})
		})
	}
}

func TestWhatChangesSomethingIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, p, _ := exchange(t, calling.Provider{}, says(500, ``))
		_, err := e.Caller("a", "p").Call(t.Context(), source.Request{Method: http.MethodPost, URL: "/x", Body: []byte(`{}`)})
		if !errors.Is(err, source.ErrTemporary) || len(p.asked) != 1 {
			t.Errorf("%v after %d requests", err, len(p.asked))
		}
	})
}

func TestAnswersAreClassified(t *testing.T) {
	for name, c := range map[string]struct {
		answer *http.Response
		want   error
	}{
		"forbidden": {says(403, `{"error":{"errors":[{"reason":"insufficientPermissions"}]}}`), source.ErrForbidden},
		"not there": {says(404, `{}`), source.ErrGone},
		"gone":      {says(410, `{}`), source.ErrGone},
		"bad":       {says(400, `{}`), source.ErrUnreadable},
	} {
		e, p, _ := exchange(t, calling.Provider{}, c.answer)
		if err := get(t, e, "a"); !errors.Is(err, c.want) || len(p.asked) != 1 {
			t.Errorf("%s: %v after %d requests", name, err, len(p.asked))
		}
	}
}

func TestJudgeIsAskedFirst(t *testing.T) {
	e, p, _ := exchange(t, calling.Provider{}, says(410, `{"code":"syncStateNotFound"}`))
	_, err := e.Caller("a", "p").Call(t.Context(), source.Request{URL: "/x", Judge: func(status int, _ http.Header, body []byte) error {
		if status == 410 && strings.Contains(string(body), "syncState") {
			return source.ErrPlace
		}
		return nil
	}})
	if !errors.Is(err, source.ErrPlace) || len(p.asked) != 1 {
		t.Errorf("%v after %d requests", err, len(p.asked))
	}
}

func TestSilenceThatAProviderWantsHoldsForTheWholeAccount(t *testing.T) {
	for _, format := range []string{"seconds", "date", "date by a clock that is wrong"} {
		t.Run(format, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				header := []string{"Retry-After", "7"}
				if format != "seconds" {
					now := time.Now()
					if strings.Contains(format, "wrong") {
						now = now.Add(-time.Hour)
					}
					header = []string{"Retry-After", now.Add(7 * time.Second).UTC().Format(http.TimeFormat), "Date", now.UTC().Format(http.TimeFormat)}
				}
				e, p, _ := exchange(t, calling.Provider{}, says(429, `{}`, header...))
				begun := time.Now()
				var all sync.WaitGroup
				all.Go(func() {
					if err := get(t, e, "a"); err != nil {
						t.Error(err)
					}
				})
				synctest.Wait()
				for range 5 {
					all.Go(func() {
						if err := get(t, e, "a"); err != nil {
							t.Error(err)
						}
					})
				}
				if err := get(t, e, "b"); err != nil { // another account
					t.Error(err)
				}
				if waited := time.Since(begun); waited != 0 {
					t.Errorf("another account waited for %s", waited)
				}
				all.Wait()
				for _, at := range p.asked[2:] {
					if at.Sub(begun) < 7*time.Second-time.Millisecond {
						t.Errorf("asked again after %s", at.Sub(begun))
					}
				}
			})
		})
	}
}

func TestLongSilenceIsSaidAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, p, _ := exchange(t, calling.Provider{}, says(429, `{}`, "Retry-After", "600"))
		begun := time.Now()
		for range 2 {
			var limit *source.LimitError
			if err := get(t, e, "a"); !errors.As(err, &limit) || limit.After < 599*time.Second {
				t.Errorf("got %v", err)
			}
		}
		if len(p.asked) != 1 || time.Since(begun) > time.Second {
			t.Errorf("%d requests, %s", len(p.asked), time.Since(begun))
		}
	})
}

func TestNoMoreOfAQuotaIsUsedThanThereIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, p, _ := exchange(t, calling.Provider{PerSecond: 50, AtOnce: 4})
		var mu sync.Mutex
		now, most := 0, 0
		p.answer = func(int, *http.Request) (*http.Response, error) {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(10 * time.Millisecond)
			mu.Lock()
			now--
			mu.Unlock()
			return says(200, `{}`), nil
		}
		begun := time.Now()
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if _, err := e.Caller("a", "p").Call(context.Background(), source.Request{URL: "/x", Cost: 5}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		// 500 units, of which 25 are there at once.
		if took := time.Since(begun).Seconds(); took < 9.4 || took > 9.7 {
			t.Errorf("500 units took %.2f s", took)
		}
		if most > 4 {
			t.Errorf("%d requests at once", most)
		}
	})
}

func TestProviderThatFailsIsLeftAloneForThatAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, p, _ := exchange(t, calling.Provider{})
		down := true
		p.answer = func(_ int, r *http.Request) (*http.Response, error) {
			if down && r.Header.Get("X-Account") == "a" {
				return nil, errors.New("connection refused")
			}
			return says(200, `{}`), nil
		}
		call := func(account string) error {
			_, err := e.Caller(account, "p").Call(context.Background(), source.Request{URL: "/x", Header: http.Header{"X-Account": {account}}})
			return err
		}
		for range 5 {
			if err := call("a"); !errors.Is(err, source.ErrTemporary) {
				t.Fatal(err)
			}
		}
		asked := len(p.asked)
		if err := call("a"); !errors.Is(err, source.ErrTemporary) || len(p.asked) != asked {
			t.Errorf("%v, %d requests more", err, len(p.asked)-asked)
		}
		if err := call("b"); err != nil {
			t.Errorf("another account: %v", err)
		}
		down = false
		time.Sleep(time.Minute + time.Second)
		var all sync.WaitGroup
		for range 8 { // one tries, the others wait for what comes of it
			all.Go(func() {
				if err := call("a"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}

func TestTokensGoNowhereElseAndIntoNoError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, p, _ := exchange(t, calling.Provider{})
		p.answer = func(_ int, r *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("cannot reach %s", r.URL.Host)
		}
		for _, url := range []string{
			"https://elsewhere.example/api/x", "http://provider.example/api/x", "https://u@provider.example/x", "https://provider.example:8443/x", "x", "://",
		} {
			if _, err := e.Caller("a", "p").Call(t.Context(), source.Request{URL: url}); !errors.Is(err, source.ErrUnreadable) {
				t.Errorf("%s: %v", url, err)
			}
		}
		if len(p.asked) != 0 {
			t.Errorf("%d requests were sent", len(p.asked))
		}
		if err := get(t, e, "a"); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("got %v", err)
		}
	})
}

func TestCallsEndWithTheirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _, _ := exchange(t, calling.Provider{PerSecond: 2}, says(429, `{}`, "Retry-After", strconv.Itoa(10)))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(2*time.Second, cancel)
		begun := time.Now()
		_, err := e.Caller("a", "p").Call(ctx, source.Request{URL: "/x"})
		if !errors.Is(err, context.Canceled) || time.Since(begun) != 2*time.Second {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
	})
}

func TestRefusalsAndSuccessesOfRequestsUnderWayMayComeInAnyOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, p, _ := exchange(t, calling.Provider{})
		p.answer = func(n int, _ *http.Request) (*http.Response, error) {
			switch n {
			case 0, 2: // refused soon, and late
				time.Sleep(time.Duration(n+1) * 100 * time.Millisecond)
				return says(429, `{}`), nil
			case 1: // in between
				time.Sleep(200 * time.Millisecond)
			}
			return says(200, `{}`), nil
		}
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				if _, err := e.Caller("a", "p").Call(context.Background(), source.Request{URL: "/x"}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}
