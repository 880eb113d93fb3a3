package main

import "encoding/binary"

// What Hocuspocus sends and takes: the record's name, then one of these.
const (
	hocusSync   = 0
	hocusAuth   = 2
	hocusReply  = 4
	hocusClose  = 7
	hocusStatus = 8
)

// What follows hocusSync and hocusReply.
const (
	yjsVector = 0 // "sync step 1": what I have
	yjsDiff   = 1 // "sync step 2": what you lack
	yjsUpdate = 2
)

const yjsClient = 1_234_567_890 // who writes all updates, see updates.js

func appendString[T string | []byte](dst []byte, s T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendAuth(dst []byte, name string) []byte {
	return appendString(append(appendString(dst, name), hocusAuth, 0), "anyone")
}

func appendSync(dst []byte, name string, kind byte, body []byte) []byte {
	return appendString(append(appendString(dst, name), hocusSync, kind), body)
}

func vectorOf(changes int) []byte {
	if changes == 0 {
		return []byte{0}
	}
	return binary.AppendUvarint(binary.AppendUvarint([]byte{1}, yjsClient), clockOf(changes))
}

// emptyUpdate has no clients and deletes nothing.
func emptyUpdate() []byte { return []byte{0, 0} }

// readVector is how many changes the sender of a state vector has.
func readVector(body []byte) (int, error) {
	r := reader{rest: body}
	var has int
	for range r.count(2) {
		if client, clock := r.uvarint(), r.uvarint(); client == yjsClient {
			has = changesOf(clock)
		}
	}
	return has, r.err
}

// readUpdate is how many changes one has who applied an update and all before
// it. In this corpus each part of an update is one tick of the clock.
func readUpdate(body []byte) (int, error) {
	r := reader{rest: body}
	var has int
	if r.count(3) > 0 {
		parts := r.uvarint()
		if client, clock := r.uvarint(), r.uvarint(); client == yjsClient {
			has = changesOf(clock + parts)
		}
	}
	return has, r.err
}
