package hub_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"wedsync/conflicts"
	"wedsync/server/hub"
)

// The cases of the product's text on critical fields, on scalars and on texts,
// under all modes and for all roles: what a row expects is derived from the text.

// A scenario plays a case. Its authors have the role of the combination.
type scenario struct {
	number int
	claim  string // names the subtest
	play   func(s *scene)
	rows   []row
}

// A row says what a scenario leads to under some modes for some roles, whatever
// the form of the values.
type row struct {
	modes []conflicts.Review
	roles []conflicts.Role
	facts string // joined by "; "
}

// The modes and roles of rows.
var (
	anyMode     = []conflicts.Review{conflicts.EveryEdit, conflicts.ConflictingEdits, conflicts.Locked}
	reviewed    = []conflicts.Review{conflicts.EveryEdit, conflicts.ConflictingEdits}
	every       = []conflicts.Review{conflicts.EveryEdit}
	conflicting = []conflicts.Review{conflicts.ConflictingEdits}
	locked      = []conflicts.Review{conflicts.Locked}

	anyRole      = []conflicts.Role{conflicts.Owner, conflicts.Member, conflicts.Integration, conflicts.Viewer}
	writers      = []conflicts.Role{conflicts.Owner, conflicts.Member, conflicts.Integration}
	proposers    = []conflicts.Role{conflicts.Member, conflicts.Integration}
	owners       = []conflicts.Role{conflicts.Owner}
	members      = []conflicts.Role{conflicts.Member}
	integrations = []conflicts.Role{conflicts.Integration}
	viewers      = []conflicts.Role{conflicts.Viewer}
)

// decided are the rows of most cases, by what an author may do with a field
// whose accepted value he knows: set it (rule 12), propose (13), neither (3), or
// only read.
func decided(sets, proposes, forbidden, reads string) []row {
	return []row{
		{anyMode, owners, sets},
		{conflicting, members, sets},
		{every, members, proposes},
		{reviewed, integrations, proposes},
		{locked, proposers, forbidden},
		{anyMode, viewers, reads},
	}
}

// diverted are the rows of cases in which whoever may propose does.
func diverted(proposes, forbidden, reads string) []row {
	return decided(proposes, proposes, forbidden, reads)
}

func scenarios() []scenario {
	return slices.Concat(editScenarios, proposalScenarios, valueScenarios, historyScenarios, lifeScenarios)
}

func TestCases(t *testing.T) {
	st := openStore(t)
	log := &complaints{}
	h, err := hub.New(t.Context(), hub.Options{Store: st, Engine: noEngine{}, Log: slog.New(log)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	var g errgroup.Group
	g.SetLimit(16) // so that they share transactions
	for _, sc := range scenarios() {
		for _, r := range sc.rows {
			for _, s := range r.scenes() {
				g.Go(func() error {
					t.Run(fmt.Sprintf("%02d_%s/%s/%s/%s", sc.number, sc.claim, s.form, s.mode, s.role), func(t *testing.T) {
						s.T, s.hub, s.store, s.log = t, h, st, log
						s.begin()
						sc.play(&s)
						if diff := cmp.Diff(strings.Split(r.facts, "; "), s.facts); diff != "" {
							t.Errorf("facts (-want +got):\n%s", diff)
						}
						s.check()
					})
					return nil
				})
			}
		}
	}
	_ = g.Wait() // its functions return no error
}

// scenes are the combinations of a row.
func (r row) scenes() (all []scene) {
	for _, f := range []form{scalars, texts} {
		for _, mode := range r.modes {
			for _, role := range r.roles {
				all = append(all, scene{form: f, mode: mode, role: role})
			}
		}
	}
	return all
}

func TestEveryCaseHasOneRowForEachModeAndRole(t *testing.T) {
	numbers := make(map[int]bool)
	claims := make(map[string]bool)
	for _, sc := range scenarios() {
		numbers[sc.number] = true
		if claims[sc.claim] {
			t.Errorf("two scenarios are called %s", sc.claim)
		}
		claims[sc.claim] = true
		rows := make(map[string]int)
		for _, r := range sc.rows {
			for _, s := range r.scenes() {
				rows[s.key()]++
			}
		}
		for _, s := range (row{modes: anyMode, roles: anyRole}).scenes() {
			if n := rows[s.key()]; n != 1 {
				t.Errorf("case %d, %s: %d rows for %s, %s, %s", sc.number, sc.claim, n, s.form, s.mode, s.role)
			}
		}
	}
	for n := 1; n <= 34; n++ {
		if !numbers[n] {
			t.Errorf("case %d is missing", n)
		}
	}
	if len(numbers) != 34 {
		t.Errorf("%d cases, the text has 34", len(numbers))
	}
}

func (s *scene) key() string { return fmt.Sprint(s.form, " ", s.mode, " ", s.role) }
