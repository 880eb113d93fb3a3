package main

import (
	"fmt"
	"testing"
)

// Under every_edit each keystroke is a proposal, and each is answered by a
// mirror. None may land before the author rests.
func TestProposalOfAFastTypistIsWhatWasTyped(t *testing.T) {
	t.Parallel()
	for _, version := range []int{2, 1} {
		t.Run(fmt.Sprintf("automerge-repo %d", version), func(t *testing.T) {
			h := startHub(t)
			olga := h.api(owner("olga"))
			id := olga.create(map[string]any{"name": "Ada", venue: "Orchard Barn"}).DocumentID
			node := startNode(t)
			ada := node.open("ada", clientOptions{url: h.sync(member("ada")), version: version})
			ben := node.open("ben", clientOptions{url: h.sync(member("ben"))})
			for _, c := range []*nodeClient{ada, ben} {
				c.do("find", args{"id": id})
				c.do("observe", args{"id": id, "field": venue})
			}
			const typed, letters = "Orchard Barn by the lake", 12
			ada.do("type", args{"id": id, "field": venue, "text": typed[len("Orchard Barn"):], "every": 110})
			ada.do("wait", args{"id": id, "idle": true})
			ada.awaitValue(id, venue, "Orchard Barn") // once she rests
			converge(t, h, id, ada, ben)

			shown := ada.events("shown")
			for i, e := range shown {
				own := min(i, letters) // the first event is of before she typed
				if got, want := e.Value, typed[:len("Orchard Barn")+own]; i <= letters && got != want {
					t.Errorf("event %d (%s) shows %q, want %q", i, e.Source, got, want)
				}
			}
			if len(shown) <= letters {
				t.Errorf("%d events for %d keystrokes", len(shown), letters)
			}
			for _, e := range ben.events("shown") {
				if e.Value != "Orchard Barn" {
					t.Errorf("ben was shown %q", e.Value)
				}
			}
			pending := olga.conflicts("pending")
			if len(pending) != 1 {
				t.Fatalf("%d conflicts, want 1", len(pending))
			}
			var open []any
			for _, p := range pending[0].Proposals {
				if p.State == "open" {
					open = append(open, p.Value)
				}
			}
			if len(open) != 1 || open[0] != typed {
				t.Errorf("proposed %q, want what was typed, once", open)
			}
		})
	}
}
