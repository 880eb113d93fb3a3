package crdt_test

import (
	"errors"
	"testing"

	"github.com/mr-tron/base58"
	"github.com/oklog/ulid/v2"

	"wedsync/crdt"
)

// A document id as automerge-repo 2.5.6 made it, and its bytes as a ULID.
const documentID = "MuZLU8ZRBUXEjR3cSKYH4PQh2xZ"

func TestDocumentIDsOfAutomergeRepoReadAndWriteAlike(t *testing.T) {
	id, err := crdt.ParseDocumentID(documentID)
	if err != nil {
		t.Fatal(err)
	}
	if got := id.DocumentID(); got != documentID {
		t.Errorf("written as %q, want %q", got, documentID)
	}
	byClient, err := crdt.ParseRecordID(id.ClientID())
	if err != nil || byClient != id {
		t.Errorf("client id %q reads as %v, %v", id.ClientID(), byClient, err)
	}
}

func TestIDsOfTheHubAreUUIDsOfVersionFour(t *testing.T) {
	id := crdt.NewRecordID(ulid.Make())
	if id[6]>>4 != 4 || id[8]>>6 != 2 {
		t.Errorf("%x has version %d and variant %d", id, id[6]>>4, id[8]>>6)
	}
}

func TestBadDocumentIDsAreRefused(t *testing.T) {
	sum := []byte{0x1c, 0x6a, 0x4a, 0x5a}
	for name, text := range map[string]string{
		"nothing":           "",
		"not base58":        "0OIl",
		"a wrong checksum":  documentID[:26] + "1",
		"a broken checksum": base58.Encode(append(make([]byte, 16), sum...)),
		"the zero id":       crdt.RecordID{}.DocumentID(),
		"too long":          documentID + documentID + documentID,
	} {
		if id, err := crdt.ParseDocumentID(text); !errors.Is(err, crdt.ErrMalformed) {
			t.Errorf("%s: %q reads as %v, %v", name, text, id, err)
		}
	}
}

func FuzzParseRecordID(f *testing.F) {
	f.Add(documentID)
	f.Add(ulid.Make().String())
	f.Add("000001B0T10A711C0Z81171100") // reads as both
	f.Fuzz(func(t *testing.T, text string) {
		id, err := crdt.ParseRecordID(text)
		if err != nil {
			return
		}
		written := []string{id.DocumentID()}
		if _, err := crdt.ParseDocumentID(id.ClientID()); err != nil {
			written = append(written, id.ClientID()) // else, once in 2^32, it is also the document id of another
		}
		for _, written := range written {
			if again, err := crdt.ParseRecordID(written); err != nil || again != id {
				t.Errorf("%q reads as %x, written as %q that reads as %x, %v", text, id, written, again, err)
			}
		}
	})
}
