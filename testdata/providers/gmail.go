package providers

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A mailbox is one at Gmail.
type mailbox struct {
	messages map[string]*gmailMessage
	order    []*gmailMessage   // the oldest first, then by id; without those that are deleted
	threads  map[string]string // thread by Message-ID
	history  []gmailRecord     // ascending by id
	now      uint64            // the last history id
	floor    uint64            // history of before is forgotten
	watched  time.Time         // pushes are sent until then
}

// A gmailMessage is a mail in a mailbox.
type gmailMessage struct {
	id, thread string
	labels     []string // sorted; never changed in place
	history    uint64
	date       time.Time
	mail       Mail
}

// hidden reports whether lists leave a message out.
func (m *gmailMessage) hidden() bool {
	return slices.Contains(m.labels, "SPAM") || slices.Contains(m.labels, "TRASH")
}

// A Gmail is a mailbox that can be changed as its owner does.
type Gmail struct {
	server  *Server
	address string
}

// Gmail is the mailbox of an account, which is made if it is new.
func (s *Server) Gmail(address string) Gmail {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account(Google, address, "")
	s.mailbox(address)
	return Gmail{s, address}
}

func (s *Server) mailbox(address string) *mailbox {
	box, ok := s.google.mailboxes[address]
	if !ok {
		box = &mailbox{messages: make(map[string]*gmailMessage), threads: make(map[string]string), now: 1000, floor: 1000}
		s.google.mailboxes[address] = box
	}
	return box
}

// Add puts a mail into the mailbox, with labels or else those that it has there,
// and gives its id.
func (g Gmail) Add(mail Mail, labels ...string) string {
	if len(labels) == 0 {
		labels = []string{"INBOX", "UNREAD"}
		if strings.EqualFold(mail.From.Address, g.address) {
			labels = []string{"SENT"}
		}
	}
	if !strings.EqualFold(mail.From.Address, g.address) {
		mail.Bcc = nil
	}
	var id string
	g.change(func(box *mailbox) {
		id = fmt.Sprintf("%016x", 0x18f0000000000000+g.server.next()*0x9e37)
		m := &gmailMessage{id: id, thread: id, labels: slices.Sorted(slices.Values(labels)), date: mail.Date.UTC().Truncate(time.Millisecond), mail: mail}
		for _, ref := range append(slices.Clone(mail.References), mail.InReplyTo) {
			if thread, ok := box.threads[ref]; ok && ref != "" {
				m.thread = thread
				break
			}
		}
		box.threads[mail.MessageID] = m.thread
		box.messages[id] = m
		at, _ := slices.BinarySearchFunc(box.order, m, older)
		box.order = slices.Insert(box.order, at, m)
		m.history = box.note(gmailRecord{kind: messageAdded, message: id, thread: m.thread, labels: m.labels})
	})
	return id
}

// older orders messages, the oldest first.
func older(a, b *gmailMessage) int {
	return cmp.Or(a.date.Compare(b.date), strings.Compare(a.id, b.id))
}

// Label adds labels to a message and takes others away.
func (g Gmail) Label(id string, add, remove []string) {
	g.change(func(box *mailbox) {
		m, ok := box.messages[id]
		if !ok {
			return
		}
		labels := slices.DeleteFunc(slices.Clone(m.labels), func(l string) bool { return slices.Contains(remove, l) })
		labels = append(labels, add...)
		slices.Sort(labels)
		m.labels = slices.Compact(labels)
		if len(add) > 0 {
			m.history = box.note(gmailRecord{kind: labelAdded, message: id, thread: m.thread, labels: slices.Clone(add)})
		}
		if len(remove) > 0 {
			m.history = box.note(gmailRecord{kind: labelRemoved, message: id, thread: m.thread, labels: slices.Clone(remove)})
		}
	})
}

// Trash moves a message into the trash.
func (g Gmail) Trash(id string) { g.Label(id, []string{"TRASH"}, []string{"INBOX"}) }

// Delete deletes a message for ever.
func (g Gmail) Delete(id string) {
	g.change(func(box *mailbox) {
		m, ok := box.messages[id]
		if !ok {
			return
		}
		delete(box.messages, id)
		if at, ok := slices.BinarySearchFunc(box.order, m, older); ok {
			box.order = slices.Delete(box.order, at, at+1)
		}
		box.note(gmailRecord{kind: messageDeleted, message: id, thread: m.thread, labels: m.labels})
	})
}

// IDs are the ids of the mailbox's messages that are neither trash nor spam nor
// drafts, the oldest first.
func (g Gmail) IDs() []string {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	var ids []string
	for _, m := range g.server.mailbox(g.address).order {
		if !m.hidden() && !slices.Contains(m.labels, "DRAFT") {
			ids = append(ids, m.id)
		}
	}
	return ids
}

// ForgetHistory makes all history ids that were given too old.
func (g Gmail) ForgetHistory() {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	box := g.server.mailbox(g.address)
	box.now += 1000
	box.floor, box.history = box.now, nil
}

// change changes the mailbox, and tells who watches it.
func (g Gmail) change(f func(*mailbox)) {
	s := g.server
	s.mu.Lock()
	box := s.mailbox(g.address)
	before := box.now
	f(box)
	var pushes []Push
	if now := s.now(Google); box.now != before && now.Before(box.watched) {
		pushes = append(pushes, s.gmailPush(g.address, box.now, now))
	}
	s.mu.Unlock()
	s.pushed(pushes...)
}

// gmailProfile answers users.getProfile.
func (s *Server) gmailProfile(r *request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	box := s.mailbox(r.address)
	threads := make(map[string]bool)
	for _, m := range box.order {
		threads[m.thread] = true
	}
	return map[string]any{
		"emailAddress": r.address, "messagesTotal": len(box.order), "threadsTotal": len(threads),
		"historyId": strconv.FormatUint(box.now, 10),
	}, nil
}

// gmailLabels answers users.labels.list.
func (s *Server) gmailLabels(*request) (any, error) {
	var all []any
	for _, name := range []string{"INBOX", "SENT", "DRAFT", "SPAM", "TRASH", "UNREAD", "STARRED", "IMPORTANT"} {
		all = append(all, map[string]any{"id": name, "name": name, "type": "system"})
	}
	return map[string]any{"labels": all}, nil
}

// A gmailPlace is where a page of a list goes on: before a message.
type gmailPlace struct {
	Date int64  `json:"d"` // in milliseconds
	ID   string `json:"i"`
}

// gmailList answers users.messages.list, the newest first.
func (s *Server) gmailList(r *request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := r.URL.Query()
	matches, err := gmailQuery(q.Get("q"), q["labelIds"], q.Get("includeSpamTrash") == "true")
	if err != nil {
		return nil, err
	}
	box, size := s.mailbox(r.address), number(q.Get("maxResults"), 100, 500)
	end := len(box.order)
	if token := q.Get("pageToken"); token != "" {
		var from gmailPlace
		if !readCursor(token, &from) || s.expired(r) {
			return nil, badRequest("Invalid pageToken")
		}
		end, _ = slices.BinarySearchFunc(box.order, &gmailMessage{date: time.UnixMilli(from.Date).UTC(), id: from.ID}, older)
	}
	page, next, left := []map[string]string{}, "", 0
	for at := end - 1; at >= 0; at-- {
		m := box.order[at]
		if !matches(m) {
			continue
		}
		if left++; left > size {
			if next == "" {
				last := box.messages[page[size-1]["id"]]
				next = cursorOf(gmailPlace{last.date.UnixMilli(), last.id})
			}
			continue
		}
		page = append(page, map[string]string{"id": m.id, "threadId": m.thread})
	}
	answer := map[string]any{"resultSizeEstimate": left}
	if len(page) > 0 {
		answer["messages"] = disturbed(s, r, page)
	}
	if next != "" {
		answer["nextPageToken"] = next
	}
	return answer, nil
}

// gmailQuery is what a list is asked for: the search terms after:SECONDS and
// -in:LABEL, and labels.
func gmailQuery(q string, labels []string, all bool) (func(*gmailMessage) bool, error) {
	var after time.Time
	var without []string
	for _, term := range strings.Fields(q) {
		if seconds, ok := strings.CutPrefix(term, "after:"); ok {
			n, err := strconv.ParseInt(seconds, 10, 64)
			if err != nil {
				return nil, badRequest("Invalid query: " + term)
			}
			after = time.Unix(n, 0)
			continue
		}
		label, ok := strings.CutPrefix(term, "-in:")
		if !ok {
			return nil, failure{status: http.StatusNotImplemented, reason: "notImplemented", message: "the test server cannot search for " + term}
		}
		without = append(without, strings.TrimSuffix(strings.ToUpper(label), "S")) // -in:drafts leaves out DRAFT
	}
	return func(m *gmailMessage) bool {
		if m.hidden() && !all || m.date.Before(after) {
			return false
		}
		for _, label := range m.labels {
			if slices.Contains(without, label) {
				return false
			}
		}
		for _, label := range labels {
			if !slices.Contains(m.labels, label) {
				return false
			}
		}
		return true
	}, nil
}

// gmailGet answers users.messages.get.
func (s *Server) gmailGet(r *request) (any, error) {
	format := cmp.Or(r.URL.Query().Get("format"), "full")
	if !slices.Contains([]string{"full", "metadata", "minimal"}, format) {
		return nil, badRequest("Invalid format " + format)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.mailbox(r.address).messages[r.PathValue("id")]
	if !ok {
		return nil, failure{status: http.StatusNotFound, reason: "notFound", message: "Requested entity was not found."}
	}
	answer := map[string]any{
		"id": m.id, "threadId": m.thread, "labelIds": m.labels, "snippet": gmailSnippet(m.mail),
		"historyId": strconv.FormatUint(m.history, 10), "internalDate": millis(m.date),
		"sizeEstimate": len(m.mail.Text) + len(m.mail.HTML) + 500,
	}
	if format != "minimal" {
		answer["payload"] = payload(m.mail, format == "full", r.URL.Query()["metadataHeaders"])
	}
	if fields := r.URL.Query().Get("fields"); fields != "" {
		maps.DeleteFunc(answer, func(name string, _ any) bool { return !slices.Contains(strings.Split(fields, ","), name) })
	}
	return answer, nil
}
