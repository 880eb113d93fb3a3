package auth

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"wedsync/conflicts"
)

var (
	phone  = conflicts.Principal{Supplier: "barn", User: "olga", Device: "phone"}
	laptop = conflicts.Principal{Supplier: "barn", User: "olga", Device: "laptop"}
	ben    = conflicts.Principal{Supplier: "barn", User: "ben"}
	mill   = conflicts.Principal{Supplier: "mill", User: "olga", Device: "phone"}
)

func newLimits(o LimitOptions) (*Limits, *clock) {
	c := &clock{time.Date(2027, 6, 12, 10, 0, 0, 0, time.UTC)}
	return NewLimits(o, c.now), c
}

// limited is when it may be tried again, 0 if err refuses nothing.
func limited(t *testing.T, err error) time.Duration {
	t.Helper()
	var limit *LimitError
	if err != nil && !errors.As(err, &limit) {
		t.Fatalf("got %v, want a LimitError", err)
	}
	if err == nil {
		return 0
	}
	return limit.After
}

func TestRequestsOfADeviceAreLimitedByThemselves(t *testing.T) {
	l, clock := newLimits(LimitOptions{Requests: 2, Burst: 5})
	for i := range 10 {
		if err := l.Request(phone); err != nil {
			t.Fatalf("request %d of a burst: %v", i, err)
		}
	}
	if after := limited(t, l.Request(phone)); after != 500*time.Millisecond {
		t.Errorf("beyond the burst: again after %v, want half a second", after)
	}
	for _, other := range []conflicts.Principal{laptop, ben, mill} {
		if err := l.Request(other); err != nil {
			t.Errorf("%+v: %v", other, err)
		}
	}
	clock.at = clock.at.Add(500 * time.Millisecond)
	if err := l.Request(phone); err != nil {
		t.Errorf("half a second later: %v", err)
	}
	if limited(t, l.Request(phone)) == 0 {
		t.Error("half a second later two requests are taken")
	}
	clock.at = clock.at.Add(time.Hour)
	for range 10 {
		if err := l.Request(phone); err != nil {
			t.Fatalf("after an hour's rest: %v", err)
		}
	}
	if limited(t, l.Request(phone)) == 0 {
		t.Error("rest adds up without end")
	}
}

func TestRefusedRequestsPutNothingOff(t *testing.T) {
	l, clock := newLimits(LimitOptions{Requests: 1, Burst: 1})
	for range 1000 {
		_ = l.Request(phone)
	}
	clock.at = clock.at.Add(time.Second)
	if err := l.Request(phone); err != nil {
		t.Errorf("a second after a thousand refused ones: %v", err)
	}
}

func TestRequestsOfASupplierAreLimitedTogether(t *testing.T) {
	l, _ := newLimits(LimitOptions{Requests: 100, SupplierRequests: 3, Burst: 1})
	for _, p := range []conflicts.Principal{phone, laptop, ben} {
		if err := l.Request(p); err != nil {
			t.Fatal(err)
		}
	}
	if limited(t, l.Request(ben)) == 0 {
		t.Error("a fourth request of the supplier is taken")
	}
	if err := l.Request(mill); err != nil {
		t.Errorf("another supplier: %v", err)
	}
}

func TestRefusalsOfAnAddressAreLimited(t *testing.T) {
	l, clock := newLimits(LimitOptions{Failures: 1, Burst: 3})
	from := func(remote string) error {
		r := httptest.NewRequest("GET", "/api/clients", nil)
		r.RemoteAddr = remote
		r.Header.Set("X-Forwarded-For", fmt.Sprint("192.0.2.", clock.at.UnixNano()%200)) // nobody believes it
		clock.at = clock.at.Add(1)
		return l.Refused(r, ErrBadToken)
	}
	for range 3 {
		if err := from("198.51.100.7:1000"); !errors.Is(err, ErrBadToken) {
			t.Fatalf("within the limit: %v", err)
		}
	}
	for _, same := range []string{"198.51.100.7:2000", "[::ffff:198.51.100.7]:3000"} {
		if limited(t, from(same)) == 0 {
			t.Errorf("%s is told more", same)
		}
	}
	for i := range 3 {
		if err := from(fmt.Sprintf("[2001:db8:0:1::%d]:1000", i)); !errors.Is(err, ErrBadToken) {
			t.Fatalf("within the limit of a network: %v", err)
		}
	}
	if limited(t, from("[2001:db8:0:1:ffff::1]:1000")) == 0 {
		t.Error("another address of the network is told more")
	}
	for _, other := range []string{"198.51.100.8:1000", "[2001:db8:0:2::1]:1000", "[fe80::1%eth0]:1000"} {
		if err := from(other); !errors.Is(err, ErrBadToken) {
			t.Errorf("%s: %v", other, err)
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "198.51.100.7:1000"
	if err := l.Refused(r, ErrUnavailable); !errors.Is(err, ErrUnavailable) {
		t.Errorf("what is no fault of the caller's: %v", err)
	}
	clock.at = clock.at.Add(time.Second)
	if err := from("198.51.100.7:1000"); !errors.Is(err, ErrBadToken) {
		t.Errorf("a second later: %v", err)
	}
}

func TestCallersThatAreCountedAreBounded(t *testing.T) {
	const most = 100
	l, _ := newLimits(LimitOptions{Requests: 1, Burst: 1, SupplierRequests: 1e9, Callers: most})
	if err := l.Request(phone); err != nil {
		t.Fatal(err)
	}
	for i := range 10 * most {
		p := conflicts.Principal{Supplier: "barn", User: fmt.Sprint(i)}
		if err := l.Request(p); err != nil {
			t.Fatal(err)
		}
		if limited(t, l.Request(phone)) == 0 {
			t.Fatal("who is not idle is forgotten")
		}
	}
	if n, ring := len(l.requests.by), l.requests.used.Len(); n != most || ring != most {
		t.Errorf("%d callers are counted in a ring of %d, want %d", n, ring, most)
	}
	if err := l.Request(conflicts.Principal{Supplier: "barn", User: "0"}); err != nil {
		t.Errorf("who was idle longest: %v, want a fresh start", err)
	}
}

func TestSocketsAreLimitedByDeviceUserSupplierAndHub(t *testing.T) {
	take := func(t *testing.T, l *Limits, p conflicts.Principal, n int) (leave []func()) {
		t.Helper()
		for range n {
			f, err := l.Socket(p)
			if err != nil {
				t.Fatal(err)
			}
			leave = append(leave, f)
		}
		return leave
	}
	for name, c := range map[string]struct {
		limits LimitOptions
		who    conflicts.Principal
		other  conflicts.Principal // who still gets in
	}{
		"device":   {LimitOptions{DeviceSockets: 3}, phone, laptop},
		"user":     {LimitOptions{UserSockets: 3}, phone, ben},
		"supplier": {LimitOptions{SupplierSockets: 3, UserSockets: 9}, ben, mill},
		"hub":      {LimitOptions{Sockets: 3}, phone, conflicts.Principal{}},
	} {
		t.Run(name, func(t *testing.T) {
			l, _ := newLimits(c.limits)
			leave := take(t, l, c.who, 3)
			if _, err := l.Socket(c.who); limited(t, err) == 0 {
				t.Error("a fourth socket is taken")
			}
			if c.other != (conflicts.Principal{}) {
				take(t, l, c.other, 1)[0]()
			}
			leave[0]()
			take(t, l, c.who, 1)
			if _, err := l.Socket(c.who); limited(t, err) == 0 {
				t.Error("after one left, two are taken")
			}
		})
	}
}

func TestPlacesOfSocketsThatLeftAreForgotten(t *testing.T) {
	l, _ := newLimits(LimitOptions{})
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			leave, err := l.Socket(conflicts.Principal{Supplier: fmt.Sprint(i % 3), User: fmt.Sprint(i % 5), Device: fmt.Sprint(i)})
			if err != nil {
				t.Error(err)
				return
			}
			leave()
		})
	}
	all.Wait()
	if n := len(l.places.taken); n != 0 {
		t.Errorf("%d callers are remembered", n)
	}
}

func TestNoLimitsLimitNothing(t *testing.T) {
	var l *Limits
	leave, err := l.Socket(phone)
	if err != nil {
		t.Fatal(err)
	}
	leave()
	if err := l.Request(phone); err != nil {
		t.Error(err)
	}
	if err := l.Refused(httptest.NewRequest("GET", "/", nil), ErrNoToken); !errors.Is(err, ErrNoToken) {
		t.Error(err)
	}
}
