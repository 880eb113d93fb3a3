package processing_test

import (
	"context"
	"testing"

	"wedsync/server/webhooks/source"
	"wedsync/store"
)

// ofSource is a memory whose connections are of some source.
type ofSource struct {
	*memory
	source string
}

func (m ofSource) Connection(_ context.Context, id string) (store.Connection, error) {
	return store.Connection{Supplier: supplier, ID: id, Source: m.source, Settings: []byte(`{}`)}, nil
}

// says is a reader of objects that reads the same one from each event.
type says struct {
	*flaky
	object source.Object
}

func (s says) Object(context.Context, store.Connection, store.InboxEvent) (source.Object, error) {
	return s.object, nil
}

func TestChangeOfAnAccountIsToldToWhoReadsIt(t *testing.T) {
	for kind, c := range map[string]struct {
		object source.Object
		want   []source.Account
	}{
		"gmail":           {source.Object{ID: "olga@example.com"}, []source.Account{{Provider: "google", Address: "olga@example.com"}}},
		"microsoft-graph": {source.Object{ID: "Users/1/Messages/2"}, []source.Account{{Provider: "microsoft"}}},
		"twilio":          {source.Object{ID: "SM1", Data: map[string]any{"AccountSid": "AC1"}}, []source.Account{{Provider: "twilio", Address: "AC1"}}},
		"zapier":          {source.Object{ID: "c1"}, nil},
	} {
		m := newMemory("a")
		f, p := failing(t, m)
		p.Store, p.Objects = ofSource{m, kind}, says{f, c.object}
		var told []source.Account
		p.Changed = func(_ context.Context, of string, a source.Account) {
			if of == supplier {
				told = append(told, a)
			}
		}
		work(t, p, "a")
		if len(told) != len(c.want) || len(told) > 0 && told[0] != c.want[0] {
			t.Errorf("%s: told %v, want %v", kind, told, c.want)
		}
	}
}
