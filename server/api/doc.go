// Package api answers the hub's JSON over HTTP.
//
// An [Endpoint] answers one authenticated request, and a [Doc] beside it says
// who may send it, what it takes and what it answers. The two are a [Route];
// [API.At] makes a handler of the routes of one URL, which checks what the Doc
// says before it has the endpoint answer. The table of routes stands in package
// server. An endpoint returns its error, and one table (problem.go) turns it
// into an RFC 9457 problem document: outsiders never see internal text.
//
// Commands go through the [Hub], which stores them; lists read the store. What
// an item shows of a critical field is its accepted value from the record's
// ledger and never the field of the document, which only mirrors it.
package api
