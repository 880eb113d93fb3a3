// Package accepted makes a record as callers see it: the fields of its document,
// and in the place of whatever a critical field holds there, the value that counts.
package accepted
