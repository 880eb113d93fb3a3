package activity

import (
	"errors"
	"strconv"
	"strings"
)

// A Start is where a listener wants to begin. The zero Start is now.
type Start struct {
	epoch  string // empty unless a position is named
	number uint64 // after which it begins
	back   uint64 // or how many numbers before now
}

var errNoPosition = errors.New(`must be a position like "k3x9qmzw2p:1234", now, or how many commits before now, like -50`)

// ParseStart reads a position, a number of journal entries before now as in
// "-50", or "now", which is what an empty text means too.
func ParseStart(text string) (Start, error) {
	if text == "" || text == "now" {
		return Start{}, nil
	}
	if back, ok := strings.CutPrefix(text, "-"); ok {
		n, err := strconv.ParseUint(back, 10, 32)
		if err != nil {
			return Start{}, errNoPosition
		}
		return Start{back: n}, nil
	}
	epoch, number, ok := strings.Cut(text, ":")
	n, err := strconv.ParseUint(number, 10, 63)
	if !ok || epoch == "" || err != nil {
		return Start{}, errNoPosition
	}
	return Start{epoch: epoch, number: n}, nil
}
