package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"wedsync/crdt"
	"wedsync/store"
)

// numberBits is how much of an entry's key is its journal number; the
// supplier's key stands above.
const numberBits = 40

// A row is what a commit becomes in batches and records.
type row struct {
	body, origins, heads []byte
}

// Append implements [store.Appender].
func (s *Store) Append(ctx context.Context, commits []store.Commit) (stale []crdt.RecordID, err error) {
	if err := store.CheckCommits(commits); err != nil || len(commits) == 0 {
		return nil, err
	}
	rows, err := encode(commits)
	if err != nil {
		return nil, err
	}
	err = s.write(ctx, s.durable, "append", func(ctx context.Context, t *transaction) error {
		a := appending{transaction: t, journals: map[string]*journal{}}
		for i := range commits {
			err := a.commit(ctx, &commits[i], rows[i])
			if errors.Is(err, errLeftOut) {
				stale = append(stale, commits[i].Record)
				continue
			}
			if err != nil {
				return fmt.Errorf("record %s: %w", commits[i].Record, err)
			}
		}
		return a.finish(ctx)
	})
	if err != nil {
		return nil, err
	}
	return stale, nil
}

// encode does before the transaction what needs no database.
func encode(commits []store.Commit) ([]row, error) {
	rows := make([]row, len(commits))
	for i, c := range commits {
		origins, err := store.EncodeOrigins(c.Batches)
		if err != nil {
			return nil, fmt.Errorf("append %s: %w", c.Record, err)
		}
		rows[i] = row{
			body:    store.AppendBody(nil, c.Batches),
			origins: origins,
			heads:   store.EncodeHeads(c.Heads),
		}
	}
	return rows, nil
}

// errLeftOut means that a commit's moment has passed. It is found out before
// the commit has written anything.
var errLeftOut = errors.New("left out")

// An appending is one batch of commits on its way.
type appending struct {
	*transaction
	journals map[string]*journal // by name of the supplier
}

// A journal is where a supplier's journal stands within the transaction.
type journal struct {
	supplier int64
	number   int64
}

// commit stores one commit, or returns errLeftOut.
func (a *appending) commit(ctx context.Context, c *store.Commit, r row) error {
	j, err := a.journal(ctx, c.Supplier)
	if err != nil {
		return err
	}
	if err := a.answered(ctx, c.Answer); err != nil {
		return err
	}
	record, err := a.record(ctx, c, j.supplier, r.heads)
	if err != nil {
		return err
	}
	j.number++
	const insert = `INSERT INTO batches (entry, record, version, body, origins) VALUES (?, ?, ?, ?, ?)`
	entry := j.supplier<<numberBits | j.number
	if _, err := a.exec(ctx, insert, entry, record, int64(c.Version)+1, r.body, string(r.origins)); err != nil {
		return err
	}
	if c.Ledger != nil {
		const upsert = `INSERT INTO ledgers (record, body) VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body`
		if _, err := a.exec(ctx, upsert, record, string(c.Ledger)); err != nil {
			return err
		}
	}
	if err := a.conflicts(ctx, j.supplier, record, c.Conflicts); err != nil {
		return err
	}
	if err := a.receipts(ctx, j.supplier, record, c.Receipts); err != nil {
		return err
	}
	if err := a.merged(ctx, j.supplier, record, c.Merged); err != nil {
		return err
	}
	return a.answer(ctx, record, c.Answer)
}

// journal finds a supplier's journal, making the supplier if it is new.
func (a *appending) journal(ctx context.Context, supplier string) (*journal, error) {
	if j := a.journals[supplier]; j != nil {
		return j, nil
	}
	j := new(journal)
	err := a.row(ctx, `SELECT key, number FROM suppliers WHERE name = ?`, []any{supplier}, &j.supplier, &j.number)
	if errors.Is(err, sql.ErrNoRows) {
		err = a.row(ctx, `INSERT INTO suppliers (name) VALUES (?) RETURNING key`, []any{supplier}, &j.supplier)
	}
	if err != nil {
		return nil, err
	}
	a.journals[supplier] = j
	return j, nil
}

// record moves the record from the commit's version to the next and returns
// its key.
func (a *appending) record(ctx context.Context, c *store.Commit, supplier int64, heads []byte) (key int64, err error) {
	if c.Version == 0 {
		const insert = `INSERT INTO records (id, supplier, version, state, heads) VALUES (?, ?, 1, ?, ?)
			ON CONFLICT DO NOTHING RETURNING key`
		err = a.row(ctx, insert, []any{c.Record[:], supplier, int64(c.State), heads}, &key)
	} else {
		const update = `UPDATE records SET version = version + 1, state = ?, heads = ?
			WHERE id = ? AND supplier = ? AND version = ? AND state <> ? RETURNING key`
		args := []any{int64(c.State), heads, c.Record[:], supplier, int64(c.Version), int64(store.Erased)}
		err = a.row(ctx, update, args, &key)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return 0, errLeftOut
	}
	return key, err
}

// finish notes where the journals stand now.
func (a *appending) finish(ctx context.Context) error {
	for _, j := range a.journals {
		if _, err := a.exec(ctx, `UPDATE suppliers SET number = ? WHERE key = ?`, j.number, j.supplier); err != nil {
			return err
		}
	}
	return nil
}
