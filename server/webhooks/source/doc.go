// Package source says what an event of each source means: [Events] what a request
// tells of, as far as keeping it needs, and a [Reader] the object that an event is
// about, with all its data.
//
// An event's External is what a repetition is known by: the sender's id of it, or
// else the object's id and version, or else the hash of the body, which is the
// same event for an hour. Its Subject is the object; events of one are worked off
// in order.
//
// What a sender signs is believed. An unsigned event is a hint: its object is
// fetched from the sender.
package source
