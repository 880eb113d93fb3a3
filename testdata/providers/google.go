package providers

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"
)

// googleState is what Google keeps. The server's lock guards it.
type googleState struct {
	mailboxes map[string]*mailbox             // by address
	calendars map[string]map[string]*calendar // by address and id
}

func newGoogleState() googleState {
	return googleState{mailboxes: make(map[string]*mailbox), calendars: make(map[string]map[string]*calendar)}
}

// handleGoogle serves Gmail and Google Calendar. The units are those of
// developers.google.com/workspace/gmail/api/reference/quota.
func (s *Server) handleGoogle() {
	const me = "/gmail/v1/users/me"
	s.handle(Google, "GET", me+"/profile", 1, s.gmailProfile)
	s.handle(Google, "GET", me+"/labels", 1, s.gmailLabels)
	s.handle(Google, "GET", me+"/messages", 5, s.gmailList)
	s.handle(Google, "GET", me+"/messages/{id}", 5, s.gmailGet)
	s.handle(Google, "GET", me+"/history", 2, s.gmailHistory)
	s.handle(Google, "POST", me+"/watch", 100, s.gmailWatch)
	s.handle(Google, "POST", me+"/stop", 50, s.gmailStop)
	s.handle(Google, "GET", "/calendar/v3/users/me/calendarList", 1, s.calendarList)
	s.handle(Google, "GET", "/calendar/v3/calendars/{id}/events", 1, s.calendarEvents)
}

// number reads a number of a query, or what counts without one.
func number(text string, without, most int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		n = without
	}
	return min(n, most)
}

// cursorOf makes a text of what a page begins with, which only the server reads.
func cursorOf(what any) string {
	data, err := json.Marshal(what)
	if err != nil {
		panic(err) // a bug: cursors are made of plain values
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// readCursor reports whether a text is one that cursorOf made.
func readCursor(text string, into any) bool {
	data, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && json.Unmarshal(data, into) == nil
}

func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
