package providers

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// An outlookBox is a mailbox at Outlook with its calendars.
type outlookBox struct {
	folders   map[string]*outlookFolder
	messages  map[string]*outlookMessage // by immutable id
	calendars map[string]*outlookCalendar
	now       uint64 // the last change
	floor     uint64 // state tokens of before are too old
}

// An outlookFolder is a mail folder.
type outlookFolder struct {
	id, name, parent string
	gone             map[string]uint64 // when messages left it, by immutable id
}

// An outlookMessage is a mail in a mailbox.
type outlookMessage struct {
	id      string // immutable
	folder  string
	entered uint64 // when it came into its folder
	change  uint64
	mail    Mail
	read    bool
	draft   bool
}

// The folders that all mailboxes have, by the names that stand for their ids.
var wellKnown = map[string]string{
	"inbox": "Inbox", "sentitems": "Sent Items", "drafts": "Drafts", "deleteditems": "Deleted Items",
	"junkemail": "Junk Email", "outbox": "Outbox", "archive": "Archive",
}

// unwanted are the folders whose mails nobody wants to see.
var unwanted = []string{"drafts", "deleteditems", "junkemail", "outbox"}

// An Outlook is a mailbox that can be changed as its owner does.
type Outlook struct {
	server  *Server
	address string
}

// Outlook is the mailbox of an account, which is made if it is new.
func (s *Server) Outlook(address string) Outlook {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account(Microsoft, address, "")
	s.outlookBox(address)
	return Outlook{s, address}
}

func (s *Server) outlookBox(address string) *outlookBox {
	box, ok := s.microsoft.mailboxes[address]
	if !ok {
		box = &outlookBox{folders: make(map[string]*outlookFolder), messages: make(map[string]*outlookMessage), calendars: make(map[string]*outlookCalendar), now: 100}
		for name, shown := range wellKnown {
			box.folders[name] = &outlookFolder{id: outlookFolderID(name), name: shown, parent: "root", gone: make(map[string]uint64)}
		}
		s.microsoft.mailboxes[address] = box
	}
	return box
}

// outlookFolderID is the id of a folder, which does not tell its name.
func outlookFolderID(name string) string { return "AQMk" + cursorOf(name) + "=" }

// folder is a folder by its name or id.
func (b *outlookBox) folder(name string) (*outlookFolder, bool) {
	if f, ok := b.folders[strings.ToLower(name)]; ok {
		return f, true
	}
	for _, f := range b.folders {
		if f.id == name {
			return f, true
		}
	}
	return nil, false
}

// shown reports whether a folder is neither unwanted nor below one that is.
func (b *outlookBox) shown(id string) bool {
	for range len(b.folders) {
		f, ok := b.folder(id)
		if !ok {
			return true
		}
		if slices.ContainsFunc(unwanted, func(name string) bool { return b.folders[name] == f }) {
			return false
		}
		id = f.parent
	}
	return true
}

// Folder makes a folder below another one, or below none, and gives its id.
func (o Outlook) Folder(name, parent string) string {
	o.server.mu.Lock()
	defer o.server.mu.Unlock()
	box := o.server.outlookBox(o.address)
	f := &outlookFolder{id: outlookFolderID(fmt.Sprint(name, o.server.next())), name: name, parent: "root", gone: make(map[string]uint64)}
	if above, ok := box.folder(parent); ok {
		f.parent = above.id
	}
	box.folders[f.id] = f
	return f.id
}

// Add puts a mail into a folder, or else that in which it belongs, and gives its id.
func (o Outlook) Add(mail Mail, folder ...string) string {
	into := "inbox"
	if strings.EqualFold(mail.From.Address, o.address) {
		into = "sentitems"
	} else {
		mail.Bcc = nil
	}
	if len(folder) > 0 {
		into = folder[0]
	}
	mail.Date = mail.Date.UTC().Truncate(time.Second) // as Outlook writes it
	var id string
	o.change("created", func(box *outlookBox) string {
		f, ok := box.folder(into)
		if !ok {
			return ""
		}
		id = fmt.Sprintf("AAkALgAA%012d=", o.server.next())
		box.messages[id] = &outlookMessage{id: id, folder: f.id, entered: box.now, change: box.now, mail: mail, draft: into == "drafts"}
		return id
	})
	return id
}

// Move moves a message to another folder.
func (o Outlook) Move(id, folder string) {
	o.change("updated", func(box *outlookBox) string {
		m, ok := box.messages[id]
		to, known := box.folder(folder)
		if !ok || !known {
			return ""
		}
		from, _ := box.folder(m.folder)
		from.gone[id] = box.now
		delete(to.gone, id)
		m.folder, m.entered, m.change = to.id, box.now, box.now
		return id
	})
}

// Read marks a message as read.
func (o Outlook) Read(id string) {
	o.change("updated", func(box *outlookBox) string {
		m, ok := box.messages[id]
		if !ok {
			return ""
		}
		m.read, m.change = true, box.now
		return id
	})
}

// Delete moves a message to the deleted ones, or deletes it for ever if it is there.
func (o Outlook) Delete(id string) {
	o.server.mu.Lock()
	box := o.server.outlookBox(o.address)
	m, ok := box.messages[id]
	thrown := ok && m.folder == box.folders["deleteditems"].id
	o.server.mu.Unlock()
	if !thrown {
		o.Move(id, "deleteditems")
		return
	}
	o.change("deleted", func(box *outlookBox) string {
		box.folders["deleteditems"].gone[id] = box.now
		delete(box.messages, id)
		return id
	})
}

// IDs are the ids of the messages that are neither drafts nor junk nor deleted,
// ascending.
func (o Outlook) IDs() []string {
	o.server.mu.Lock()
	defer o.server.mu.Unlock()
	box := o.server.outlookBox(o.address)
	var ids []string
	for id, m := range box.messages {
		if box.shown(m.folder) && !m.draft {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Forget makes all state tokens that were given too old, those of calendars too.
func (o Outlook) Forget() {
	o.server.mu.Lock()
	defer o.server.mu.Unlock()
	box := o.server.outlookBox(o.address)
	box.now += 100
	box.floor = box.now
}

// change makes the next change of a mailbox, of a message whose id it gives, and
// tells who subscribed to that.
func (o Outlook) change(kind string, f func(*outlookBox) string) {
	s := o.server
	s.mu.Lock()
	box := s.outlookBox(o.address)
	box.now += 1 + box.now%3
	var pushes []Push
	if id := f(box); id != "" {
		pushes = s.notifications(o.address, kind, "message", id)
	}
	s.mu.Unlock()
	s.pushed(pushes...)
}
