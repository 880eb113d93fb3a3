package store

import "wedsync/conflicts"

// Pasts are the entry's batches as a record's history takes them.
func (e *Entry) Pasts() []conflicts.Past {
	pasts := make([]conflicts.Past, len(e.Batches))
	for i, b := range e.Batches {
		pasts[i] = conflicts.Past{
			StoredBatch: conflicts.StoredBatch{Chunks: b.Chunks, Hub: b.Hub},
			Number:      e.Number, Kind: b.Origin.Kind, From: b.Origin.From, At: b.Origin.At,
			Verdicts: b.Origin.Verdicts, Log: b.Origin.Log, Carried: b.Origin.Carried, Chosen: b.Origin.Chosen,
		}
	}
	return pasts
}
