package microsoft_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"wedsync/server/communications/source/microsoft"
	"wedsync/testdata/providers"
)

func TestMailThatIsInAnotherFolderOrNoneIsGone(t *testing.T) {
	s := newScene(t)
	kept, moved, thrown := s.box.Add(providers.Mail{Date: now}), s.box.Add(providers.Mail{Date: now}), s.box.Add(providers.Mail{Date: now})
	s.read()
	ids := slices.Sorted(maps.Keys(s.Found))
	s.box.Move(moved, "archive")
	s.box.Delete(thrown)
	s.box.Delete(thrown)
	folder, _, _ := strings.Cut(ids[0], "/")
	got, err := microsoft.Source{}.Gone(t.Context(), s.Account, "folder:"+folder, append(ids, "other/"+kept))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range got {
		if !strings.HasSuffix(id, "/"+moved) && !strings.HasSuffix(id, "/"+thrown) {
			t.Errorf("%s is said to be gone", id)
		}
	}
	if len(got) != 2 {
		t.Errorf("gone are %v", got)
	}
	gone, err := microsoft.Source{}.Gone(t.Context(), s.Account, "calendar:c", []string{"c/never", ids[0]})
	if err != nil || !slices.Equal(gone, []string{"c/never"}) {
		t.Errorf("of events %v, %v", gone, err)
	}
}
