// Package microsoft reads mail and calendars of Outlook through Microsoft Graph.
//
// Each mail folder and each calendar is a scope, because Graph tells the changes of
// each by itself. What it gives as a place is a URL, which is kept as it is. An
// account's id of a mail or event is made of its scope and of Graph's immutable id:
// so one that moves is another occurrence where it is found and removed where it
// was, whichever of the two is read first.
//
// All paths begin with /v1.0, below https://graph.microsoft.com.
package microsoft
