// Package api answers the hub's JSON over HTTP.
//
// An [Endpoint] answers one authenticated request; [API.At] makes a handler of
// the endpoints of one URL. Which URL has which endpoints stands in package
// server. An endpoint returns its error, and one table (problem.go) turns it
// into an RFC 9457 problem document: outsiders never see internal text.
//
// Commands go through the [Hub], which stores them; lists read the store. What
// an item shows of a critical field is its accepted value from the record's
// ledger and never the field of the document, which only mirrors it.
package api
