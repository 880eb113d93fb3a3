package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"wedsync/store"
	"wedsync/store/talk"
)

// A querier reads: a pool, or a transaction.
type querier interface {
	row(ctx context.Context, query string, args []any, into ...any) error
	rows(ctx context.Context, query string, args []any, each func(*sql.Rows) error) error
}

const itemColumns = `SELECT i.key, i.id, i.hash, i.kind, i.thread, i.at, i.direction, i.subject, i.snippet, coalesce(c.body, ''), c.detail,
	i.participants, i.version, i.told, i.erased, i.forgotten FROM items i LEFT JOIN item_contents c ON c.key = i.key`

// An itemRow is a row and where it is stored.
type itemRow struct {
	key int64
	talk.Row
}

// readItem reads the item that a condition selects, with its copies, or returns
// nil.
func readItem(ctx context.Context, q querier, supplier string, key int64, where string, args ...any) (*itemRow, error) {
	r := &itemRow{}
	r.Supplier = supplier
	var hash, thread, participants, forgotten []byte
	var at int64
	err := q.row(ctx, itemColumns+where, args, &r.key, &r.ID, &hash, &r.Kind, &thread, &at, &r.Direction, &r.Subject, &r.Snippet, &r.Body, &r.Detail,
		&participants, &r.Version, &r.Told, &r.Erased, &forgotten)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r.At = time.UnixMicro(at).UTC()
	copy(r.Key[:], hash)
	copy(r.Thread[:], thread)
	r.Forgotten = talk.DecodeMarks(forgotten)
	if r.Participants, err = store.DecodeParticipants(participants); err == nil {
		r.Copies, err = readCopies(ctx, q, key, r.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("item %s: %w", r.ID, err)
	}
	return r, nil
}

const copiesQuery = `SELECT account, provider, level, removed, participants FROM occurrences WHERE supplier = ? AND item = ? ORDER BY account, provider`

func readCopies(ctx context.Context, q querier, supplier int64, item string) (copies []talk.Copy, err error) {
	err = q.rows(ctx, copiesQuery, []any{supplier, item}, func(rows *sql.Rows) error {
		var c talk.Copy
		var participants []byte
		if err := rows.Scan(&c.Account, &c.Provider, &c.Level, &c.Removed, &participants); err != nil {
			return err
		}
		var err error
		c.Participants, err = store.DecodeParticipants(participants)
		copies = append(copies, c)
		return err
	})
	return copies, err
}

const (
	itemByID   = ` WHERE i.supplier = ? AND i.id = ?`
	itemByHash = ` WHERE i.supplier = ? AND i.hash = ?`
	itemByCopy = ` WHERE i.supplier = ?1 AND i.id = (SELECT item FROM occurrences WHERE supplier = ?1 AND account = ?2 AND provider = ?3)`
)

// writeItem stores what has become of an item.
func (t *transaction) writeItem(ctx context.Context, supplier int64, c *talk.Change) error {
	const remove = `DELETE FROM items WHERE supplier = ? AND id = ?`
	switch {
	case c.Before == nil:
		if err := t.insertItem(ctx, supplier, c.Row); err != nil {
			return err
		}
	case c.Gone():
		if err := t.forgetCopies(ctx, supplier, c.Before.ID); err != nil {
			return err
		}
		_, err := t.exec(ctx, remove, supplier, c.Before.ID)
		return err
	default:
		if err := t.updateItem(ctx, supplier, c.Row); err != nil {
			return err
		}
	}
	return t.beside(ctx, supplier, c)
}

func (t *transaction) insertItem(ctx context.Context, supplier int64, r *talk.Row) error {
	const insert = `INSERT INTO items (supplier, id, hash, kind, thread, at, direction, subject, snippet, participants, version, told, present, erased, forgotten)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	_, err := t.exec(ctx, insert, append([]any{supplier, r.ID}, itemArgs(r)...)...)
	return err
}

func (t *transaction) updateItem(ctx context.Context, supplier int64, r *talk.Row) error {
	const update = `UPDATE items SET hash = ?, kind = ?, thread = ?, at = ?, direction = ?, subject = ?, snippet = ?, participants = ?,
		version = ?, told = ?, present = ?, erased = ?, forgotten = ? WHERE supplier = ? AND id = ?`
	_, err := t.exec(ctx, update, append(itemArgs(r), supplier, r.ID)...)
	return err
}

func itemArgs(r *talk.Row) []any {
	var thread any
	if r.Thread != [32]byte{} {
		thread = r.Thread[:]
	}
	return []any{
		r.Key[:], r.Kind, thread, r.At.UnixMicro(), string(r.Direction), r.Subject, r.Snippet, store.EncodeParticipants(r.Participants),
		int64(r.Version), r.Told, r.Present(), r.Erased, talk.EncodeMarks(r.Forgotten),
	}
}

// beside stores what lies beside an item's row.
func (t *transaction) beside(ctx context.Context, supplier int64, c *talk.Change) error {
	r := c.Row
	for _, step := range []func(context.Context, int64, *talk.Row, *talk.Row) error{t.itemContent, t.itemContacts, t.itemCopies} {
		if err := step(ctx, supplier, r, c.Before); err != nil {
			return fmt.Errorf("item %s: %w", r.ID, err)
		}
	}
	if !r.Worded(c.Before) {
		return nil
	}
	const forget = `DELETE FROM item_words WHERE rowid = (SELECT key FROM items WHERE supplier = ? AND id = ?)`
	const insert = `INSERT INTO item_words (rowid, words) SELECT key, ?3 FROM items WHERE supplier = ?1 AND id = ?2`
	if c.Before != nil {
		if _, err := t.exec(ctx, forget, supplier, r.ID); err != nil {
			return err
		}
	}
	if r.Erased {
		return nil
	}
	_, err := t.exec(ctx, insert, supplier, r.ID, strings.Join(store.ItemWords(&r.Item), " "))
	return err
}

const (
	forgetContacts    = `DELETE FROM item_contacts WHERE supplier = ? AND item = ?`
	forgetOccurrences = `DELETE FROM occurrences WHERE supplier = ? AND item = ?`
)

func (t *transaction) itemContent(ctx context.Context, supplier int64, r, before *talk.Row) error {
	const remove = `DELETE FROM item_contents WHERE key = (SELECT key FROM items WHERE supplier = ? AND id = ?)`
	const put = `REPLACE INTO item_contents (key, body, detail) SELECT key, ?3, ?4 FROM items WHERE supplier = ?1 AND id = ?2`
	if r.Body == "" && r.Detail == nil {
		if before == nil {
			return nil
		}
		_, err := t.exec(ctx, remove, supplier, r.ID)
		return err
	}
	_, err := t.exec(ctx, put, supplier, r.ID, r.Body, r.Detail)
	return err
}

func (t *transaction) itemContacts(ctx context.Context, supplier int64, r, before *talk.Row) error {
	const insert = `INSERT INTO item_contacts (supplier, kind, value, at, item) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	const links = `UPDATE links SET item_at = ? WHERE supplier = ? AND item = ?`
	if before != nil {
		if _, err := t.exec(ctx, forgetContacts, supplier, r.ID); err != nil {
			return err
		}
		if !before.At.Equal(r.At) {
			if _, err := t.exec(ctx, links, r.At.UnixMicro(), supplier, r.ID); err != nil {
				return err
			}
		}
	}
	for i := range r.Participants {
		p := &r.Participants[i]
		if !p.Tells() {
			continue
		}
		if _, err := t.exec(ctx, insert, supplier, string(p.Kind), p.Value, r.At.UnixMicro(), r.ID); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) itemCopies(ctx context.Context, supplier int64, r, before *talk.Row) error {
	const put = `REPLACE INTO occurrences (supplier, account, provider, item, level, removed, participants) VALUES (?, ?, ?, ?, ?, ?, ?)`
	if before != nil {
		if _, err := t.exec(ctx, forgetOccurrences, supplier, r.ID); err != nil {
			return err
		}
	}
	for _, c := range r.Copies {
		_, err := t.exec(ctx, put, supplier, c.Account, c.Provider, r.ID, int64(c.Level), c.Removed, store.EncodeParticipants(c.Participants))
		if err != nil {
			return err
		}
	}
	return nil
}

// forgetCopies removes what lies beside an item that goes, but its links.
func (t *transaction) forgetCopies(ctx context.Context, supplier int64, item string) error {
	for _, statement := range []string{forgetOccurrences, forgetContacts} {
		if _, err := t.exec(ctx, statement, supplier, item); err != nil {
			return err
		}
	}
	return nil
}
