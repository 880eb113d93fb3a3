package google_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"wedsync/server/communications/source"
	"wedsync/server/communications/source/google"
	"wedsync/server/communications/source/sourcetest"
	"wedsync/store"
	"wedsync/testdata/providers"
)

var now = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

const (
	anna  = "anna@studio.example"
	bruno = "bruno@studio.example"
)

// A reader reads an account of a server.
type reader struct {
	*sourcetest.Reader
	t     *testing.T
	found int    // how often something was found
	step  func() // called before each step
}

func newReader(t *testing.T, s *providers.Server, address string) *reader {
	token := s.Grant(providers.Google, address).Access
	r := &reader{t: t, step: func() {}}
	r.Reader = &sourcetest.Reader{
		Source: watched{r: r},
		Account: source.Account{
			Address: address, Level: store.LevelEverything, Region: "DE", Now: now,
			Own: []store.Contact{{Kind: store.EMail, Value: anna}, {Kind: store.EMail, Value: bruno}},
			Caller: &sourcetest.Caller{
				Client: &http.Client{Transport: whole{s}}, Base: "http://providers.test/google",
				Sign: func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) },
			},
		},
	}
	return r
}

// whole gives whole answers alone, as the real caller does: one that broke off
// may look like a whole one to HTTP.
type whole struct{ *providers.Server }

func (w whole) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := w.Server.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil || len(body) > 0 && !json.Valid(body) {
		return nil, errors.New("it broke off")
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}

// watched is the source with a reader that looks on.
type watched struct {
	google.Source
	r *reader
}

func (w watched) Pull(ctx context.Context, a source.Account, scope string, from source.Place) (source.Step, error) {
	w.r.step()
	step, err := w.Source.Pull(ctx, a, scope, from)
	w.r.found += len(step.Found)
	return step, err
}

// read reads all scopes until they are up to date.
func (r *reader) read() { r.t.Helper(); r.went(r.Read(r.t.Context())) }

func (r *reader) readScope(scope string) { r.t.Helper(); r.went(r.ReadScope(r.t.Context(), scope)) }

func (r *reader) went(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, doubt := range r.Doubt {
		r.t.Error(doubt)
	}
}

// keys are the keys of what was read, sorted.
func (r *reader) keys() [][32]byte {
	var keys [][32]byte
	for _, item := range r.Found {
		keys = append(keys, item.Key)
	}
	return sorted(keys)
}

func sorted(keys [][32]byte) [][32]byte {
	slices.SortFunc(keys, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	return keys
}

// wanted are the keys of what is true of an account, sorted.
func wanted(c providers.Corpus, address string) [][32]byte {
	var keys [][32]byte
	for _, f := range c.Facts {
		if !slices.Contains(f.Accounts, address) {
			continue
		}
		key := source.EventKey(f.ID, f.At)
		if f.Kind == "email" {
			key, _ = source.MailKeys(f.ID, "", "", source.Account{}, "")
		}
		keys = append(keys, key)
	}
	return sorted(keys)
}

// filled is a server with a corpus in two accounts.
func filled(mails, events int) (*providers.Server, providers.Corpus) {
	s := providers.New(providers.Options{Seed: 7, Clock: func() time.Time { return now }, SlowFor: time.Millisecond})
	return s, s.Fill(7, providers.Sizes{Clients: 20, Mails: mails, Events: events}, providers.Places{Google: []string{anna, bruno}})
}

func TestWhateverTroubleThereIsEachCommunicationIsFoundOnce(t *testing.T) {
	troubles := map[string][]providers.Fault{"none": nil, "all at once": providers.AllFaults()}
	for _, f := range providers.AllFaults() {
		troubles[string(f)] = []providers.Fault{f}
	}
	for name, faults := range troubles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, corpus := filled(350, 40)
			troubled(s, faults)
			for _, address := range []string{anna, bruno} {
				r := newReader(t, s, address)
				r.read()
				if got, want := r.keys(), wanted(corpus, address); !slices.Equal(got, want) {
					t.Fatalf("%s: found %d, want %d", address, len(got), len(want))
				}
				for _, f := range faults {
					if s.Struck(f) == 0 {
						t.Errorf("%s: nothing met %s", address, f)
					}
				}
				onlyNewIsAskedFor(t, s, r)
				troubled(s, faults)
			}
		})
	}
}

// troubled makes a server meet requests with faults.
func troubled(s *providers.Server, faults []providers.Fault) {
	for _, f := range faults {
		share, times := 0.05, -1
		if slices.Contains([]providers.Fault{providers.Expired, providers.Doubled, providers.Reordered}, f) { // of lists alone
			share, times = 0.5, 5
		}
		s.Trouble(f, share, times)
	}
}

// onlyNewIsAskedFor changes some things in an account that was read, and reads again.
func onlyNewIsAskedFor(t *testing.T, s *providers.Server, r *reader) {
	t.Helper()
	s.Calm()
	s.ResetCounts()
	found := r.found
	r.read()
	if c := s.Total("/messages"); c.Asked != 0 || r.found != found {
		t.Errorf("nothing is new: %+v, %d found", c, r.found-found)
	}
	box := s.Gmail(r.Account.Address)
	ids := box.IDs()
	box.Trash(ids[0])
	box.Delete(ids[1])
	box.Label(ids[2], []string{"STARRED"}, []string{"UNREAD"})
	added := box.Add(providers.Mail{MessageID: "<new@mail.example>", From: providers.Person{Address: "x@mail.example"}, Text: "new", Date: now})
	s.ResetCounts()
	r.read()
	if c := s.Total("/messages"); c.Asked != 2 { // the one in the trash and the new one
		t.Errorf("asked for messages %d times, want 2", c.Asked)
	}
	if c := s.Total("/google/"); c.Asked != 5 { // both, the history, the calendars, one calendar
		t.Errorf("asked %d times, want 5", c.Asked)
	}
	_, trashed := r.Found[ids[0]]
	_, deleted := r.Found[ids[1]]
	if _, ok := r.Found[added]; !ok || trashed || deleted {
		t.Errorf("the new one found: %v, in the trash: %v, deleted: %v", ok, trashed, deleted)
	}
	box.Label(ids[0], []string{"INBOX"}, []string{"TRASH"})
	r.read()
	if _, ok := r.Found[ids[0]]; !ok {
		t.Error("what came out of the trash was not found")
	}
}

func TestWhatChangesWhileAllIsReadIsNotLost(t *testing.T) {
	s, _ := filled(1500, 0)
	box := s.Gmail(anna)
	r := newReader(t, s, anna)
	r.Account.Level = store.LevelMetadata
	changes := 0
	r.step = func() {
		if changes++; changes > 8 {
			return
		}
		ids := box.IDs()
		box.Add(providers.Mail{MessageID: fmt.Sprintf("<new%d@mail.example>", changes), From: providers.Person{Address: "x@mail.example"}, Text: "new", Date: now})
		box.Trash(ids[0])
		box.Delete(ids[len(ids)/2])
		box.Add(providers.Mail{From: providers.Person{Address: "x@mail.example"}, Text: "a draft", Date: now}, "DRAFT")
	}
	r.readScope("mail")
	want := box.IDs()
	slices.Sort(want)
	var got []string
	for id := range r.Found {
		got = append(got, id)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) || changes < 9 {
		t.Errorf("found %d, want %d after %d steps", len(got), len(want), changes)
	}
}

func TestAfterTheHistoryIsForgottenAllIsReadAgain(t *testing.T) {
	s, corpus := filled(150, 0)
	box := s.Gmail(anna)
	r := newReader(t, s, anna)
	r.readScope("mail")
	trashed := box.IDs()[3]
	box.Trash(trashed)
	box.ForgetHistory()
	r.readScope("mail")
	if _, ok := r.Found[trashed]; ok {
		t.Error("what came into the trash meanwhile is still there")
	}
	if got, want := len(r.Found), len(wanted(corpus, anna))-1; got != want {
		t.Errorf("found %d, want %d", got, want)
	}
}

func TestManyRemovalsComeInSteps(t *testing.T) {
	s, _ := filled(2500, 0)
	box := s.Gmail(anna)
	r := newReader(t, s, anna)
	r.Account.Level = store.LevelMetadata
	r.readScope("mail")
	for i, id := range box.IDs() {
		if i%2 == 0 {
			box.Delete(id)
		} else {
			box.Trash(id)
		}
	}
	r.readScope("mail")
	if len(r.Found) != 0 {
		t.Errorf("%d are left", len(r.Found))
	}
}

func TestLessIsAskedForWhereLessIsShown(t *testing.T) {
	s, _ := filled(20, 10)
	for level, subject := range map[store.Level]bool{store.LevelMetadata: false, store.LevelSubject: true, store.LevelEverything: true} {
		r := newReader(t, s, anna)
		r.Account.Level = level
		r.read()
		for _, item := range r.Found {
			if (item.Subject != "") != subject || (item.Body != "" && level < store.LevelEverything) || item.Occurrences[0].Level != level || len(item.Participants) == 0 {
				t.Fatalf("level %d: %+v", level, item)
			}
			if level < store.LevelEverything && (item.Snippet != "" || item.Detail != nil) {
				t.Fatalf("level %d shows %q, %s", level, item.Snippet, item.Detail)
			}
		}
		found := r.found
		r.Account.Level = store.LevelEverything
		r.read()
		if again := r.found > found; again != (level < store.LevelEverything) {
			t.Errorf("level %d: read again when everything was to be shown: %v", level, again)
		}
	}
}

func TestSinceLeavesOlderMailAlone(t *testing.T) {
	s, corpus := filled(100, 20)
	r := newReader(t, s, anna)
	r.Account.Since = now.AddDate(0, -6, 0)
	r.read()
	want := 0
	for _, f := range corpus.Facts {
		if slices.Contains(f.Accounts, anna) && (f.Kind == "email" && !f.At.Before(r.Account.Since)) {
			want++
		}
	}
	got := 0
	for _, item := range r.Found {
		if item.Kind == "email" {
			got++
		}
		if item.At.Before(r.Account.Since.AddDate(0, 0, -1)) {
			t.Errorf("an item of %s", item.At)
		}
	}
	if got != want || want == 0 {
		t.Errorf("found %d mails, want %d", got, want)
	}
}

// says answers whatever it is asked with the same JSON.
type says string

func (s says) Call(context.Context, source.Request) (source.Answer, error) {
	return source.Answer{Status: http.StatusOK, Body: []byte(s)}, nil
}

func TestIDsThatCannotBeKeptAreNoAnswer(t *testing.T) {
	for _, id := range []string{strings.Repeat("x", 2000), `a\u0000b`, ""} {
		for scope, answer := range map[string]string{
			"mail":       fmt.Sprintf(`{"historyId":"7","messages":[{"id":"%s"}]}`, id),
			"calendar:c": fmt.Sprintf(`{"items":[{"id":"%s","status":"cancelled"}],"nextSyncToken":"t"}`, id),
		} {
			a := source.Account{Address: anna, Level: store.LevelEverything, Now: now, Caller: says(answer)}
			step, err := google.Source{}.Pull(t.Context(), a, scope, source.Place{})
			for range 3 { // the first may be about something else
				if err == nil && step.More {
					step, err = google.Source{}.Pull(t.Context(), a, scope, source.Place{State: step.State})
				}
			}
			if !errors.Is(err, source.ErrUnreadable) {
				t.Errorf("%s with an id of %d bytes: %v", scope, len(id), err)
			}
		}
		if _, err := (google.Source{}).Scopes(t.Context(), source.Account{Caller: says(fmt.Sprintf(`{"items":[{"id":"%s","accessRole":"owner"}]}`, id))}); !errors.Is(err, source.ErrUnreadable) {
			t.Errorf("a calendar with an id of %d bytes: %v", len(id), err)
		}
	}
}
