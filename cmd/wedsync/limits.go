package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/alecthomas/kong"

	"wedsync/server/auth"
)

// A limitFlags says how much callers may ask of a hub.
type limitFlags struct {
	MaxRequests         int `help:"Requests a second by one user's device; five times as many may come at once (default ${default})." default:"${max_requests}" placeholder:"N" group:"Limits:"`
	MaxSupplierRequests int `help:"Requests a second by all of a supplier (default ${default})." default:"${max_supplier_requests}" placeholder:"N" group:"Limits:"`
	MaxSockets          int `help:"Sockets that are open at the same time (default ${default})." default:"${max_sockets}" placeholder:"N" group:"Limits:"`
	MaxSupplierSockets  int `help:"Of these, by one supplier; half as many by one user (default ${default})." default:"${max_supplier_sockets}" placeholder:"N" group:"Limits:"`
}

// limitDefaults are what the flags say of limits that are not set.
func limitDefaults() kong.Vars {
	d := auth.DefaultLimits
	return kong.Vars{
		"max_requests": fmt.Sprint(d.Requests), "max_supplier_requests": fmt.Sprint(d.SupplierRequests),
		"max_sockets": fmt.Sprint(d.Sockets), "max_supplier_sockets": fmt.Sprint(d.SupplierSockets),
	}
}

// Validate refuses limits that let nobody in.
func (f limitFlags) Validate() error {
	if min(f.MaxRequests, f.MaxSupplierRequests, f.MaxSockets, f.MaxSupplierSockets) < 1 {
		return errors.New("a limit must be 1 or more")
	}
	return nil
}

// limits are what the flags say.
func (f limitFlags) limits() *auth.Limits {
	return auth.NewLimits(auth.LimitOptions{
		Requests: float64(f.MaxRequests), SupplierRequests: float64(f.MaxSupplierRequests),
		Sockets: f.MaxSockets, SupplierSockets: f.MaxSupplierSockets,
	}, time.Now)
}
