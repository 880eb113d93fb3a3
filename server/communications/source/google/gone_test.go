package google_test

import (
	"slices"
	"testing"
	"time"

	"wedsync/server/communications/source/google"
	"wedsync/testdata/providers"
)

func TestMailThatIsDeletedForGoodIsGone(t *testing.T) {
	server := providers.New(providers.Options{Seed: 1, Clock: func() time.Time { return now }})
	box := server.Gmail(anna)
	kept, thrown := box.Add(providers.Mail{Date: now}), box.Add(providers.Mail{Date: now})
	r := newReader(t, server, anna)
	box.Delete(thrown)
	for scope, want := range map[string][]string{"mail": {thrown, "never"}, "calendar:c": nil} {
		gone, err := google.Source{}.Gone(t.Context(), r.Account, scope, []string{kept, thrown, "calendar:c/e", "never"})
		if err != nil || !slices.Equal(gone, want) {
			t.Errorf("%s: %v, %v, want %v", scope, gone, err, want)
		}
	}
}
