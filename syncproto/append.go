package syncproto

import (
	"encoding/binary"
	"math"
)

// The major types of CBOR that we write.
const (
	cborUint  = 0 << 5
	cborBytes = 2 << 5
	cborText  = 3 << 5
	cborMap   = 5 << 5
	cborFalse = 0xf4
	cborFloat = 0xfb
)

// appendHead appends a major type and its length or value, in the shortest form.
func appendHead(dst []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(dst, major|byte(n))
	case n <= math.MaxUint8:
		return append(dst, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, major|27), n)
}

func appendText(dst []byte, s string) []byte {
	return append(appendHead(dst, cborText, uint64(len(s))), s...)
}

func appendBytes(dst, b []byte) []byte {
	return append(appendHead(dst, cborBytes, uint64(len(b))), b...)
}

// appendCount appends a number that JavaScript reads as a number: a 64-bit
// integer would become a BigInt, so it goes as a float.
func appendCount(dst []byte, n uint64) []byte {
	if n <= math.MaxUint32 {
		return appendHead(dst, cborUint, n)
	}
	return binary.BigEndian.AppendUint64(append(dst, cborFloat), math.Float64bits(float64(n)))
}

// appendPair appends a key with a text value.
func appendPair(dst []byte, key, value string) []byte {
	return appendText(appendText(dst, key), value)
}
