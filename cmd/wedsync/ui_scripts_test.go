package main

import (
	"strings"
	"testing"
)

// Two values in Hebrew stood in the order of Hebrew, the new one first, with the arrow
// between them still from left to right.
func TestChangesReadFromOldToNewInEveryScriptAndAtEveryLength(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	olga, ada := h.api(owner("olga")), h.api(member("👩 Ada"))
	long := strings.Repeat("Ballymaloe House, ", 20)
	for before, after := range map[string]string{"Barn": "Mill", "גן האירועים": "אולם הגפן", long: long + "Cork"} {
		id := olga.create(map[string]any{"name": "Ada & Ben", "venue_name": before}).ClientID
		ada.must("PATCH", "/api/clients/"+id, map[string]any{"fields": map[string]any{"venue_name": after}}, nil)
	}
	p := startBrowser(t).person("ada", "http://"+h.address)
	p.signIn(h.token(member("👩 Ada")), "/inbox")
	p.until("wedAll('.face').every(e => e.textContent === '👩')")
	p.until("wed('wed-conflict[current]') && wedAll('wed-conflict').length === 3")
	p.press("j") // the first one is closed, too
	p.until(`wedAll(".change").length === 2`)
	inOrder := `wedAll(".change").every(change => {
		const [before, after, row] = [change.firstElementChild, change.querySelector("strong"), change].map(e => e.getBoundingClientRect())
		return before.right <= after.left && after.left < row.right
	})`
	p.until(inOrder)
	p.press("j")
	p.until(inOrder)
}
