// Package inbound receives webhooks: it verifies who sent one, keeps the events
// that it tells of durably, and only then answers that they were accepted. What
// they mean is worked out later, by jobs that it puts.
//
// A sender that does not show who it is learns nothing: whether the supplier or
// the connection exists, what was wrong and by how much are one answer, and
// nothing is kept of it but a count. A sender that does is never told of our
// troubles with an event, since sending it again would not help; it is told to
// come back while nothing can be kept.
//
// Requests that come together are kept in one transaction: while one is flushed
// the next gathers.
package inbound
