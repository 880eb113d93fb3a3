// Package openapi describes the hub's routes to those who call them: as an
// OpenAPI 3.1 document ([Model]) and as a page made of that document. Both come
// from the table of routes and from the very Go types that are read and
// written, and tests hold every answer of the hub against them.
//
// The schemas and the model of the document are huma's. Its parsing of requests
// is not used: that of package api refuses duplicate members, names every fault
// and keeps numbers exact.
package openapi
