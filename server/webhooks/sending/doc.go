// Package sending tells the apps of a supplier what happens to its clients: each
// event of the journal as a signed request to the endpoints that want it.
//
// The journal is the outbox. An endpoint has a durable cursor into it, and one
// step of the store moves the cursor and stores the deliveries made of the
// entries between: an event exists exactly if the change does, and once. A
// delivery is sent, by whatever node takes it, until a receiver answers 2xx; it
// keeps its id, by which a receiver knows one that comes again. Those about one
// record go in their order: a later one waits for the one before.
//
// A [Sender] has no loop of its own for an endpoint. Bells say that there may be
// something to do: the journal, a job of the store at the time of the next retry,
// a slow sweep, a person. Then a courier works for the endpoint until nothing is
// due. An endpoint that fails again and again is left alone for a while that
// grows (its breaker is open), and disabled in the end; the journal keeps what it
// misses.
//
// An endpoint of the same CRM as a connection has the hub expect the values that
// it is sent, before they go: what comes back through the connection is no edit.
package sending
