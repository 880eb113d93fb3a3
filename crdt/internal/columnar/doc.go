// Package columnar reads and writes the column encodings of Automerge chunks:
// LEB128 numbers, run-length, delta and boolean columns.
//
// Readers take the canonical form alone, the one that the writers here and
// every Automerge produce: a column in another form would change its bytes,
// and with them the hash of its change, as soon as somebody saved and loaded
// the document. Readers never allocate by a number that they read.
package columnar
