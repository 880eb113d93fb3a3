package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
)

// Updates is a corpus of Yjs updates. All records have the same history: Yjs
// documents share nothing, so a server cannot tell.
type updates struct {
	single  [][]byte // each change alone
	spanned map[span][]byte
	of      work
}

// newUpdates lets Yjs itself, installed in dir, encode the work.
func newUpdates(ctx context.Context, dir string, w work) (corpus, error) {
	args := []string{"updates.js", strconv.Itoa(w.changes)}
	for _, s := range w.spans {
		args = append(args, fmt.Sprintf("%d:%d", s.from, s.to))
	}
	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.Dir = dir
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("let Yjs encode %d changes: %w\n%s", w.changes, err, complaint.String())
	}
	all, err := splitUpdates(out)
	if err != nil {
		return nil, err
	}
	if len(all) != w.changes+len(w.spans) {
		return nil, fmt.Errorf("%s printed %d updates, want %d and %d", args[0], len(all), w.changes, len(w.spans))
	}
	u := &updates{single: all[:w.changes], spanned: make(map[span][]byte), of: w}
	for i, s := range w.spans {
		u.spanned[s] = all[w.changes+i]
	}
	return u, nil
}

func splitUpdates(out []byte) (all [][]byte, err error) {
	for len(out) > 0 {
		if len(out) < 4 {
			return nil, errors.New("the length of an update is cut off")
		}
		n := binary.LittleEndian.Uint32(out)
		if uint64(n) > uint64(len(out)-4) {
			return nil, errors.New("an update is cut off")
		}
		all, out = append(all, out[4:4+n]), out[4+n:]
	}
	return all, nil
}

func (u *updates) work() work { return u.of }

func (u *updates) update(s span) ([]byte, error) {
	if s.to == s.from+1 {
		return u.single[s.from], nil
	}
	update, prepared := u.spanned[s]
	if !prepared {
		return nil, fmt.Errorf("nobody encoded changes %d to %d", s.from, s.to)
	}
	return update, nil
}

// The first change makes all fields, so it moves Yjs's clock by more than one.
const firstClock = fields + 2

func clockOf(changes int) uint64 {
	if changes == 0 {
		return 0
	}
	return uint64(firstClock + changes - 1)
}

func changesOf(clock uint64) int { return max(0, int(clock)-firstClock+1) }
