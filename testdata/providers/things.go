package providers

import "time"

// A Person is somebody with an e-mail address.
type Person struct {
	Name    string // may be empty
	Address string
}

// A Mail is one that was sent; it may be in several mailboxes.
type Mail struct {
	MessageID  string // with its angle brackets; may be empty
	InReplyTo  string
	References []string // the thread's, the first one first
	From       Person
	To         []Person
	Cc         []Person
	Bcc        []Person // in the sender's copy alone
	Subject    string
	Text       string // at least one of Text and HTML
	HTML       string
	Attached   []Attachment
	Date       time.Time
}

// An Attachment is a file that came with a mail.
type Attachment struct {
	Name, Type string
	Size       int
}

// An Event is an appointment, or one instance of one that recurs.
type Event struct {
	UID        string // iCalUID, the same in all calendars, and of all instances
	Start, End time.Time
	AllDay     bool // Start and End are midnights; what counts is their dates
	// Original is when the instance of a recurring event was to begin at first; zero
	// for one that does not recur.
	Original    time.Time
	Summary     string
	Description string
	Location    string
	Conference  string // its URL
	Organiser   Person
	Attendees   []Person
	Cancelled   bool
}

// A Message is a text message.
type Message struct {
	From, To string // E.164
	Body     string
	Media    int
	Inbound  bool
	State    string // queued, sent, delivered, received, failed, …
	Sent     time.Time
}

// A Call is one by telephone, or one part of it.
type Call struct {
	Parent   string // the sid of the call that was put through here; empty for one of its own
	From, To string // E.164
	Inbound  bool
	State    string // ringing, in-progress, completed, busy, no-answer, …
	Start    time.Time
	Duration time.Duration
}
