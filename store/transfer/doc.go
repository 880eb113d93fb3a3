// Package transfer moves all that one store holds into another, through the
// store contract alone, and shows that both hold the same.
//
// What has arrived is compared with the source before anything is written, so
// that a transfer that was interrupted goes on where it stopped, and a
// destination that holds something else is left alone. The destination cannot be
// served before its digests are those of the source.
package transfer
