package storetest

import (
	"context"
	"time"

	"wedsync/crdt"
	"wedsync/store"
)

// The calls about webhooks and jobs.
const (
	Connections      Call = "connections"
	Connection       Call = "connection"
	SetConnection    Call = "set connection"
	DeleteConnection Call = "delete connection"
	ReceiveEvents    Call = "receive events"
	InboxEvent       Call = "inbox event"
	InboxEvents      Call = "inbox events"
	Unfinished       Call = "unfinished"
	DueEvents        Call = "due events"
	UpdateEvent      Call = "update event"
	InboxCounts      Call = "inbox counts"
	ForgetEvents     Call = "forget events"
	Identified       Call = "identified"
	Identify         Call = "identify"
	Unidentify       Call = "unidentify"
	ObjectsOf        Call = "objects of"
	Objects          Call = "objects"
	ByContact        Call = "by contact"
	Endpoints        Call = "endpoints"
	AllEndpoints     Call = "all endpoints"
	Endpoint         Call = "endpoint"
	SetEndpoint      Call = "set endpoint"
	DeleteEndpoint   Call = "delete endpoint"
	Dispatch         Call = "dispatch"
	AddDeliveries    Call = "add deliveries"
	ClaimDeliveries  Call = "claim deliveries"
	UpdateDelivery   Call = "update delivery"
	Delivery         Call = "delivery"
	Deliveries       Call = "deliveries"
	DeliveryCounts   Call = "delivery counts"
	NextDue          Call = "next due"
	ForgetDeliveries Call = "forget deliveries"
	PutJobs          Call = "put jobs"
	WorkJobs         Call = "work jobs"
	RestoreHooks     Call = "restore hooks"
)

// Connections implements [store.Connections].
func (f *Faulty) Connections(ctx context.Context, supplier string) ([]store.Connection, error) {
	return attempt(ctx, f, Connections, func() ([]store.Connection, error) { return f.inner.Connections(ctx, supplier) })
}

// Connection implements [store.Connections].
func (f *Faulty) Connection(ctx context.Context, id string) (store.Connection, error) {
	return attempt(ctx, f, Connection, func() (store.Connection, error) { return f.inner.Connection(ctx, id) })
}

// SetConnection implements [store.Connections].
func (f *Faulty) SetConnection(ctx context.Context, c store.Connection) error {
	return f.attemptWrite(ctx, SetConnection, func() error { return f.inner.SetConnection(ctx, c) })
}

// DeleteConnection implements [store.Connections].
func (f *Faulty) DeleteConnection(ctx context.Context, supplier, id string) error {
	return f.attemptWrite(ctx, DeleteConnection, func() error { return f.inner.DeleteConnection(ctx, supplier, id) })
}

// ReceiveEvents implements [store.Inbox].
func (f *Faulty) ReceiveEvents(ctx context.Context, events []store.InboxEvent) ([]store.Arrival, error) {
	return attempt(ctx, f, ReceiveEvents, func() ([]store.Arrival, error) { return f.inner.ReceiveEvents(ctx, events) })
}

// InboxEvent implements [store.Inbox].
func (f *Faulty) InboxEvent(ctx context.Context, supplier, id string) (store.InboxEvent, error) {
	return attempt(ctx, f, InboxEvent, func() (store.InboxEvent, error) { return f.inner.InboxEvent(ctx, supplier, id) })
}

// InboxEvents implements [store.Inbox].
func (f *Faulty) InboxEvents(ctx context.Context, supplier string, q store.InboxQuery) ([]store.InboxEvent, error) {
	return attempt(ctx, f, InboxEvents, func() ([]store.InboxEvent, error) { return f.inner.InboxEvents(ctx, supplier, q) })
}

// Unfinished implements [store.Inbox].
func (f *Faulty) Unfinished(ctx context.Context, e store.InboxEvent, limit int) ([]store.InboxEvent, error) {
	return attempt(ctx, f, Unfinished, func() ([]store.InboxEvent, error) { return f.inner.Unfinished(ctx, e, limit) })
}

// DueEvents implements [store.Inbox].
func (f *Faulty) DueEvents(ctx context.Context, now time.Time, limit int) ([]store.EventKey, error) {
	return attempt(ctx, f, DueEvents, func() ([]store.EventKey, error) { return f.inner.DueEvents(ctx, now, limit) })
}

// UpdateEvent implements [store.Inbox].
func (f *Faulty) UpdateEvent(ctx context.Context, e store.InboxEvent) error {
	return f.attemptWrite(ctx, UpdateEvent, func() error { return f.inner.UpdateEvent(ctx, e) })
}

// InboxCounts implements [store.Inbox].
func (f *Faulty) InboxCounts(ctx context.Context, supplier string) (map[string]map[store.InboxState]int, error) {
	return attempt(ctx, f, InboxCounts, func() (map[string]map[store.InboxState]int, error) { return f.inner.InboxCounts(ctx, supplier) })
}

// ForgetEvents implements [store.Inbox].
func (f *Faulty) ForgetEvents(ctx context.Context, content, keys time.Time, limit int) (int, error) {
	return attempt(ctx, f, ForgetEvents, func() (int, error) { return f.inner.ForgetEvents(ctx, content, keys, limit) })
}

// Identified implements [store.Identities].
func (f *Faulty) Identified(ctx context.Context, supplier, connection, external string) (crdt.RecordID, error) {
	return attempt(ctx, f, Identified, func() (crdt.RecordID, error) { return f.inner.Identified(ctx, supplier, connection, external) })
}

// Identify implements [store.Identities].
func (f *Faulty) Identify(ctx context.Context, supplier, connection, external string, id crdt.RecordID) (crdt.RecordID, error) {
	return attempt(ctx, f, Identify, func() (crdt.RecordID, error) { return f.inner.Identify(ctx, supplier, connection, external, id) })
}

// Unidentify implements [store.Identities].
func (f *Faulty) Unidentify(ctx context.Context, supplier, connection, external string) error {
	return f.attemptWrite(ctx, Unidentify, func() error { return f.inner.Unidentify(ctx, supplier, connection, external) })
}

// ObjectsOf implements [store.Identities].
func (f *Faulty) ObjectsOf(ctx context.Context, supplier string, record crdt.RecordID, limit int) ([]store.ObjectID, error) {
	return attempt(ctx, f, ObjectsOf, func() ([]store.ObjectID, error) { return f.inner.ObjectsOf(ctx, supplier, record, limit) })
}

// Objects implements [store.Identities].
func (f *Faulty) Objects(ctx context.Context, supplier string, after store.ObjectID, limit int) ([]store.ObjectID, error) {
	return attempt(ctx, f, Objects, func() ([]store.ObjectID, error) { return f.inner.Objects(ctx, supplier, after, limit) })
}

// ByContact implements [store.Contacts].
func (f *Faulty) ByContact(ctx context.Context, supplier string, contacts []store.Contact, limit int) ([]store.ContactMatch, error) {
	return attempt(ctx, f, ByContact, func() ([]store.ContactMatch, error) { return f.inner.ByContact(ctx, supplier, contacts, limit) })
}

// Endpoints implements [store.Outbox].
func (f *Faulty) Endpoints(ctx context.Context, supplier string) ([]store.Endpoint, error) {
	return attempt(ctx, f, Endpoints, func() ([]store.Endpoint, error) { return f.inner.Endpoints(ctx, supplier) })
}

// AllEndpoints implements [store.Outbox].
func (f *Faulty) AllEndpoints(ctx context.Context, after store.Endpoint, limit int) ([]store.Endpoint, error) {
	return attempt(ctx, f, AllEndpoints, func() ([]store.Endpoint, error) { return f.inner.AllEndpoints(ctx, after, limit) })
}

// Endpoint implements [store.Outbox].
func (f *Faulty) Endpoint(ctx context.Context, supplier, id string) (store.Endpoint, error) {
	return attempt(ctx, f, Endpoint, func() (store.Endpoint, error) { return f.inner.Endpoint(ctx, supplier, id) })
}

// SetEndpoint implements [store.Outbox].
func (f *Faulty) SetEndpoint(ctx context.Context, e store.Endpoint) error {
	return f.attemptWrite(ctx, SetEndpoint, func() error { return f.inner.SetEndpoint(ctx, e) })
}

// DeleteEndpoint implements [store.Outbox].
func (f *Faulty) DeleteEndpoint(ctx context.Context, supplier, id string) error {
	return f.attemptWrite(ctx, DeleteEndpoint, func() error { return f.inner.DeleteEndpoint(ctx, supplier, id) })
}

// Dispatch implements [store.Outbox].
func (f *Faulty) Dispatch(ctx context.Context, supplier, endpoint string, from, to uint64, deliveries []store.Delivery) error {
	return f.attemptWrite(ctx, Dispatch, func() error { return f.inner.Dispatch(ctx, supplier, endpoint, from, to, deliveries) })
}

// AddDeliveries implements [store.Outbox].
func (f *Faulty) AddDeliveries(ctx context.Context, supplier, endpoint string, deliveries []store.Delivery) error {
	return f.attemptWrite(ctx, AddDeliveries, func() error { return f.inner.AddDeliveries(ctx, supplier, endpoint, deliveries) })
}

// ClaimDeliveries implements [store.Outbox].
func (f *Faulty) ClaimDeliveries(ctx context.Context, supplier, endpoint string, now, until time.Time, limit int) ([]store.Delivery, error) {
	return attempt(ctx, f, ClaimDeliveries, func() ([]store.Delivery, error) {
		return f.inner.ClaimDeliveries(ctx, supplier, endpoint, now, until, limit)
	})
}

// UpdateDelivery implements [store.Outbox].
func (f *Faulty) UpdateDelivery(ctx context.Context, d store.Delivery) error {
	return f.attemptWrite(ctx, UpdateDelivery, func() error { return f.inner.UpdateDelivery(ctx, d) })
}

// Delivery implements [store.Outbox].
func (f *Faulty) Delivery(ctx context.Context, supplier, endpoint, id string) (store.Delivery, error) {
	return attempt(ctx, f, Delivery, func() (store.Delivery, error) { return f.inner.Delivery(ctx, supplier, endpoint, id) })
}

// Deliveries implements [store.Outbox].
func (f *Faulty) Deliveries(ctx context.Context, supplier string, q store.DeliveryQuery) ([]store.Delivery, error) {
	return attempt(ctx, f, Deliveries, func() ([]store.Delivery, error) { return f.inner.Deliveries(ctx, supplier, q) })
}

// DeliveryCounts implements [store.Outbox].
func (f *Faulty) DeliveryCounts(ctx context.Context, supplier string) (map[string]map[store.DeliveryState]int, error) {
	return attempt(ctx, f, DeliveryCounts, func() (map[string]map[store.DeliveryState]int, error) { return f.inner.DeliveryCounts(ctx, supplier) })
}

// NextDue implements [store.Outbox].
func (f *Faulty) NextDue(ctx context.Context, supplier, endpoint string) (time.Time, error) {
	return attempt(ctx, f, NextDue, func() (time.Time, error) { return f.inner.NextDue(ctx, supplier, endpoint) })
}

// ForgetDeliveries implements [store.Outbox].
func (f *Faulty) ForgetDeliveries(ctx context.Context, before time.Time, limit int) (int, error) {
	return attempt(ctx, f, ForgetDeliveries, func() (int, error) { return f.inner.ForgetDeliveries(ctx, before, limit) })
}

// RestoreHooks implements [store.Copier].
func (f *Faulty) RestoreHooks(ctx context.Context, supplier string, h store.Hooks) error {
	return f.attemptWrite(ctx, RestoreHooks, func() error { return f.inner.RestoreHooks(ctx, supplier, h) })
}

// PutJobs implements [store.Jobs].
func (f *Faulty) PutJobs(ctx context.Context, jobs ...store.Job) error {
	return f.attemptWrite(ctx, PutJobs, func() error { return f.inner.PutJobs(ctx, jobs...) })
}

// WorkJobs implements [store.Jobs].
func (f *Faulty) WorkJobs(ctx context.Context, workers map[string]store.Worker) error {
	return f.attemptWrite(ctx, WorkJobs, func() error { return f.inner.WorkJobs(ctx, workers) })
}
