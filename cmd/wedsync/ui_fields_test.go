package main

import (
	"fmt"
	"testing"
)

const guestsField = `wed-plain-field[data-field="guests"]`

// visit puts the cursor in a field of a record, and enters nothing.
func (p *tab) visit(host string) {
	p.t.Helper()
	p.until("(e => { if (!e || e.readOnly) return false; e.focus(); return true })(" + inner(host, "input") + ")")
}

// enterInto types a value into a field of a record in place of what stands there, and leaves it.
func (p *tab) enterInto(host, value string) {
	p.t.Helper()
	p.visit(host)
	p.until("(e => { e.value = " + quote(value) + "; e.blur(); return true })(" + inner(host, "input") + ")")
}

// Who had the cursor in a field while somebody else set it took that back by leaving.
func TestFieldThatWasOnlyVisitedIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	olga := h.api(owner("olga"))
	id := olga.create(map[string]any{"name": "Ada & Ben", "wedding_date": "2027-06-12", "guests": 80}).ClientID
	p := startBrowser(t).person("olga", "http://"+h.address)
	p.signIn(h.token(owner("olga")), "/clients/"+id)
	p.readDate("2027-06-12")
	for field, value := range map[string]any{"wedding_date": "2027-06-19", "guests": 90} {
		host := "[data-field=" + quote(field) + "]"
		p.visit(host)
		olga.must("PATCH", "/api/clients/"+id, map[string]any{"fields": map[string]any{field: value}}, nil)
		p.until(fmt.Sprintf("(e => (e.shown ?? e.value) === %#v)(wed(%s))", value, quote(host)))
		p.until("(" + inner(host, "input") + ".blur(), true)")
		p.until(fmt.Sprintf("%s.value === String(%#v)", inner(host, "input"), value))
	}
	p.see(`wed-badge[data-saving="saved"]`)
	if fields := olga.get(id).Fields; fields["wedding_date"] != "2027-06-19" || fields["guests"] != 90.0 {
		t.Errorf("the record is %v after its fields were visited", fields)
	}
}

// A budget of 12500.50, typed in German, became 1250050.
func TestNumbersAreReadAsTheirLanguageWritesThem(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	olga := h.api(owner("olga"))
	id := olga.create(map[string]any{"name": "Ada & Ben", "budget": 1, "guests": 1}).ClientID
	b := startBrowser(t)
	for language, numbers := range map[string]map[string]float64{
		"de-DE": {"12.500,50": 12500.5, "12500.50": 12500.5, "12.500": 12500},
		"en-IN": {"12,34,567.5": 1234567.5, "12,500": 12500},
		"ar-EG": {"12,500.5": 12500.5},
	} {
		p := b.person(language, "http://"+h.address)
		p.script("Object.defineProperty(Navigator.prototype, 'language', { value: " + quote(language) + " })")
		p.signIn(h.token(owner("olga")), "/clients/"+id)
		for typed, want := range numbers {
			for _, host := range []string{`wed-critical[data-field="budget"]`, guestsField} {
				p.enterInto(host, typed)
				p.until(fmt.Sprintf("(e => (e.shown ?? e.value) === %v)(wed(%s))", want, quote(host)))
			}
		}
	}
}
