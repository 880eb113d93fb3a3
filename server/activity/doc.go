// Package activity tells what happens to a supplier's records: each entry of the
// journal as events with a plain sentence, and the signs of life that devices give.
//
// A tail reads a supplier's journal once for all who listen on this node, makes
// each event's bytes once, and keeps the recent ones in a ring. A [Listener] is a
// place in that ring and a filter, never a queue: one that is too slow falls off
// and is told so by a reset. A position names a journal number in an epoch;
// everything up to the position of an event that a listener got has been told to
// it, and from a position it can go on later, on any node.
//
// Events of one record come in their order, each at least once; more than once
// only to those who went on from a position. An event says which numbers of the
// journal it tells of.
package activity
