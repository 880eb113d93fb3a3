package microsoft_test

import (
	"context"
	"testing"

	"wedsync/server/communications/source"
	"wedsync/server/communications/source/microsoft"
	"wedsync/server/communications/source/sourcetest"
	"wedsync/store"
)

// says answers everything with a body.
type says []byte

func (s says) Call(context.Context, source.Request) (source.Answer, error) {
	return source.Answer{Status: 200, Body: s}, nil
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"value":[{"id":"1","receivedDateTime":"2027-01-01T00:00:00Z","internetMessageId":"<a@b>","from":{"emailAddress":{"address":"x@y"}},"body":{"contentType":"html","content":"<p>x"},"attachments":[{"name":"\u0000"}]},{"id":"1","@removed":{}}],"@odata.deltaLink":"x"}`))
	f.Add([]byte(`{"value":[{"id":"1","iCalUId":"u","type":"occurrence","seriesMasterId":"1","start":{"dateTime":"2027-01-01T00:00:00.0000000","timeZone":"UTC"},"end":{"dateTime":"2027-01-01T00:00:00"},"organizer":{"emailAddress":{"name":"\u0000"}},"location":{"displayName":"+49 30 901820"}}],"@odata.nextLink":"x"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		a := source.Account{Address: owner, Level: store.LevelEverything, Now: now, Caller: says(body)}
		_, _ = microsoft.Source{}.Scopes(t.Context(), a) // it may make no sense
		for _, scope := range []string{"folder:1", "calendar:1"} {
			step, err := microsoft.Source{}.Pull(t.Context(), a, scope, source.Place{})
			if err != nil {
				continue
			}
			if err := sourcetest.Sound(step); err != nil {
				t.Errorf("%s: %v", scope, err)
			}
		}
	})
}
