package main

import (
	"slices"
	"testing"
)

// Buttons of a dialog.
const (
	doIt = `wed-dialog button[slot="actions"].primary`
	cut  = `wed-dialog button[slot="actions"].danger`
)

func TestOwnersLookAfterCopiesDevicesAndPolicy(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	api := h.api(owner("olga"))
	ada := api.create(map[string]any{"name": "Ada & Ben", "notes": "Peonies."}).ClientID
	b := startBrowser(t)
	olga, maya := b.person("olga", "http://"+h.address), b.person("maya", "http://"+h.address)
	for _, p := range []*tab{olga, maya} {
		p.signIn(h.token(who{"barn", p.name, map[string]string{"olga": "owner", "maya": "member"}[p.name], ""}), "/clients/"+ada)
		p.readNotes("Peonies.")
		p.see(`wed-badge[data-saving="saved"]`)
	}
	olga.see(`li[data-peer="maya"]`)

	// Copies: this browser's is the hub's, or it is said that it is not.
	olga.click(`nav a[href="/status"]`)
	olga.says("2 in sync")
	olga.click(`wed-queue button`)
	olga.says("Compared with the hub: 1 the same.")
	olga.eval("{ const real = crypto.subtle.digest; crypto.subtle.digest = async () => { crypto.subtle.digest = real; return new ArrayBuffer(32) } }; 0")
	olga.click(`wed-queue button`)
	olga.says("Compared with the hub: 1 different.")
	olga.says("This browser shows something else than the hub, although both hold the same changes (digest 00000000")
	olga.click(`button[aria-label="Repair Ada & Ben"]`)
	olga.says("The hub found nothing wrong with this record.")
	olga.tap(`wed-dialog button[slot="actions"]`)
	olga.until("!wed('dialog')")

	// What has not reached the hub.
	maya.offline(true)
	maya.typeNotes(" Ramp needed.")
	maya.see(`wed-badge[data-saving="kept"]`)
	maya.click(`nav a[href="/status"]`)
	maya.says("One record has edits that the hub does not have yet")
	maya.until(`["Ada & Ben", "Notes"].every(text => wedText(wed("wed-queue")).includes(text))`)
	maya.offline(false)
	maya.says("Everything that was edited here has reached the hub.")

	// Devices: named, shut out, let in again.
	const hers = `section[aria-label="maya"] `
	olga.click(`nav a[href="/devices"]`)
	olga.click(hers + `button[aria-label^="Name "]`)
	olga.until(`(e => e && (e.focus(), true))(wed("input#name"))`)
	olga.press("Laptop in the barn")
	olga.tap(doIt)
	olga.until(`wedText(wed(` + quote(hers+`li`) + `)).includes("Laptop in the barn")`)
	olga.click(hers + `button[aria-label="Shut out Laptop in the barn"]`)
	olga.tap(cut)
	maya.see(`p[data-state="Shut out"]`)
	maya.says("An owner took this browser’s access away.")
	olga.click(hers + `button[aria-label="Let in again: Laptop in the barn"]`)
	maya.see(`p[data-state="Synced"]`)

	// Policy: members read it, and of two owners who edit it at once both keep theirs.
	maya.click(`nav a[href="/policy"]`)
	maya.says("Owners may change this.")
	maya.until(`!wed("wed-policy-row input") && !wed(".foot button")`)
	ona := b.person("ona", "http://"+h.address)
	ona.signIn(h.token(owner("ona")), "/policy")
	ona.addField("dress_code")
	olga.click(`nav a[href="/policy"]`)
	olga.addField("menu")
	olga.tap(".foot button.primary:enabled")
	olga.says("of the policy is in force.")
	ona.expect("409")
	ona.tap(".foot button.primary:enabled")
	ona.says("Somebody else has changed the policy meanwhile")
	ona.says("Menu became critical")
	ona.click("button.mine")
	ona.until(`!wed(".moved")`)
	ona.tap(".foot button.primary:enabled")
	ona.says("of the policy is in force.")
	var policy struct{ Fields []struct{ Path string } }
	api.must("GET", "/api/policy", nil, &policy)
	var paths []string
	for _, f := range policy.Fields {
		paths = append(paths, f.Path)
	}
	if !slices.Contains(paths, "menu") || !slices.Contains(paths, "dress_code") {
		t.Errorf("critical are %v, want menu and dress_code among them", paths)
	}
}

// tap clicks an element wherever it moves meanwhile, as a dialog does that opens.
func (p *tab) tap(selector string) {
	p.t.Helper()
	p.until("(e => e && (e.click(), true))(wed(" + quote(selector) + "))")
}

// addField adds a critical field to the policy that the tab shows.
func (p *tab) addField(path string) {
	p.t.Helper()
	p.click(".add button")
	p.until(`(e => e && e.value === "" && (e.focus(), true))(wedAll("wed-policy-row").at(-1)?.shadowRoot.querySelector("input"))`)
	p.press(path)
	p.until(`wedAll("wed-policy-row").at(-1).field.path === ` + quote(path))
}
