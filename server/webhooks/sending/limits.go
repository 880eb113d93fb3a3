package sending

import "time"

// Bounds of what is sent, and how long it takes.
const (
	MaxSecrets     = 2              // that sign: the one made last, and the one before for a while
	Overlap        = 24 * time.Hour // for which the secret before the last still signs
	MaxURL         = 2 << 10        // bytes of an endpoint's URL
	MaxDescription = 200            // characters
	MaxFilters     = 50             // event types or families of an endpoint
	MaxEvent       = 64 << 10       // bytes of an event's JSON; a larger one goes without the fields
	MaxExcerpt     = 2 << 10        // bytes of an answer that are kept
	MaxAttempts    = 10             // of a delivery that are kept

	DisableAfter = 72 * time.Hour      // without one success, since the first failure
	OpensAfter   = 5                   // failures in a row until the breaker opens
	KeptFor      = 30 * 24 * time.Hour // deliveries that are done

	width      = 4   // requests to one endpoint at the same time, of one node
	prompt     = 192 // and to all that answer soon
	slow       = 64  // and to all others, so that these hold up none of those
	slowAnswer = 3 * time.Second

	page    = 50                     // journal entries that are made deliveries at once
	pace    = time.Second            // between two looks of an endpoint at the journal
	scatter = 100 * time.Millisecond // before a look, by chance, so that one of several nodes is first
	lazy    = 1000                   // entries that an endpoint wants nothing of until its cursor is moved
	linger  = 2 * time.Second        // a retry that is sooner needs no job
	lease   = time.Minute            // of a delivery that is claimed
	attempt = 45 * time.Second       // for all of it; the request itself takes outbound.DefaultWithin at most
	wayOut  = 2 * time.Second        // to give a delivery back when the hub stops
	blocked = time.Minute            // until an endpoint with MaxPending deliveries looks at the journal again
	again   = 30 * time.Second       // until a delivery is tried that the hub was not ready for
	sweep   = time.Minute
	forget  = time.Hour
	atOnce  = 500 // rows of one query
	races   = 20  // times that somebody else may be faster to change an endpoint
)
