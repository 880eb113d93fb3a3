// Package processing works on the events of an inbox: it finds out whose record an
// event is about, makes edits of what it says, and hands them to the hub as the
// connection's.
//
// An event may be worked on any number of times, on any node, also at once, and
// has one effect. Each has an answer, which is stored in the commit that writes its
// fields: who finds it there writes nothing more. The id of a record that an event
// is to make is bound to the sender's object before the record is made, and whoever
// comes second makes the same one.
//
// Events of one object take effect in the order in which they came. Whoever works
// on one works on all that its object has, oldest first, and stops at one that
// somebody else has claimed or that has to wait.
//
// Nobody's client is guessed. An object that is bound to no record, but shares an
// address or a number with some, waits for a person. If one of these is erased, what
// waits is worked on again; it makes no client by itself, because what it says may
// be about the one that is erased.
//
// What fails for a while is tried again for about a day, what cannot succeed is dead
// at once, with what to do about it; a person may change a dead event and have it
// worked on again.
package processing
