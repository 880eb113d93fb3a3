// Package connection says what a connection is set to: a source of events about
// a supplier's clients, of one kind, with the secrets that it shares with its
// sender. The store keeps the [Settings] as JSON; this package alone reads them.
package connection
