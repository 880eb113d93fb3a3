package hub_test

import (
	"errors"
	"sync/atomic"
	"time"

	"wedsync/conflicts"
	"wedsync/server/hub"
	"wedsync/store"
)

var lifeScenarios = []scenario{
	{17, "record_deleted_restored_and_erased_while_pending", func(s *scene) {
		s.contested()
		ada := s.person("ada")
		s.owned("delete", s.hub.Delete(s.Context(), s.id, ada.who, nil))
		s.stands("budget")
		s.owned("restore", s.hub.Restore(s.Context(), s.id, ada.who, nil))
		s.stands("budget")
		s.owned("erase", s.hub.Erase(s.Context(), s.id, ada.who))
		s.stands("budget")
		s.olga.set("notes", s.form.s("still here"))
		for _, o := range s.olga.deliver(s.hub, s.olga.graph.At(s.olga.graph.Len()-1).Raw) {
			if o.Unavailable != "" {
				s.tell("unavailable")
			}
		}
		s.owned("restore", s.hub.Restore(s.Context(), s.id, s.owns("olga"), nil))
	}, []row{
		{anyMode, owners, "delete: done; budget gone [record_deleted v2 stale_base 1@1→5@2: 6 open]; " +
			"restore: done; budget 5@2 [pending v3 stale_base 1@1→5@2: 6 open]; " +
			"erase: done; budget gone [erased v4 stale_base nothing@1→nothing@2: nothing open]; unavailable; restore: not found"},
		{anyMode, []conflicts.Role{conflicts.Member, conflicts.Integration, conflicts.Viewer}, "delete: forbidden; budget 5@2 [pending v1 stale_base 1@1→5@2: 6 open]; " +
			"restore: forbidden; budget 5@2 [pending v1 stale_base 1@1→5@2: 6 open]; " +
			"erase: forbidden; budget 5@2 [pending v1 stale_base 1@1→5@2: 6 open]; restore: not found"},
	}},
	{29, "made_and_corrected_offline_then_uploaded", func(s *scene) {
		s.id[0] ^= 1 // a record that nobody knows
		ada := s.phone(s.author("ada"))
		ada.set("wedding_date", s.form.s("2027-06-12"))
		first := ada.graph.At(0).Raw
		ada.set("wedding_date", s.form.s("2027-06-19"))
		ada.deliver(s.hub, first)
		s.judged("half")
		ada.sends()
		s.stands("wedding_date")
	}, []row{
		{anyMode, writers, "half: -; ada: created; wedding_date 2027-06-19@1"},
		{anyMode, viewers, "half: -; ada: -; wedding_date gone"},
	}},
	{29, "typing_into_an_empty_field", func(s *scene) {
		var late atomic.Int64
		s.hub = s.another(s.store, func() time.Time { return time.Now().Add(time.Duration(late.Load())) })
		ada := s.person("ada")
		for _, text := range []string{"G", "Gr", "Gra"} {
			ada.edits("theme", s.form.s(text))
		}
		late.Store(int64(10 * time.Minute))
		ada.edits("theme", s.form.s("Gran"))
		s.stands("theme")
	}, []row{
		{anyMode, owners, "ada: accepted; ada: accepted; ada: accepted; ada: accepted; theme Gran@4"},
		{conflicting, members, "ada: accepted; ada: accepted; ada: accepted; ada: accepted; theme Gran@4"},
		{every, members, "ada: accepted; ada: accepted; ada: accepted; ada: needs_review; theme Gra@3 [pending v1 needs_review Gra@3→Gra@3: Gran open]"},
		{reviewed, integrations, "ada: needs_review; ada: supersedes, needs_review; ada: supersedes, needs_review; ada: supersedes, needs_review; " +
			"theme nothing@0 [pending v4 needs_review nothing@0→nothing@0: G superseded, Gr superseded, Gra superseded, Gran open]"},
		{locked, proposers, "ada: forbidden; ada: forbidden; ada: forbidden; ada: forbidden; theme nothing@0"},
		{anyMode, viewers, "ada: -; ada: -; ada: -; ada: -; theme nothing@0"},
	}},
}

// owned tells how something went that only owners may do.
func (s *scene) owned(what string, err error) {
	s.Helper()
	switch {
	case err == nil:
		s.tell("%s: done", what)
	case errors.Is(err, hub.ErrForbidden):
		s.tell("%s: forbidden", what)
	case errors.Is(err, store.ErrNotFound):
		s.tell("%s: not found", what)
	default:
		s.Fatalf("%s: %v", what, err)
	}
}
