// Package source reads the communication of accounts: mailboxes, calendars,
// telephone numbers. Each provider has a package below it; this one has what they
// share.
//
// A source is read in steps. A step asks a provider a bounded number of questions
// and says what it found and where to go on. Whoever reads stores both in one
// transaction, so that a step that is lost is made again with the same outcome.
// The place from which changes are read is taken before what is there is read
// for the first time, so that nothing falls in between; a provider that has
// forgotten the place makes everything be read again, under the same ids.
package source
