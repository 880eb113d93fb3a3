package microsoft_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"wedsync/server/communications/source"
	"wedsync/server/communications/source/microsoft"
	"wedsync/server/communications/source/sourcetest"
	"wedsync/store"
	"wedsync/testdata/providers"
)

const owner = "anna@studio.example"

// now is the time in these tests.
var now = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

// A scene is an account at a test server, and who reads it.
type scene struct {
	*sourcetest.Reader
	t      *testing.T
	server *providers.Server
	caller *sourcetest.Caller
	box    providers.Outlook
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{t: t, server: providers.New(providers.Options{Seed: 7, Clock: func() time.Time { return now }, SlowFor: time.Millisecond})}
	web := httptest.NewServer(s.server)
	t.Cleanup(web.Close)
	s.box = s.server.Outlook(owner)
	token := s.server.Grant(providers.Microsoft, owner).Access
	s.caller = &sourcetest.Caller{
		Client: web.Client(), Base: web.URL + "/microsoft",
		Sign: func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) },
	}
	s.Reader = &sourcetest.Reader{Source: microsoft.Source{}, Account: source.Account{Address: owner, Level: store.LevelEverything, Now: now, Caller: s.caller}}
	return s
}

// read reads the account until all of it is up to date.
func (s *scene) read() {
	s.t.Helper()
	if err := s.Read(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	for _, doubt := range s.Doubt {
		s.t.Error(doubt)
	}
}

// fill puts a corpus into the account.
func (s *scene) fill(mails, events int) providers.Corpus {
	return s.server.Fill(3, providers.Sizes{Clients: 20, Mails: mails, Events: events}, providers.Places{Microsoft: []string{owner}})
}

// wants checks that what is true was found, and nothing else.
func (s *scene) wants(c providers.Corpus) {
	s.t.Helper()
	keys := s.Keys()
	for _, f := range c.Facts {
		key := source.Key("email", source.MessageID(f.ID))
		if f.Kind != "email" {
			key = source.EventKey(f.ID, f.At)
		}
		if keys[key] != 1 {
			s.t.Errorf("%s %s of %s is there %d times", f.Kind, f.ID, f.At, keys[key])
		}
	}
	if len(keys) != len(c.Facts) {
		s.t.Errorf("%d items, want %d", len(keys), len(c.Facts))
	}
}

// only is the only item that was found.
func (s *scene) only() store.Item {
	s.t.Helper()
	if len(s.Found) != 1 {
		s.t.Fatalf("%d items: %v", len(s.Found), s.Found)
	}
	for _, item := range s.Found {
		return item
	}
	return store.Item{}
}

// roles are the addresses in an item, each after its role.
func roles(item store.Item) (all []string) {
	for _, p := range item.Participants {
		all = append(all, p.Role+" "+p.Value)
	}
	slices.Sort(all)
	return all
}
