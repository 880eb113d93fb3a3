package engine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"wedsync/crdt"
)

// On both pipes goes one frame after the other: a byte that says what it is, the
// length of its body in four bytes, big-endian, and the body.
//
// A request is a task, and its body the chunks one behind the other: they say
// themselves how long they are. An answer's body is a report.
const (
	frameHeader = 1 + 4
	// maxFrame bounds a history, a materialised record and a saved document.
	maxFrame = 256 << 20
)

// The kinds of frames.
const (
	taskMaterialise byte = 'm'
	taskSave        byte = 's'
	answerDone      byte = 'd'
	answerRefused   byte = 'r' // the payload is why
)

var errFrame = errors.New("bad frame")

func appendHeader(dst []byte, kind byte, size int) []byte {
	return binary.BigEndian.AppendUint32(append(dst, kind), uint32(size))
}

// readFrame reads one frame. It allocates as bytes arrive, whatever the length
// says. A clean end of r is io.EOF.
func readFrame(r io.Reader) (kind byte, body []byte, err error) {
	var header [frameHeader]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return 0, nil, err
	}
	size := binary.BigEndian.Uint32(header[1:])
	if size > maxFrame {
		return 0, nil, fmt.Errorf("frame of %d bytes: %w", size, errFrame)
	}
	var b bytes.Buffer
	if _, err := io.CopyN(&b, r, int64(size)); err != nil {
		return 0, nil, fmt.Errorf("frame ends early: %w", errors.Join(errFrame, err))
	}
	return header[0], b.Bytes(), nil
}

// A report is what a worker answers.
type report struct {
	rss     int64 // bytes that are resident, 0 if unknown
	data    int64 // bytes that count against the memory limit, 0 if unknown
	heads   []crdt.Hash
	payload []byte
}

const reportHeader = 8 + 8 + 4

func (r report) append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(r.rss))
	dst = binary.BigEndian.AppendUint64(dst, uint64(r.data))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(r.heads)))
	for _, h := range r.heads {
		dst = append(dst, h[:]...)
	}
	return append(dst, r.payload...)
}

func readReport(b []byte) (report, error) {
	if len(b) < reportHeader {
		return report{}, fmt.Errorf("report of %d bytes: %w", len(b), errFrame)
	}
	rss, data := binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
	count, b := binary.BigEndian.Uint32(b[16:]), b[reportHeader:]
	if rss > math.MaxInt64 || data > math.MaxInt64 || uint64(count) > uint64(len(b)/len(crdt.Hash{})) {
		return report{}, fmt.Errorf("numbers of a report: %w", errFrame)
	}
	r := report{rss: int64(rss), data: int64(data), heads: make([]crdt.Hash, count)}
	for i := range r.heads {
		b = b[copy(r.heads[i][:], b):]
	}
	r.payload = b
	return r, nil
}
