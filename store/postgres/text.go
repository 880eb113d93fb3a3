package postgres

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// escape makes a text of any bytes one that PostgreSQL holds: a backslash, a
// zero byte and bytes that are no UTF-8 become \\, \0 and \xhh. No two texts
// become the same.
func escape(s string) string {
	if utf8.ValidString(s) && !strings.ContainsAny(s, "\\\x00") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == 0:
			b.WriteString(`\0`)
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + strconv.FormatUint(uint64(s[i])|0x100, 16)[1:])
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

func escapeAll(texts []string) []string {
	escaped := make([]string, len(texts))
	for i, s := range texts {
		escaped[i] = escape(s)
	}
	return escaped
}

// unescape is the text that escape was given.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case '0':
			b.WriteByte(0)
		case 'x':
			if i+2 < len(s) {
				v, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
				if err == nil {
					b.WriteByte(byte(v))
					i += 2
				}
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// readable is JSON that may hold the one character that jsonb does not hold; a
// replacement character stands for it.
func readable(json []byte) []byte {
	if !bytes.Contains(json, []byte(`\u0000`)) {
		return json
	}
	var out []byte
	for len(json) > 0 {
		at := bytes.IndexByte(json, '\\')
		if at < 0 {
			break
		}
		out, json = append(out, json[:at]...), json[at:]
		if bytes.HasPrefix(json, []byte(`\u0000`)) {
			out, json = append(out, `\ufffd`...), json[6:]
			continue
		}
		n := min(2, len(json))
		out, json = append(out, json[:n]...), json[n:]
	}
	return append(out, json...)
}
