package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/server/sheet"
	"wedsync/store"
)

// maxRowEdit is how many bytes of a row's cells may be written at once. It keeps
// the change that a new client needs below crdt.Limits.MaxOps.
const maxRowEdit = 240_000

// Rows have numbers that a series of ids takes.
const _ = uint16(sheet.MaxRows + 1)

// A rowPlan is what a row asks for.
type rowPlan struct {
	row      sheet.Row
	id       crdt.RecordID // whose row it is; zero if none is named
	creates  bool
	fields   map[crdt.Path]crdt.Value // that change
	critical int                      // of them, of a client that exists
	faults   []sheet.BadCell          // if there are any, nothing is to be written
}

// check is the plan of a row. If its record cannot be read, that is a fault of
// the row; an error is none of the row's.
func (im *importing) check(ctx context.Context, row sheet.Row) (rowPlan, error) {
	p, err := im.known(ctx, row)
	if err != nil && !broken(err) {
		p.row, p.faults, err = row, []sheet.BadCell{im.refused(row, err)}, nil
	}
	return p, err
}

// refused is what the hub says to a row as a fault.
func (im *importing) refused(row sheet.Row, err error) sheet.BadCell {
	p := im.api.problem(im.r, err)
	return sheet.BadCell{Row: row.Number, Line: row.Line, Wrong: "was refused: " + p.Title, Right: p.Detail}
}

// known is the plan of a row, without a look at it if it was written before
// under its key.
func (im *importing) known(ctx context.Context, row sheet.Row) (rowPlan, error) {
	if key := im.rowKey(row.Number); key != "" {
		answer, err := im.api.store.Answer(ctx, im.asker, key)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return rowPlan{}, err
		case answer.Request != im.rowHash(row.Number):
			return rowPlan{}, errKeyReused
		default:
			var told editAnswer
			if err := json.Unmarshal(answer.Body, &told); err != nil {
				return rowPlan{}, fmt.Errorf("kept answer: %w", err)
			}
			return rowPlan{row: row, id: told.Record, creates: answer.Status == http.StatusCreated}, nil
		}
	}
	return im.plan(ctx, row)
}

// plan compares a row with what its client holds now. Its error is none of the
// row's.
func (im *importing) plan(ctx context.Context, row sheet.Row) (rowPlan, error) {
	p := rowPlan{row: row, faults: row.Faults}
	if row.Blank || len(p.faults) > 0 {
		return p, nil
	}
	held, err := im.client(ctx, &p)
	if err != nil || len(p.faults) > 0 {
		return p, err
	}
	p.fields = make(map[crdt.Path]crdt.Value)
	size := 0
	for i, c := range im.columns {
		if c.ID || row.Cells[i] == "" {
			continue
		}
		v, changes, wrong := im.cell(i, row.Cells[i], held[c.Field])
		if wrong != nil {
			p.faults = append(p.faults, im.table.BadCell(row, i, wrong.Wrong, wrong.Right))
		} else if changes {
			p.fields[c.Field] = v
			size += len(row.Cells[i])
		}
		if changes && !p.creates && isCritical(im.policy, c.Field) {
			p.critical++
		}
	}
	whole := func(wrong, right string) {
		p.faults = append(p.faults, sheet.BadCell{Row: row.Number, Line: row.Line, Wrong: wrong, Right: right})
	}
	switch {
	case len(p.faults) > 0:
	case size > maxRowEdit:
		whole(fmt.Sprintf("would write %d bytes", size), fmt.Sprintf("at most %d at once", maxRowEdit))
	case p.creates && len(p.fields) == 0:
		whole("names a client that is not there, and no field", "give a new client at least one field")
	}
	return p, nil
}

// client finds whose row it is, and what the client holds by columns' fields.
func (im *importing) client(ctx context.Context, p *rowPlan) (map[crdt.Path]any, error) {
	at := -1
	for i, c := range im.columns {
		if c.ID {
			at = i
		}
	}
	if at < 0 || strings.TrimSpace(p.row.Cells[at]) == "" {
		p.creates = true
		return nil, nil
	}
	const right = "leave the cell empty for a new client"
	id, err := crdt.ParseRecordID(strings.TrimSpace(p.row.Cells[at]))
	if err != nil {
		p.faults = append(p.faults, im.table.BadCell(p.row, at, "is no client id", "26 letters and digits as an export has them; "+right))
		return nil, nil
	}
	p.id = id
	s, err := im.api.hub.Fresh(ctx, im.who.Supplier, id)
	if errors.Is(err, store.ErrNotFound) {
		known, err := im.api.store.Heads(ctx, []crdt.RecordID{id})
		if _, taken := known[id]; taken {
			p.faults = append(p.faults, im.table.BadCell(p.row, at, "names no client, and cannot be used for a new one", right))
		}
		p.creates = true
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	i, err := showItem(s, im.policy)
	if err != nil {
		return nil, err
	}
	return sheet.Split(i.Fields, im.policy), nil
}

// cell reads the ith cell of a row, and says whether it changes what the client
// holds.
func (im *importing) cell(i int, cell string, held any) (v crdt.Value, changes bool, wrong *sheet.Wrong) {
	c := im.columns[i]
	exported, fits := c.Write(held)
	if fits && cell == exported {
		return v, false, nil
	}
	v, _, wrong = c.Read(cell)
	if wrong != nil {
		return v, false, wrong
	}
	if written, ok := c.Write(v.JSON()); ok && fits && written == exported {
		return v, false, nil
	}
	if im.rules[i] != "" {
		return v, false, &sheet.Wrong{Wrong: "cannot be written: " + im.rules[i], Right: "delete the column, or leave its cells as they were exported"}
	}
	if !fits && !c.Typed && v.Kind == crdt.Text {
		is := sheet.TypeOf(held)
		return v, false, &sheet.Wrong{
			Wrong: fmt.Sprintf("would make a text of what is %s now", is),
			Right: fmt.Sprintf("head the column %s:%s, or %s:text to have texts", c.Field, is, c.Field),
		}
	}
	return v, true, nil
}

// What writing a row comes to beside an answer.
var (
	errUnchanged = errors.New("the row changes nothing")
	errBadRow    = errors.New("the row has become bad since it was checked")
)

// A writtenRow is what became of a row.
type writtenRow struct {
	row       int
	created   bool
	unchanged bool
	told      editAnswer
	faults    []sheet.BadCell // why it was not written
}

// writeRow writes a row, unless it was written before under its key. Its error is
// none of the row's.
func (im *importing) writeRow(ctx context.Context, row sheet.Row) (writtenRow, error) {
	c := &command{asker: im.asker, key: im.rowKey(row.Number), hash: im.rowHash(row.Number)}
	var plan rowPlan
	c.do = func(answer hub.AnswerFunc) (id crdt.RecordID, o *conflicts.Outcome, err error) {
		who, err := im.admitted(ctx)
		if err != nil {
			return id, nil, err
		}
		if plan, err = im.plan(ctx, row); err != nil {
			return id, nil, err
		}
		return im.carryOut(ctx, who, plan, c.key, answer)
	}
	c.tell = func(id crdt.RecordID, o *conflicts.Outcome) (int, any) {
		if plan.creates {
			return tellVerdicts(http.StatusCreated)(id, o)
		}
		return tellVerdicts(http.StatusOK)(id, o)
	}
	answer, err := im.api.run(ctx, c)
	w := writtenRow{row: row.Number, created: answer.Status == http.StatusCreated}
	switch {
	case errors.Is(err, errUnchanged):
		w.unchanged = true
	case errors.Is(err, errBadRow):
		w.faults = plan.faults
	case err != nil && broken(err):
		return w, err
	case err != nil:
		w.faults = []sheet.BadCell{im.refused(row, err)}
	default:
		err := json.Unmarshal(answer.Body, &w.told)
		if err != nil {
			return w, fmt.Errorf("kept answer: %w", err)
		}
	}
	return w, nil
}

// admitted is who the caller is now: what an owner changes meanwhile holds from
// the next row on.
func (im *importing) admitted(ctx context.Context) (conflicts.Principal, error) {
	who, err := im.api.hub.Admit(ctx, im.who)
	if err == nil && !ImportClientsDoc.May.Admits(who.Role) {
		err = errForbidden
	}
	return who, err
}

// carryOut has the hub do what a row asks for.
func (im *importing) carryOut(ctx context.Context, who conflicts.Principal, p rowPlan, key string, answer hub.AnswerFunc) (crdt.RecordID, *conflicts.Outcome, error) {
	edit := conflicts.Edit{From: who, Fields: p.fields, Key: key}
	switch {
	case len(p.faults) > 0:
		return p.id, nil, errBadRow
	case len(p.fields) == 0:
		return p.id, nil, errUnchanged
	case !p.creates:
		o, err := im.api.hub.Edit(ctx, p.id, edit, answer)
		return p.id, o, err
	case p.id == crdt.RecordID{} && key == "":
		return im.api.hub.Create(ctx, edit, answer)
	case p.id == crdt.RecordID{}:
		// Sent again, it finds the client that it made, answer or no answer.
		p.id = im.api.hub.SeriesID(im.asker+"\x00"+im.key, uint16(p.row.Number))
	}
	o, err := im.api.hub.CreateAs(ctx, p.id, edit, answer)
	return p.id, o, err
}
