package hub_test

import (
	"path/filepath"

	"pgregory.net/rapid"

	"wedsync/store"
	"wedsync/store/transfer"
)

// copiedStories is of how many stories one is copied: opening stores takes longer
// than a story.
const copiedStories = 4

// copy moves what the story has left in the store into an empty one, while no hub
// runs. Their digests are equal, or the transfer fails.
func (m *model) copy() {
	if rapid.IntRange(1, copiedStories).Draw(m.t, "copied") > 1 {
		return
	}
	m.stop()
	defer m.start()
	copied := filepath.Join(m.dir, "..", "copied")
	copyDir(m.t, m.empty, copied)
	from, to := m.opened(m.dir), m.opened(copied)
	records := 0
	err := transfer.Run(m.ctx, transfer.Options{
		From: from, To: to,
		Verified: func(d transfer.Digest) { records += d.Records },
	})
	if err != nil || records == 0 {
		m.t.Fatalf("copy of %d records: %v", records, err)
	}
	for _, s := range []store.Store{from, to} {
		if err := s.Close(); err != nil {
			m.t.Fatalf("close: %v", err)
		}
	}
	m.tally.note("copied")
}

func (m *model) opened(dir string) store.Store {
	s, err := open(m.ctx, dir)
	if err != nil {
		m.t.Fatalf("%v", err)
	}
	return s
}
