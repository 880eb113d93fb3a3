package main

import (
	"context"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"
)

// wave is how many inputs one set of records is attacked with. A record takes
// so many heads and no more.
const wave = 10_000

func TestMutatedInputsHarmNobody(t *testing.T) {
	s := besiege(t, "inputs", seedOf(t), *soakInputs)
	token := s.hub.token(owner("olga"))
	for left, n := *soakInputs, 0; left > 0 && !t.Failed(); left, n = left-wave, n+1 {
		targets := attackedRecords(s.hub, s.node, fmt.Sprintf("victim-%d", n))
		ctx, cancel := context.WithCancel(t.Context())
		g := errgroup.Group{}
		g.Go(func() error { return s.hub.watchEngine(ctx, token, targets) })
		s.throw(min(left, wave), func(a *attacker, _ int) []byte { return a.mutated(targets) })
		cancel()
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	}
	s.wantMetric(changesRefused, *soakInputs/100)
	s.wantMetric(changesStored, *soakInputs/100)
	s.wantMetric("wedsync_projections_total", 10)
	s.lift()
	s.hub.stop()
	s.hub.start()
	s.pair.phone.do("wait", args{"peer": true})
	s.pair.tab.do("wait", args{"peer": true})
	converge(t, s.hub, s.pair.id, s.pair.phone, s.pair.tab)
}

func TestNamedAttacksHarmNobody(t *testing.T) {
	s := besiege(t, "attacks", 0, 0)
	target := attackedRecords(s.hub, s.node, "victim")[0]
	olga := s.hub.api(owner("olga"))
	for _, attack := range namedAttacks(target, "mallory-0") {
		t.Run(attack.name, func(t *testing.T) {
			a := s.attacker(0)
			defer a.close()
			for _, input := range attack.inputs {
				took, err := a.throw(input)
				if err != nil {
					t.Fatal(err)
				}
				if took > hang() {
					t.Errorf("the hub was busy for %s", took)
				}
				s.answers.note(took)
				s.progress.done.Add(1)
			}
			if !s.hub.alive() {
				t.Fatalf("the hub has died")
			}
			// Whatever was taken reaches the engine here.
			olga.do("GET", "/api/clients/"+target.id, nil, nil)
		})
	}
	s.lift()
}
