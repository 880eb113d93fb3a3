package outbound

import (
	"net/netip"
	"testing"
)

func TestAddressesAreJudgedByWhereTheyLead(t *testing.T) {
	const never, ifAllowed, always = 0, 1, 2
	for address, want := range map[string]int{
		"93.184.216.34":                     always,
		"2606:2800:220:1:248:1893:25c8:194": always,
		"::ffff:93.184.216.34":              always,

		"127.0.0.1":        ifAllowed,
		"127.1.2.3":        ifAllowed,
		"::1":              ifAllowed,
		"::ffff:127.0.0.1": ifAllowed,
		"10.0.0.1":         ifAllowed,
		"172.16.0.1":       ifAllowed,
		"172.31.255.255":   ifAllowed,
		"192.168.1.1":      ifAllowed,
		"::ffff:10.0.0.1":  ifAllowed,
		"fd12:3456::1":     ifAllowed,

		"0.0.0.0":                never,
		"0.1.2.3":                never,
		"::":                     never,
		"100.64.0.1":             never, // CGNAT
		"100.100.100.200":        never, // a cloud's metadata
		"169.254.169.254":        never, // most clouds' metadata
		"::ffff:169.254.169.254": never,
		"fd00:ec2::254":          never, // a cloud's metadata
		"fe80::1":                never,
		"fe80::1%eth0":           never,
		"fec0::1":                never,
		"192.0.0.192":            never, // a cloud's metadata
		"192.0.2.1":              never,
		"198.18.0.1":             never,
		"203.0.113.9":            never,
		"224.0.0.1":              never,
		"255.255.255.255":        never,
		"ff02::1":                never,
		"64:ff9b::7f00:1":        never, // NAT64 of 127.0.0.1
		"2002:7f00:1::":          never, // 6to4 of 127.0.0.1
		"2001:0:1::1":            never, // Teredo
		"2001:db8::1":            never,
		"::127.0.0.1":            never,
	} {
		a := netip.MustParseAddr(address)
		if err := public(a); (err == nil) != (want == always) {
			t.Errorf("%s: %v", address, err)
		}
		if err := publicOrPrivate(a); (err == nil) != (want != never) {
			t.Errorf("%s where private targets are allowed: %v", address, err)
		}
		if err := loopback(a); (err == nil) != a.Unmap().IsLoopback() {
			t.Errorf("%s by plain HTTP: %v", address, err)
		}
	}
}
