package outbound

import (
	"fmt"
	"net/netip"
)

// An addressError means an address that may not be connected to.
type addressError struct {
	address netip.Addr
	kind    string
}

func (e *addressError) Error() string {
	return fmt.Sprintf("%s is %s, where the hub sends nothing", e.address, e.kind)
}

// Special IPv4 networks, from IANA's registry, that are not private ones.
var special4 = []struct {
	network netip.Prefix
	kind    string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "this network"},
	{netip.MustParsePrefix("100.64.0.0/10"), "an address behind a carrier's NAT"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},
	{netip.MustParsePrefix("192.0.0.0/24"), "reserved for protocols"},
	{netip.MustParsePrefix("192.0.2.0/24"), "for documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "a relay"},
	{netip.MustParsePrefix("198.18.0.0/15"), "for benchmarks"},
	{netip.MustParsePrefix("198.51.100.0/24"), "for documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "for documentation"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},
}

// Of IPv6, what lies outside of global unicast is refused altogether, and within
// it what leads somewhere else.
var (
	global6  = netip.MustParsePrefix("2000::/3")
	special6 = []struct {
		network netip.Prefix
		kind    string
	}{
		{netip.MustParsePrefix("2001::/23"), "reserved for protocols"},
		{netip.MustParsePrefix("2001:db8::/32"), "for documentation"},
		{netip.MustParsePrefix("2002::/16"), "a tunnel to an IPv4 address"},
		{netip.MustParsePrefix("3fff::/20"), "for documentation"},
	}
	metadata6 = netip.MustParseAddr("fd00:ec2::254")
)

// loopback allows this machine alone.
func loopback(a netip.Addr) error {
	if a = a.Unmap(); a.IsLoopback() {
		return nil
	}
	return &addressError{a, "not this machine: plain HTTP goes no further"}
}

// public allows addresses that anybody can reach.
func public(a netip.Addr) error {
	a = a.Unmap()
	switch {
	case a.IsLoopback():
		return &addressError{a, "this machine"}
	case a.IsPrivate():
		return &addressError{a, "private"}
	}
	return unspecial(a)
}

// publicOrPrivate allows addresses of this machine and of private networks too,
// but not those where clouds tell a machine its secrets.
func publicOrPrivate(a netip.Addr) error {
	a = a.Unmap()
	if a != metadata6 && (a.IsLoopback() || a.IsPrivate()) {
		return nil
	}
	return unspecial(a)
}

// unspecial refuses addresses with a meaning of their own.
func unspecial(a netip.Addr) error {
	special := special4
	if a.Is6() {
		special = special6
		if !global6.Contains(a) {
			return &addressError{a, "not global"}
		}
	}
	for _, s := range special {
		if s.network.Contains(a) {
			return &addressError{a, s.kind}
		}
	}
	return nil
}
