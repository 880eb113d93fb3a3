package conflicts

import (
	"math"
	"strconv"
	"strings"

	"wedsync/crdt"
)

// Numbers beyond these do not fit: nobody means them, and their plain digits
// would fill memory. Every finite float is within.
const (
	maxNumber   = 1000 // characters of a number that is written as text
	maxExponent = 400
)

// decimal is the plain decimal text of a number, exact and without needless
// zeros, if v is one. A float is the shortest decimal that names it, which is
// what its author saw.
func decimal(v crdt.Value) (string, bool) {
	switch v.Kind {
	case crdt.Int, crdt.Counter:
		return strconv.FormatInt(v.Int, 10), true
	case crdt.Uint:
		return strconv.FormatUint(v.Uint, 10), true
	case crdt.Float:
		if math.IsNaN(v.Float) || math.IsInf(v.Float, 0) {
			return "", false
		}
		return parseDecimal(strconv.FormatFloat(v.Float, 'e', -1, 64))
	case crdt.Str, crdt.Text:
		return parseDecimal(strings.TrimSpace(v.Str))
	}
	return "", false
}

// parseDecimal reads an optional sign, digits with at most one point, and an
// optional exponent.
func parseDecimal(s string) (string, bool) {
	if len(s) > maxNumber {
		return "", false
	}
	sign := ""
	switch {
	case strings.HasPrefix(s, "-"):
		sign, s = "-", s[1:]
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	}
	exponent := 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, err := strconv.Atoi(s[i+1:])
		if err != nil || e > maxExponent || e < -maxExponent {
			return "", false
		}
		s, exponent = s[:i], e
	}
	whole, fraction, _ := strings.Cut(s, ".")
	digits := whole + fraction
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	return layOut(sign, digits, len(whole)+exponent), true
}

// layOut writes digits with the point after the first n of them; n may lie
// outside of them.
func layOut(sign, digits string, n int) string {
	if n < 0 {
		digits, n = strings.Repeat("0", -n)+digits, 0
	}
	if n > len(digits) {
		digits += strings.Repeat("0", n-len(digits))
	}
	whole := strings.TrimLeft(digits[:n], "0")
	fraction := strings.TrimRight(digits[n:], "0")
	switch {
	case whole == "" && fraction == "":
		return "0"
	case whole == "":
		whole = "0"
	}
	if fraction == "" {
		return sign + whole
	}
	return sign + whole + "." + fraction
}

// number is the value of a plain decimal text: a number if one holds it
// exactly, else the text.
func number(text string) crdt.Value {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return crdt.Value{Kind: crdt.Int, Int: n}
	}
	f, err := strconv.ParseFloat(text, 64)
	v := crdt.Value{Kind: crdt.Float, Float: f}
	if exact, ok := decimal(v); err == nil && ok && exact == text {
		return v
	}
	return crdt.Value{Kind: crdt.Str, Str: text}
}
