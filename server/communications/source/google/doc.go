// Package google reads accounts of Google: the mailbox at Gmail, and the calendars
// that its owner keeps.
//
// All mail is one scope. Its history id is taken before what is there is listed;
// from then on the history says which messages are to be looked at again. What is
// found is always what a message is now, so that it does not matter in which order
// or how often the history tells of it. Spam, trash, drafts and chats are left out;
// what comes into the trash is removed.
//
// Each calendar is a scope, read with sync tokens as single events, recurring ones
// as their instances, until a horizon two years off that moves on.
package google
