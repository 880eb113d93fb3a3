package store

import (
	"context"
	"time"

	"wedsync/crdt"
)

// Bounds of communications; more is refused with ErrTooMany.
const (
	MaxAccounts     = 100       // of a supplier
	MaxScopes       = 1000      // cursors of an account
	MaxItemBytes    = 256 << 10 // of each subject, snippet, body and detail of an item
	MaxParticipants = 200       // of an item
	MaxPull         = 1000      // items of a pull, and removals
)

// An Account is a mailbox, a calendar or a telephone number whose communication is
// read for a supplier. Its settings are known to those who work with it alone;
// they hold encrypted tokens.
type Account struct {
	Supplier string
	ID       string // unique over all suppliers
	Provider string // it never changes
	// Version is that which was read, 0 for a new one. Storing it makes it Version+1.
	Version  uint64
	Settings []byte
	Created  time.Time // it never changes
	Changed  time.Time
}

// Accounts keeps accounts, durably. After an error other than those that are named
// a change may or may not be stored.
type Accounts interface {
	// Accounts reads those of a supplier in ascending order of id.
	Accounts(ctx context.Context, supplier string) ([]Account, error)
	// AllAccounts reads those of all suppliers, in ascending order of id,
	// beginning after one ("" is before all), at most limit.
	AllAccounts(ctx context.Context, after string, limit int) ([]Account, error)
	// Account reads one of whatever supplier, or ErrNotFound. The caller checks
	// whose it is.
	Account(ctx context.Context, id string) (Account, error)
	// SetAccount stores an account. It returns ErrStale unless a.Version is the
	// stored one's, also if it is gone or is another supplier's, and ErrTooMany for
	// a new one if the supplier has MaxAccounts.
	SetAccount(ctx context.Context, a Account) error
	// DeleteAccount forgets an account and its cursors, or returns ErrNotFound.
	// Its occurrences stay until they are forgotten (ForgetOccurrences), but pulls
	// of it are stale from now on.
	DeleteAccount(ctx context.Context, supplier, id string) error
}

// A Cursor says how far a part of an account has been read.
type Cursor struct {
	Supplier, Account string
	Scope             string // the part: a folder, a calendar, "messages"
	// Version is that which was read, 0 for a new one. Storing it makes it Version+1.
	Version uint64
	Due     time.Time // when it is to be read on
	State   []byte    // known to those who read it alone
}

// A CursorKey names a cursor.
type CursorKey struct{ Supplier, Account, Scope string }

// A Direction says who began a communication.
type Direction string

// The directions.
const (
	Inbound  Direction = "inbound"
	Outbound Direction = "outbound"
	Internal Direction = "internal" // among the supplier's own people
)

// A Level says how much of a communication an account shows.
type Level uint8

// The levels, each with what is below it.
const (
	LevelMetadata   Level = iota + 1 // who, when, which way
	LevelSubject                     // subject too
	LevelEverything                  // snippet, body and detail too
)

// A Participant is somebody who took part in a communication.
type Participant struct {
	Role    string // from, to, cc, bcc, caller, callee, organiser, attendee
	Contact        // normalised as NormalEMail and NormalPhone do; Value may be empty if nobody knows
	Name    string // as they call themselves; may be empty
	Own     bool   // one of the supplier's own addresses
}

// An Occurrence is an item as one account has it.
type Occurrence struct {
	Account  string // empty: the hub's own, of messages and of what was entered by hand
	Provider string // the account's id of it; the item's own id for the hub's own
	Level    Level  // how much this account shows of it
	Removed  bool   // whoever has the account removed it there
}

// An Item is one communication that took place, in however many accounts it is.
type Item struct {
	Supplier string
	ID       string   // a ULID; the store keeps that of whoever stored the key first
	Key      [32]byte // the same for all copies of the same communication, within the supplier; a hash
	Kind     string   // email, sms, call, scheduled_call, meeting, message, note
	Thread   [32]byte // the same for all of a conversation, a hash; zero for none
	At       time.Time
	Direction
	Subject string
	Snippet string
	Body    string // sanitised text that is searched; never markup
	Detail  []byte // JSON of server/communications: state, duration, HTML, attachments

	Participants []Participant
	Occurrences  []Occurrence // ascending by account, then provider
	Version      uint64       // raised by each change
	Told         bool         // whether who listens was told of it
}

// A Pull is what one step of reading an account found, or an item that a person
// entered, whose pull has no account and no cursor.
type Pull struct {
	Supplier, Account string
	// Cursor is moved to its State and Due if its Version is the stored one's; nil
	// for none.
	Cursor *Cursor
	// Items have one occurrence each, that of the account.
	Items []Item
	// Removed are the account's ids of what is gone there, also of Items. Those that
	// were never stored are left out.
	Removed []string
}

// A Pulled says what a pull has come to.
type Pulled struct {
	// IDs are those under which the items are stored, in their order; empty for one
	// that was left out, because it was erased.
	IDs     []string
	Fresh   int // items that nobody had stored before
	Changed int // items that were stored and are otherwise now
}

// A TimelineQuery selects items.
type TimelineQuery struct {
	Record  crdt.RecordID // whose they are; zero for those that are nobody's (Unmatched)
	Kinds   []string      // empty for all
	Account string        // empty for all
	Direction
	Thread [32]byte // zero for all
	// Text are words that all occur in subject, body, or a participant's name or
	// address, each as the beginning of a word; case and accents do not matter.
	// Empty for all.
	Text     string
	From, To time.Time // From included, To not; zero for no bound
	// Before is where the last page ended; zero for the first page.
	Before TimelinePosition
	Limit  int
	Brief  bool // leave out body and detail
}

// A TimelinePosition is that of an item in a timeline.
type TimelinePosition struct {
	At time.Time
	ID string
}

// A LinkState says what a person said about an item and a client.
type LinkState string

// The states of a link.
const (
	Linked   LinkState = "linked"   // it is about the client
	Unlinked LinkState = "unlinked" // it is not, whatever addresses say
)

// A Link is what a person said about an item and a client. It stays, whatever is
// read later.
type Link struct {
	Supplier, Item string
	Record         crdt.RecordID
	State          LinkState
	By             string // user
	At             time.Time
}

// Communications keeps what suppliers and their clients told each other, durably.
// After an error other than those that are named a change may or may not be stored.
//
// An item is in the timeline of a record that a person has linked it with, and of
// one that alone of all listed records has the contact of one of its participants
// that is not Own; not if a person has unlinked it from that. Contacts are compared
// as they are written, phone numbers only with the code of their country. An item
// all of whose occurrences are removed is in no timeline.
type Communications interface {
	Accounts

	// Cursors reads the cursors of an account in ascending order of scope.
	Cursors(ctx context.Context, supplier, account string) ([]Cursor, error)
	// DueCursors names cursors of all suppliers whose Due has come, those that are
	// due longest first.
	DueCursors(ctx context.Context, now time.Time, limit int) ([]CursorKey, error)
	// SetCursor stores a cursor. It returns ErrStale unless c.Version is the
	// stored one's: of all who claim a cursor by moving its Due one succeeds. It
	// returns ErrNotFound if there is no such account, and ErrTooMany for a new one
	// beyond MaxScopes.
	SetCursor(ctx context.Context, c Cursor) error

	// StorePull stores a pull, all or none. It returns ErrStale if the cursor is
	// not at its version, and ErrNotFound if the account is gone.
	//
	// An item whose Key is known becomes an occurrence of the item that is there;
	// one whose occurrence is known under another Key moves to its new key. What the
	// account knows now replaces what it knew: an item has subject, snippet, body
	// and detail up to the widest Level among its occurrences that are not removed,
	// each as it came last, and what no occurrence shows any more is removed. It has
	// the participants of all of these occurrences, once each. An occurrence that was
	// removed and is found again comes back. An item that was erased, by its key or
	// the account's id, is left out for ever, and so are participants that an item
	// lost when their client was erased.
	//
	// Nothing changes if all is known. An item with more than MaxItemBytes or
	// MaxParticipants, or a pull of more than MaxPull, is ErrTooMany.
	StorePull(ctx context.Context, p Pull) (Pulled, error)
	// Occurrences names what an account has: its ids of occurrences that are not
	// removed, in an order of the store's own, beginning after one ("" is before all),
	// at most limit.
	Occurrences(ctx context.Context, supplier, account, after string, limit int) ([]string, error)
	// ForgetOccurrences removes occurrences of an account that is gone: at most
	// limit, whose number it returns. What has no occurrence left goes with them,
	// with its links.
	ForgetOccurrences(ctx context.Context, supplier, account string, limit int) (int, error)

	// Item reads one item, or ErrNotFound, also if all of its occurrences are removed.
	Item(ctx context.Context, supplier, id string) (Item, error)
	// Items reads items by their ids, in that order, without body and detail. Those
	// that Item does not find are left out. They end early once they hold more than
	// MaxPage bytes; none means that there are no more.
	Items(ctx context.Context, supplier string, ids []string) ([]Item, error)
	// Timeline reads items, the newest first. A page ends early once it holds
	// more than MaxPage bytes; an empty one means that there is no more.
	Timeline(ctx context.Context, supplier string, q TimelineQuery) ([]Item, error)
	// Owners finds the records in whose timelines items are, ascending.
	Owners(ctx context.Context, supplier string, items []string) (map[string][]crdt.RecordID, error)
	// ThreadOwners finds the records in whose timelines items of threads are,
	// ascending, at most limit of each.
	ThreadOwners(ctx context.Context, supplier string, threads [][32]byte, limit int) (map[[32]byte][]crdt.RecordID, error)
	// Links reads what people said about an item, ascending by record.
	Links(ctx context.Context, supplier, item string) ([]Link, error)
	// SetLink stores what a person said, in place of what was said before. It
	// returns ErrNotFound if there is no such item or listed record.
	SetLink(ctx context.Context, l Link) error

	// Untold names items of all suppliers that nobody was told of and whose IDs
	// were made before a time, in ascending order of id: those that wait longest first.
	Untold(ctx context.Context, before time.Time, limit int) ([]EventKey, error)
	// Told notes that who listens was told of items. Those that are gone are left out.
	Told(ctx context.Context, supplier string, items []string) error
}
