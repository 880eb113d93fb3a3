// Package store is the contract of the hub's durable memory.
//
// A commit is everything that one record owes to one moment: the changes that
// arrived, in batches, the heads they led to, the ledger and the conflicts. It
// is stored whole or not at all, and every commit of a supplier gets the next
// number of that supplier's journal under that supplier's lock.
//
// The interfaces are small; their comments are the promises, and each promise
// is a case of package storetest, which every store must pass.
package store
