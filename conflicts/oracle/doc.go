// Package oracle decides critical edits a second time, so that tests can hold
// the product against it.
//
// It is written from the product's text on critical fields alone, as slow and
// obvious code: a [History] is a list of changes with the full ancestry of
// each, a [Document] is materialised anew from all operations of a past
// whenever somebody's view is asked for, and a [Record] plays the journal of
// one record, input by input, by the numbered rules. It shares no code with
// package conflicts and takes only decoded changes and plain types from crdt.
//
// The oracle writes no changes. After each input it is told which hub change
// the product wrote, and says what is wrong with it.
package oracle
