package crdt

import "wedsync/crdt/internal/columnar"

// opWriter writes operations row by row into the columns that opColumns reads.
type opWriter struct {
	index map[ActorID]uint64

	objActor, objCtr   columnar.RunWriter[uint64]
	keyActor           columnar.RunWriter[uint64]
	keyCtr             columnar.DeltaWriter
	keyStr             columnar.RunWriter[string]
	insert             columnar.BoolWriter
	action             columnar.RunWriter[uint64]
	valMeta            columnar.RunWriter[uint64]
	valRaw             []byte
	predNum, predActor columnar.RunWriter[uint64]
	predCtr            columnar.DeltaWriter
	expand             columnar.BoolWriter
	name               columnar.RunWriter[string]
}

func newOpWriter(author ActorID, others []ActorID) *opWriter {
	index := map[ActorID]uint64{author: 0}
	for i, a := range others {
		index[a] = uint64(i) + 1
	}
	return &opWriter{
		index:     index,
		objActor:  columnar.NewUintWriter(),
		objCtr:    columnar.NewUintWriter(),
		keyActor:  columnar.NewUintWriter(),
		keyCtr:    columnar.NewDeltaWriter(),
		keyStr:    columnar.NewStringWriter(),
		action:    columnar.NewUintWriter(),
		valMeta:   columnar.NewUintWriter(),
		predNum:   columnar.NewUintWriter(),
		predActor: columnar.NewUintWriter(),
		predCtr:   columnar.NewDeltaWriter(),
		name:      columnar.NewStringWriter(),
	}
}

func (w *opWriter) append(op *Op) {
	w.object(op.Obj)
	w.key(op)
	w.insert.Append(op.Insert)
	w.action.Append(uint64(op.Action))
	before := len(w.valRaw)
	code := uint8(0)
	w.valRaw, code = appendScalar(w.valRaw, op.Value)
	w.valMeta.Append(uint64(len(w.valRaw)-before)<<codeBits | uint64(code))
	w.predNum.Append(uint64(len(op.Pred)))
	for _, id := range op.Pred {
		w.predActor.Append(w.index[id.Actor])
		w.predCtr.Append(id.Counter)
	}
	w.expand.Append(op.Expand)
	if op.Begin {
		w.name.Append(op.Name)
	} else {
		w.name.AppendNull()
	}
}

func (w *opWriter) object(id OpID) {
	if id.IsZero() {
		w.objActor.AppendNull()
		w.objCtr.AppendNull()
		return
	}
	w.objActor.Append(w.index[id.Actor])
	w.objCtr.Append(id.Counter)
}

func (w *opWriter) key(op *Op) {
	switch {
	case !op.Seq:
		w.keyActor.AppendNull()
		w.keyCtr.AppendNull()
		w.keyStr.Append(op.Key)
		return
	case op.Elem.IsZero():
		w.keyActor.AppendNull()
	default:
		w.keyActor.Append(w.index[op.Elem.Actor])
	}
	w.keyCtr.Append(op.Elem.Counter)
	w.keyStr.AppendNull()
}

// appendColumns appends the directory of the columns that have bytes, and
// those columns.
func (w *opWriter) appendColumns(dst []byte) []byte {
	var expand []byte
	if w.expand.Any() {
		expand = w.expand.Bytes()
	}
	columns := [numColumns]struct {
		id  columnID
		buf []byte
	}{
		{objActorColumn, w.objActor.Bytes()},
		{objCtrColumn, w.objCtr.Bytes()},
		{keyActorColumn, w.keyActor.Bytes()},
		{keyCtrColumn, w.keyCtr.Bytes()},
		{keyStrColumn, w.keyStr.Bytes()},
		{insertColumn, w.insert.Bytes()},
		{actionColumn, w.action.Bytes()},
		{valMetaColumn, w.valMeta.Bytes()},
		{valRawColumn, w.valRaw},
		{predNumColumn, w.predNum.Bytes()},
		{predActorColumn, w.predActor.Bytes()},
		{predCtrColumn, w.predCtr.Bytes()},
		{expandColumn, expand},
		{nameColumn, w.name.Bytes()},
	}
	n := uint64(0)
	for _, c := range columns {
		if len(c.buf) > 0 {
			n++
		}
	}
	dst = columnar.AppendUint(dst, n)
	for _, c := range columns {
		if len(c.buf) > 0 {
			dst = columnar.AppendUint(columnar.AppendUint(dst, uint64(c.id)), uint64(len(c.buf)))
		}
	}
	for _, c := range columns {
		dst = append(dst, c.buf...)
	}
	return dst
}
