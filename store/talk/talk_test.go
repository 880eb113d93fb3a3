package talk_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"wedsync/store"
	"wedsync/store/talk"
)

var noon = time.Date(2027, 6, 12, 12, 0, 0, 0, time.UTC)

func eMail(role, address string) store.Participant {
	return store.Participant{Role: role, Contact: store.Contact{Kind: store.EMail, Value: address}}
}

// mail is one with a key, as an account that calls it provider shows it.
func mail(key byte, provider string, level store.Level, people ...store.Participant) store.Item {
	return store.Item{
		ID: "id-" + provider, Key: [32]byte{key}, Kind: "email", At: noon, Direction: store.Inbound,
		Subject: "subject", Snippet: "snippet", Body: "body", Participants: people,
		Occurrences: []store.Occurrence{{Provider: provider, Level: level}},
	}
}

// A shelf is the rows of a store.
type shelf struct {
	*testing.T
	rows []*talk.Row
}

// pull stores a pull of an account, and says what that has come to.
func (s *shelf) pull(account string, removed []string, items ...store.Item) store.Pulled {
	s.Helper()
	set := talk.NewSet(s.rows)
	ids := set.Pull(&store.Pull{Supplier: "rose", Account: account, Items: items, Removed: removed})
	changes := set.Changes()
	for _, c := range changes {
		s.rows = slices.DeleteFunc(s.rows, func(r *talk.Row) bool { return r == c.Before })
		if !c.Gone() {
			s.rows = append(s.rows, c.Row)
		}
	}
	return talk.Outcome(ids, changes)
}

// only is the only row.
func (s *shelf) only() *talk.Row {
	s.Helper()
	if len(s.rows) != 1 {
		s.Fatalf("%d rows", len(s.rows))
	}
	return s.rows[0]
}

func (s *shelf) want(got, want any) {
	s.Helper()
	if !reflect.DeepEqual(got, want) {
		s.Errorf("got %+v, want %+v", got, want)
	}
}

func TestCopiesOfAMailAreOneItemThatShowsWhatTheWidestDoes(t *testing.T) {
	s := &shelf{T: t}
	ada, ben := eMail("from", "ada@x.test"), eMail("bcc", "ben@x.test")
	s.want(s.pull("a", nil, mail(1, "x", store.LevelMetadata, ada)), store.Pulled{IDs: []string{"id-x"}, Fresh: 1})
	s.want(s.only().Subject+s.only().Body, "")
	s.want(s.pull("b", nil, mail(1, "y", store.LevelEverything, ada, ben)), store.Pulled{IDs: []string{"id-x"}, Changed: 1})
	s.want(s.only().Participants, []store.Participant{ada, ben})
	s.want(s.only().Body, "body")
	s.want(s.pull("b", nil, mail(1, "y", store.LevelEverything, ada, ben)), store.Pulled{IDs: []string{"id-x"}})
	s.want(s.only().Version, uint64(2))

	s.pull("b", []string{"y", "unknown"})
	s.want(s.only().Participants, []store.Participant{ada})
	s.want(s.only().Subject+s.only().Body, "")
	s.want(s.only().Present(), true)
	s.pull("a", []string{"x"})
	s.want(s.only().Present(), false)
	s.pull("b", nil, mail(1, "y", store.LevelSubject, ada))
	s.want(s.only().Present(), true)
	s.want(s.only().Subject+s.only().Body, "subject")
}

func TestCopyThatIsOfAnotherKeyNowTakesWhatItHasWithIt(t *testing.T) {
	s := &shelf{T: t}
	s.pull("a", nil, mail(1, "x", store.LevelSubject))
	s.want(s.pull("a", nil, mail(2, "x", store.LevelSubject)), store.Pulled{IDs: []string{"id-x"}, Changed: 1})
	s.want(s.only().Key, [32]byte{2})
	// Where there is one of that key already, the two become one.
	s.pull("b", nil, mail(3, "y", store.LevelSubject))
	set := talk.NewSet(s.rows)
	set.Pull(&store.Pull{Supplier: "rose", Account: "a", Items: []store.Item{mail(3, "x", store.LevelSubject)}})
	changes := set.Changes()
	if len(changes) != 2 || !changes[0].Gone() || changes[0].Heir != "id-y" || len(changes[1].Row.Copies) != 2 {
		t.Errorf("changes %+v", changes)
	}
}

func TestWhatWasErasedStaysErased(t *testing.T) {
	s := &shelf{T: t}
	ada, ben := eMail("from", "ada@x.test"), eMail("to", "ben@x.test")
	s.pull("a", nil, mail(1, "x", store.LevelEverything, ada, ben))
	r := *s.only()
	r.Forget([]store.Contact{ada.Contact})
	s.rows = []*talk.Row{&r}
	s.pull("b", nil, mail(1, "y", store.LevelEverything, ada, ben))
	s.want(s.only().Participants, []store.Participant{ben})

	kept := s.only().Kept()
	s.want(talk.RowOf("rose", &kept), s.only())

	r = *s.only()
	r.Erase()
	s.rows = []*talk.Row{&r}
	for _, again := range []store.Item{mail(1, "z", store.LevelEverything, ada), mail(9, "x", store.LevelEverything, ada)} {
		s.want(s.pull("a", nil, again).IDs, []string{""})
		s.want(s.only().Present(), false)
		s.want(s.only().Subject+s.only().Body, "")
		s.want(len(s.only().Participants), 0)
	}
}

func TestMarksTellContactsAgainWithoutNamingThem(t *testing.T) {
	ada := store.Contact{Kind: store.EMail, Value: "ada@x.test"}
	marks := []talk.Mark{talk.MarkOf("rose", ada), talk.MarkOf("lily", ada), talk.MarkOf("rose", store.Contact{Kind: store.Phone, Value: "ada@x.test"})}
	if marks[0] == marks[1] || marks[0] == marks[2] {
		t.Error("suppliers and kinds have marks of their own")
	}
	encoded := talk.EncodeMarks(marks)
	if got := talk.DecodeMarks(append(encoded, 1, 2, 3)); !reflect.DeepEqual(got, marks) {
		t.Errorf("got %x, want %x", got, marks)
	}
}
