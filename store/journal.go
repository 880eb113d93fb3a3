package store

import (
	"context"

	"wedsync/crdt"
)

// MaxPage is how many bytes of chunks a page of the journal gathers before it
// ends. The last entry may lead beyond.
const MaxPage = 8 << 20

// An Entry is one commit as the journal tells it.
type Entry struct {
	Number  uint64
	Record  crdt.RecordID
	Version uint64
	Batches []Batch // with Origin
}

// A Journal is read by cursor.
type Journal interface {
	// Journal reads a supplier's commits numbered above after, ascending, at
	// most limit. Numbers are 1, 2, 3 … without a gap; who has read n never
	// later finds a smaller number that was not there. A page ends early once
	// it holds more than MaxPage bytes; an empty one means that there is no more.
	Journal(ctx context.Context, supplier string, after uint64, limit int) ([]Entry, error)
	// History reads the commits of one record of a supplier, also of a deleted
	// one, numbered above after, ascending, at most limit. A page ends early as
	// those of Journal do; an empty one means that there is no more.
	History(ctx context.Context, supplier string, id crdt.RecordID, after uint64, limit int) ([]Entry, error)
	// Happenings is Journal without the changes: batches have their Origin, no
	// Chunks, and Hub is left false. A page ends early once its origins take more
	// than MaxPage bytes.
	Happenings(ctx context.Context, supplier string, after uint64, limit int) ([]Entry, error)
	// HappeningsOf reads the commits of one record as Happenings does, also of a
	// deleted one, newest first: numbered below before, 0 for all.
	HappeningsOf(ctx context.Context, supplier string, id crdt.RecordID, before uint64, limit int) ([]Entry, error)
}
