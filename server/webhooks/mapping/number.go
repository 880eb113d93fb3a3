package mapping

import (
	"slices"
	"strings"
	"unicode"

	"wedsync/crdt"
)

// maxDigits bounds the bytes of a number that is written as a text.
const maxDigits = 64

// number reads an exact decimal.
func (s Step) number(v crdt.Value, words string) (crdt.Value, string) {
	if v.Kind == crdt.Int || v.Kind == crdt.Float {
		return v, ""
	}
	plain := strings.TrimSpace(words)
	if s.Do == Money {
		plain = amount(plain)
	}
	if len(plain) > maxDigits {
		return v, "is no number"
	}
	decimal := s.Decimal
	if decimal == "" {
		decimal = decimalOf(plain, s.Do == Money)
	}
	digits, ok := ungroup(plain, decimal)
	if !ok {
		return v, "is no number that reads in one way only"
	}
	return numberOf(digits), ""
}

// currencies are how some are written beside codes and signs.
var currencies = []string{"kr", "Fr", "Rs", "zł", "Kč", "Ft", "lei", "US", "A", "C", "NZ", "R"}

// amount is a text without a currency before it or behind it. What else stands
// there stays: 10k is not 10.
func amount(s string) string {
	sign := ""
	if rest, ok := strings.CutPrefix(s, "-"); ok { // -€5
		sign, s = "-", rest
	}
	from := strings.IndexFunc(s, func(r rune) bool { return unicode.IsDigit(r) || r == '-' })
	to := strings.LastIndexFunc(s, unicode.IsDigit) + 1
	if from < 0 || to < from {
		return sign + s
	}
	if !isCurrency(s[:from]) || !isCurrency(s[to:]) || sign != "" && s[from] == '-' {
		return sign + s
	}
	return sign + s[from:to]
}

// isCurrency reports whether a text is nothing but a currency's sign, code or name.
func isCurrency(s string) bool {
	s = strings.TrimFunc(s, func(r rune) bool { return unicode.Is(unicode.Sc, r) || unicode.IsSpace(r) })
	if s == "" {
		return true
	}
	s = strings.TrimSuffix(s, ".")
	isCode := len(s) == 3 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
	return isCode || slices.Contains(currencies, s)
}

// ungroup takes the separators of thousands out of a number and writes its
// fraction after a point.
func ungroup(s, decimal string) (string, bool) {
	sign := ""
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		sign, s = "-", rest
	}
	s = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\u00a0', '\u202f', '\u2009', '\'', '\u2019':
			return ' '
		}
		return r
	}, s)
	whole, fraction, has := s, "", false
	if decimal != "" {
		whole, fraction, has = strings.Cut(s, decimal)
	}
	whole, ok := join(whole, decimal)
	if !ok || !isDigits(whole) || has && !isDigits(fraction) {
		return "", false
	}
	if fraction = strings.TrimRight(fraction, "0"); fraction != "" {
		return sign + whole + "." + fraction, true
	}
	return sign + whole, true
}

// decimalOf is what stands before the fraction of a number, as far as that is
// certain: the last of two separators; one that is followed by something else
// than three digits; a point, unless it comes again. It is empty where a separator
// comes again, and so parts thousands. A single comma before three digits parts
// thousands of money, which has no three digits of a fraction; of another number it
// may be either, and no answer reads as a number then.
func decimalOf(s string, money bool) string {
	comma, point := strings.LastIndex(s, ","), strings.LastIndex(s, ".")
	switch {
	case comma >= 0 && point >= 0 && comma > point:
		return ","
	case comma >= 0 && point >= 0:
		return "."
	case point >= 0 && strings.Count(s, ".") == 1:
		return "."
	case comma >= 0 && strings.Count(s, ",") == 1 && len(s)-comma != len(",000"):
		return ","
	case comma >= 0 && strings.Count(s, ",") == 1 && !money:
		return "either"
	}
	return ""
}

// join takes the separators out of the whole part of a number, if they stand
// before three digits each.
func join(whole, decimal string) (string, bool) {
	at := strings.IndexAny(whole, ",. ")
	if at < 0 {
		return whole, true
	}
	separator := whole[at : at+1]
	groups := strings.Split(whole, separator)
	for i, g := range groups {
		if !isDigits(g) || i > 0 && len(g) != 3 || i == 0 && len(g) > 3 {
			return "", false
		}
	}
	return strings.Join(groups, ""), separator != decimal && decimal != "either"
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
