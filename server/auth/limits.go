package auth

import (
	"cmp"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"time"

	"wedsync/conflicts"
)

// LimitOptions bound what one caller may ask of a hub. Zero fields mean
// DefaultLimits.
type LimitOptions struct {
	Requests         float64 // a second, by one user's device: by all of a user's where tokens name none
	SupplierRequests float64 // a second, by all of a supplier
	Failures         float64 // a second, from one address: requests without a valid token that are looked into
	Burst            float64 // how many seconds' worth may come at once
	Sockets          int     // open at the same time, on this hub
	SupplierSockets  int     // of these, by one supplier
	UserSockets      int     // of these, by one user; half of SupplierSockets if 0
	DeviceSockets    int     // of these, by one device, if its token names it
	Callers          int     // devices, suppliers and addresses each that are counted; beyond, who was idle longest starts afresh
}

// DefaultLimits are those of a hub that is not told otherwise. Nobody meets them
// who behaves: they end loops that ran away.
var DefaultLimits = LimitOptions{
	Requests: 2000, SupplierRequests: 5000, Failures: 10, Burst: 5,
	Sockets: 20_000, SupplierSockets: 5000, DeviceSockets: 250,
	Callers: 100_000,
}

func (o LimitOptions) orDefault() LimitOptions {
	d := DefaultLimits
	o.SupplierSockets = cmp.Or(o.SupplierSockets, d.SupplierSockets)
	return LimitOptions{
		Requests:         cmp.Or(o.Requests, d.Requests),
		SupplierRequests: cmp.Or(o.SupplierRequests, d.SupplierRequests),
		Failures:         cmp.Or(o.Failures, d.Failures),
		Burst:            cmp.Or(o.Burst, d.Burst),
		Sockets:          cmp.Or(o.Sockets, d.Sockets),
		SupplierSockets:  o.SupplierSockets,
		UserSockets:      cmp.Or(o.UserSockets, (o.SupplierSockets+1)/2),
		DeviceSockets:    cmp.Or(o.DeviceSockets, d.DeviceSockets),
		Callers:          cmp.Or(o.Callers, d.Callers),
	}
}

// A LimitError means that somebody asked too much.
type LimitError struct {
	What  string        // what there is too much of
	After time.Duration // when it may be tried again
}

func (e *LimitError) Error() string { return "too many " + e.What }

// Limits count what callers do. Nil Limits count nothing. Methods may be called
// from any goroutine.
type Limits struct {
	requests  *buckets[caller]
	suppliers *buckets[string]
	failures  *buckets[netip.Prefix]
	places    places
}

// A caller is whose requests are counted together.
type caller struct{ supplier, user, device string }

func callerOf(p conflicts.Principal) caller { return caller{p.Supplier, p.User, p.Device} }

// NewLimits makes limits; now is time.Now but in tests.
func NewLimits(o LimitOptions, now func() time.Time) *Limits {
	o = o.orDefault()
	return &Limits{
		requests:  newBuckets[caller](o.Requests, o.Burst, o.Callers, now),
		suppliers: newBuckets[string](o.SupplierRequests, o.Burst, o.Callers, now),
		failures:  newBuckets[netip.Prefix](o.Failures, o.Burst, o.Callers, now),
		places:    places{LimitOptions: o, taken: make(map[caller]int)},
	}
}

// Request counts a request of p. The error is a *LimitError if there are too many.
func (l *Limits) Request(p conflicts.Principal) error {
	if l == nil {
		return nil
	}
	if after := l.requests.take(callerOf(p)); after > 0 {
		return &LimitError{"requests of this device", after}
	}
	if after := l.suppliers.take(p.Supplier); after > 0 {
		return &LimitError{"requests of this supplier", after}
	}
	return nil
}

// Refused counts a request that was refused for err, and gives the error to
// answer with: err, or a *LimitError if too many requests from this address were
// refused. Valid tokens are taken from there all the same: who shares the address
// suffers nothing.
func (l *Limits) Refused(r *http.Request, err error) error {
	if l == nil || !errors.Is(err, ErrBadToken) && !errors.Is(err, ErrExpired) && !errors.Is(err, ErrNoToken) {
		return err
	}
	if after := l.failures.take(network(r.RemoteAddr)); after > 0 {
		return &LimitError{"requests without a valid token", after}
	}
	return err
}

// network is what an address is counted by: an IPv4 address, or the /64 network
// that an IPv6 address can choose itself within. What is no address is counted
// together.
func network(remote string) netip.Prefix {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	address = address.Unmap().WithZone("")
	bits := 32
	if address.Is6() {
		bits = 64
	}
	p, err := address.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// Socket takes a place for a socket of p; leave gives it back, and is called
// once. The error is a *LimitError if there is no place.
func (l *Limits) Socket(p conflicts.Principal) (leave func(), err error) {
	if l == nil {
		return func() {}, nil
	}
	return l.places.take(p)
}
