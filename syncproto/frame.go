package syncproto

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/fxamacker/cbor/v2"
)

// protocolVersion is the only version of the protocol there is.
const protocolVersion = "1"

// A frame is any message of the protocol; each type uses its part. Absent
// values arrive as undefined, numbers as floats, and Swift sends its version
// as a bare string, hence the pointers and raw values.
type frame struct {
	Type       string          `cbor:"type"`
	SenderID   string          `cbor:"senderId"`
	TargetID   string          `cbor:"targetId"` // says nothing new; a known key is cheaper to skip
	DocumentID string          `cbor:"documentId"`
	Data       []byte          `cbor:"data"`
	SessionID  string          `cbor:"sessionId"`
	Count      cbor.RawMessage `cbor:"count"`
	Metadata   *metadata       `cbor:"peerMetadata"`
	Versions   cbor.RawMessage `cbor:"supportedProtocolVersions"`
}

// metadata is what a peer says about itself.
type metadata struct {
	StorageID *string `cbor:"storageId"`
	Ephemeral *bool   `cbor:"isEphemeral"`
}

// frames is a [cbor.DecMode] that is strict where strictness bounds, and
// lenient where implementations differ: map headers of any width, indefinite
// lengths and tags are taken, unknown keys are skipped.
type frames struct{ mode cbor.DecMode }

// decoding serves all sessions; it has no state.
var decoding = newFrames()

func newFrames() frames {
	mode, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		MaxNestedLevels:   MaxDepth,
		MaxArrayElements:  MaxPairs,
		MaxMapPairs:       MaxPairs,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
	}.DecMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return frames{mode}
}

// read takes one frame apart. Byte strings are copies.
func (d frames) read(b []byte) (*frame, error) {
	if len(b) > MaxFrame {
		return nil, fmt.Errorf("frame of %d bytes: %w", len(b), ErrLimit)
	}
	f := &frame{}
	if err := d.mode.Unmarshal(b, f); err != nil {
		return nil, fmt.Errorf("frame: %w: %s", classify(err), err)
	}
	for _, name := range []string{f.Type, f.SenderID, f.SessionID, f.storageID()} {
		if len(name) > MaxName {
			return nil, fmt.Errorf("frame: name of %d bytes: %w", len(name), ErrLimit)
		}
	}
	return f, nil
}

// classify says which of our errors an error of the CBOR decoder is.
func classify(err error) error {
	var depth *cbor.MaxNestedLevelError
	var elements *cbor.MaxArrayElementsError
	var pairs *cbor.MaxMapPairsError
	if errors.As(err, &depth) || errors.As(err, &elements) || errors.As(err, &pairs) {
		return ErrLimit
	}
	return ErrMalformed
}

func (f *frame) storageID() string {
	if f.Metadata == nil || f.Metadata.StorageID == nil {
		return ""
	}
	return *f.Metadata.StorageID
}

func (f *frame) ephemeral() bool {
	return f.Metadata != nil && f.Metadata.Ephemeral != nil && *f.Metadata.Ephemeral
}

// speaksVersion1 reads the offered versions: a list, a bare string (Swift), or
// nothing at all.
func (d frames) speaksVersion1(offered cbor.RawMessage) bool {
	if absent(offered) {
		return true
	}
	var one string
	if d.mode.Unmarshal(offered, &one) == nil {
		return one == protocolVersion
	}
	var list []string
	return d.mode.Unmarshal(offered, &list) == nil && slices.Contains(list, protocolVersion)
}

// count reads a count, which JavaScript may send as a float.
func (d frames) count(raw cbor.RawMessage) (uint64, bool) {
	var n uint64
	if d.mode.Unmarshal(raw, &n) == nil && !absent(raw) {
		return n, true
	}
	var x float64
	if d.mode.Unmarshal(raw, &x) != nil || absent(raw) || x < 0 || x > maxExact || x != math.Trunc(x) {
		return 0, false
	}
	return uint64(x), true
}

// maxExact is JavaScript's largest safe integer.
const maxExact = 1<<53 - 1

// absent reports whether a value is missing, null or undefined.
func absent(raw cbor.RawMessage) bool {
	return len(raw) == 0 || len(raw) == 1 && (raw[0] == 0xf6 || raw[0] == 0xf7)
}
