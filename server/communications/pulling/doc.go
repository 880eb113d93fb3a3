// Package pulling reads the communication of all accounts, again and again.
//
// Each account is read in scopes, each of which has a cursor in the store: how far
// it was read, when it is to be read on, and how that went. The cursors are the
// truth; jobs are doorbells that name an account with something due, and a sweep
// finds what has no job. Who reads a scope claims it by moving its cursor's Due
// into the future, and stores what each step found with the place where to go on,
// in one transaction: a process may be killed at any moment, and some other one goes
// on after the claim has run out.
//
// Somebody who knows that something has changed ([Engine.Hint]) or who waits for it
// ([Engine.Now]) only makes cursors due. A scope that fails waits for longer each
// time and says so in its cursor; the others of its account go on.
package pulling
