package store

import (
	"context"
	"time"

	"wedsync/crdt"
)

// An Endpoint is where a supplier's events are sent to. What its settings say is
// known to those who work with it alone; they hold secrets.
type Endpoint struct {
	Supplier string
	ID       string // unique over all suppliers
	// Version is that which was read, 0 for a new one. Storing it makes it
	// Version+1. The cursor moves without it.
	Version  uint64
	Cursor   uint64 // the number of the journal entry up to which deliveries are made
	Settings []byte
	Created  time.Time // it never changes
	Changed  time.Time
}

// A DeliveryState says how far a delivery has come.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryPending   DeliveryState = "pending"
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryFailed    DeliveryState = "failed" // for good, unless a person has it sent again
)

// A Delivery is one event on its way to an endpoint.
type Delivery struct {
	Supplier string
	Endpoint string
	ID       string // of the event, unique within the endpoint, never empty
	// Seq is the order of the endpoint's deliveries; the store's.
	Seq      int64
	Number   uint64        // of the journal entry that it tells of, 0 for none
	Record   crdt.RecordID // zero if it is about none
	Type     string
	Body     []byte // nil once the record is erased
	State    DeliveryState
	Version  uint64 // raised by each change, 1 when it was stored
	Attempts int
	Due      time.Time // when a pending one is to be sent, or again
	Created  time.Time
	Log      []byte // of the latest attempts
}

// Bounds of an endpoint's deliveries.
const (
	MaxPending = 100_000 // that are pending
	MaxClaim   = 64      // that are claimed at once
)

// A DeliveryQuery selects deliveries, the latest first.
type DeliveryQuery struct {
	Endpoint string        // empty for all
	State    DeliveryState // empty for all
	Record   crdt.RecordID // zero for all
	Before   int64         // the Seq of the last delivery seen, 0 for the first page
	Limit    int
	Brief    bool // leave out body and log
}

// Outbox keeps endpoints and what is to be sent to them, durably. The journal is
// what is sent: an endpoint's cursor says how far it was turned into deliveries.
// After an error other than those that are named a change may or may not be
// stored.
type Outbox interface {
	// Endpoints reads those of a supplier in ascending order of id.
	Endpoints(ctx context.Context, supplier string) ([]Endpoint, error)
	// AllEndpoints reads those of all suppliers in ascending order of supplier,
	// then id, beginning after the given one (the zero one is before all), at most limit.
	AllEndpoints(ctx context.Context, after Endpoint, limit int) ([]Endpoint, error)
	// Endpoint reads one of a supplier, or ErrNotFound.
	Endpoint(ctx context.Context, supplier, id string) (Endpoint, error)
	// SetEndpoint stores an endpoint as SetConnection does a connection; at most
	// MaxEndpoints. The cursor is that of a new one only.
	SetEndpoint(ctx context.Context, e Endpoint) error
	// DeleteEndpoint forgets an endpoint with its deliveries, or returns ErrNotFound.
	// After an error some of these may be gone.
	DeleteEndpoint(ctx context.Context, supplier, id string) error
	// Dispatch moves the cursor of an endpoint and stores the deliveries that are
	// made of the journal entries between, pending, in their order, all or none.
	// One whose id the endpoint has already is left out, and so is one that tells
	// of an erased record what was before its erasure. It returns ErrStale unless the cursor is at from,
	// ErrTooMany if more than MaxPending would be pending, ErrNotFound if there is
	// no such endpoint; nothing has changed then.
	Dispatch(ctx context.Context, supplier, endpoint string, from, to uint64, deliveries []Delivery) error
	// AddDeliveries is Dispatch without a cursor, for what no journal entry tells.
	AddDeliveries(ctx context.Context, supplier, endpoint string, deliveries []Delivery) error
	// ClaimDeliveries takes deliveries of an endpoint that are due, those that are
	// due longest first, and moves their Due to until, so that nobody else does
	// before, on whatever node. Of each record only the first one that is pending
	// is taken: a record's later deliveries wait for it, and those about none for
	// nothing. No more than MaxClaim are taken.
	ClaimDeliveries(ctx context.Context, supplier, endpoint string, now, until time.Time, limit int) ([]Delivery, error)
	// UpdateDelivery stores a delivery's State, Attempts, Due and Log. It returns
	// ErrStale unless d.Version is the stored one's, which becomes d.Version+1, and
	// ErrNotFound if the delivery is gone.
	UpdateDelivery(ctx context.Context, d Delivery) error
	// Delivery reads one delivery, or ErrNotFound.
	Delivery(ctx context.Context, supplier, endpoint, id string) (Delivery, error)
	// Deliveries reads deliveries of a supplier. A page ends early once it holds
	// more than MaxPage bytes; an empty one means that there is no more.
	Deliveries(ctx context.Context, supplier string, q DeliveryQuery) ([]Delivery, error)
	// DeliveryCounts counts the deliveries of a supplier that are not delivered by
	// endpoint and state.
	DeliveryCounts(ctx context.Context, supplier string) (map[string]map[DeliveryState]int, error)
	// NextDue reads when ClaimDeliveries will next find one, or ErrNotFound if
	// nothing is pending.
	NextDue(ctx context.Context, supplier, endpoint string) (time.Time, error)
	// ForgetDeliveries removes deliveries that are not pending and were created
	// before some time, at most limit, and returns how many.
	ForgetDeliveries(ctx context.Context, before time.Time, limit int) (int, error)
}
