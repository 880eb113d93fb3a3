package crdt

import (
	"fmt"

	"wedsync/crdt/internal/columnar"
)

// A columnID is the specification of a column: its number, shifted by four,
// and its type.
type columnID uint32

// The columns of operations, in the order in which a change must have them.
const (
	objActorColumn  columnID = 0x01
	objCtrColumn    columnID = 0x02
	keyActorColumn  columnID = 0x11
	keyCtrColumn    columnID = 0x13
	keyStrColumn    columnID = 0x15
	insertColumn    columnID = 0x34
	actionColumn    columnID = 0x42
	valMetaColumn   columnID = 0x56
	valRawColumn    columnID = 0x57
	predNumColumn   columnID = 0x70
	predActorColumn columnID = 0x71
	predCtrColumn   columnID = 0x73
	expandColumn    columnID = 0x94
	nameColumn      columnID = 0xa5
)

const (
	numColumns     = 14
	compressedFlag = 0x08 // of a columnID; only saved documents compress columns
)

// opColumns reads the operations of a change row by row.
type opColumns struct {
	objActor, objCtr   columnar.Runs[uint64]
	keyActor           columnar.Runs[uint64]
	keyCtr             columnar.Deltas
	keyStr             columnar.Runs[string]
	insert             columnar.Bools
	action             columnar.Runs[uint64]
	valMeta            columnar.Runs[uint64]
	valRaw             columnar.Reader
	predNum, predActor columnar.Runs[uint64]
	predCtr            columnar.Deltas
	expand             columnar.Bools // sparse
	name               columnar.Runs[string]
}

// readColumns takes the column directory and the columns off r.
func (c *opColumns) readColumns(r *columnar.Reader) error {
	type entry struct {
		id   columnID
		size uint64
	}
	var dir [numColumns]entry
	c.expand = columnar.NewSparseBools("")
	n := r.Uint()
	last := columnID(0)
	for i := range n {
		id, size := r.Uint(), r.Uint()
		switch {
		case r.Err() != nil:
			return fmt.Errorf("column directory: %w: %w", r.Err(), ErrMalformed)
		case !isColumn(id):
			return unknownColumn(id)
		case columnID(id) <= last || size == 0:
			return fmt.Errorf("column %#x is out of order or empty: %w", id, ErrMalformed)
		}
		last = columnID(id)
		dir[i] = entry{last, size}
	}
	for _, e := range dir[:n] {
		c.set(e.id, r.Take(e.size))
	}
	if r.Err() != nil {
		return fmt.Errorf("columns: %w: %w", r.Err(), ErrMalformed)
	}
	return nil
}

func isColumn(id uint64) bool {
	if id > uint64(nameColumn) {
		return false
	}
	switch columnID(id) {
	case objActorColumn, objCtrColumn, keyActorColumn, keyCtrColumn, keyStrColumn,
		insertColumn, actionColumn, valMetaColumn, valRawColumn,
		predNumColumn, predActorColumn, predCtrColumn, expandColumn, nameColumn:
		return true
	}
	return false
}

func unknownColumn(id uint64) error {
	if id&compressedFlag != 0 {
		return fmt.Errorf("compressed column %#x in a change: %w", id, ErrMalformed)
	}
	return fmt.Errorf("column %#x is unknown: %w", id, ErrUnsupported)
}

func (c *opColumns) set(id columnID, s string) {
	switch id {
	case objActorColumn:
		c.objActor = columnar.Uints(s)
	case objCtrColumn:
		c.objCtr = columnar.Uints(s)
	case keyActorColumn:
		c.keyActor = columnar.Uints(s)
	case keyCtrColumn:
		c.keyCtr = columnar.NewDeltas(s)
	case keyStrColumn:
		c.keyStr = columnar.Strings(s)
	case insertColumn:
		c.insert = columnar.NewBools(s)
	case actionColumn:
		c.action = columnar.Uints(s)
	case valMetaColumn:
		c.valMeta = columnar.Uints(s)
	case valRawColumn:
		c.valRaw = columnar.NewReader(s)
	case predNumColumn:
		c.predNum = columnar.Uints(s)
	case predActorColumn:
		c.predActor = columnar.Uints(s)
	case predCtrColumn:
		c.predCtr = columnar.NewDeltas(s)
	case expandColumn:
		c.expand = columnar.NewSparseBools(s)
	case nameColumn:
		c.name = columnar.Strings(s)
	}
}

// end reports the first column that was malformed or had more rows than there
// are operations.
func (c *opColumns) end() error {
	for _, e := range [...]struct {
		id  columnID
		err error
	}{
		{objActorColumn, c.objActor.End()},
		{objCtrColumn, c.objCtr.End()},
		{keyActorColumn, c.keyActor.End()},
		{keyCtrColumn, c.keyCtr.End()},
		{keyStrColumn, c.keyStr.End()},
		{insertColumn, c.insert.End()},
		{actionColumn, c.action.End()},
		{valMetaColumn, c.valMeta.End()},
		{valRawColumn, c.valRaw.End()},
		{predNumColumn, c.predNum.End()},
		{predActorColumn, c.predActor.End()},
		{predCtrColumn, c.predCtr.End()},
		{expandColumn, c.expand.End()},
		{nameColumn, c.name.End()},
	} {
		if e.err != nil {
			return columnError(e.id, e.err)
		}
	}
	return nil
}

func columnError(id columnID, err error) error {
	return fmt.Errorf("column %#x: %w: %w", uint32(id), err, ErrMalformed)
}
