// Package pushing hears from providers that something has changed in an account.
//
// What they say is a hint that has an account read soon. Nothing is kept of it: one
// that is lost, or that comes while the hub is down, costs the time until the account
// is read anyway.
//
// Microsoft Graph has a URL for each account, which it is told together with a
// secret; both follow from the hub's own secret and the account, so that any hub of
// the store can answer without looking anything up. Gmail tells one topic of Pub/Sub
// of all mailboxes, and Pub/Sub tells one URL, with a token of Google's.
package pushing
