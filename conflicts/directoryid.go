package conflicts

import (
	"crypto/hmac"
	"crypto/sha256"

	"wedsync/crdt"
)

// The first bytes of a directory's id are its own, the others prove that it is
// a directory's.
const ownIDBytes = 9

// DirectoryID is the id of a supplier's directory. It is the same as long as the
// hub keeps its secret, nobody without the secret can tell it beforehand, and it
// has the form of a UUID v4, which old automerge-repo insists on.
func (e *Env) DirectoryID(supplier string) crdt.RecordID {
	mac := hmac.New(sha256.New, e.Secret)
	mac.Write([]byte("wedsync directory id"))
	mac.Write([]byte(supplier))
	var id crdt.RecordID
	copy(id[:ownIDBytes], mac.Sum(nil))
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	copy(id[ownIDBytes:], directoryMark(id))
	return id
}

// IsDirectoryID reports whether an id is that of a directory, be it of a hub
// that had another secret. No id that is made by chance is.
func IsDirectoryID(id crdt.RecordID) bool {
	return string(id[ownIDBytes:]) == string(directoryMark(id))
}

func directoryMark(id crdt.RecordID) []byte {
	sum := sha256.New()
	sum.Write([]byte("wedsync directory mark"))
	sum.Write(id[:ownIDBytes])
	return sum.Sum(nil)[:len(id)-ownIDBytes]
}
