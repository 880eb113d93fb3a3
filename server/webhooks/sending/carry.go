package sending

import (
	"context"
	"errors"
	"net/http"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// carry sends a delivery that was claimed, once, and stores what came of it.
func (s *Sender) carry(ctx context.Context, set *Settings, d store.Delivery) outcome {
	within, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	o := outcome{delivery: d}
	log := logOf(&d)
	switch {
	case d.Body == nil:
		d.State = store.DeliveryFailed
		log.add(Attempt{At: s.now().UTC(), Error: "nothing was sent: the client was erased"})
	case !s.ready(within, set, &d):
		d.Due = s.now().Add(again)
	default:
		o.answer = s.request(within, set, &d)
		if ctx.Err() != nil && !o.came() {
			d.Due = s.now() // the hub stops: that was no answer
			break
		}
		o.sent = true
		s.metrics.answered(o.came(), time.Duration(o.Took)*time.Millisecond)
		d.Attempts++
		log.add(o.Attempt)
		s.judge(within, set, &d, &o, log.First)
	}
	d.Log = log.encode()
	s.keep(ctx, &d)
	o.delivery = d
	return o
}

// ready reports whether a delivery may go: what it tells a CRM is expected back. Of
// a record that cannot be read nothing can come back.
func (s *Sender) ready(ctx context.Context, set *Settings, d *store.Delivery) bool {
	err := s.expect(ctx, set, d)
	if err == nil {
		return true
	}
	waits := passes(ctx, err)
	if ctx.Err() == nil {
		s.log.WarnContext(ctx, "what an event tells a CRM cannot be noted", "endpoint", d.Endpoint, "event", d.ID, "waits", waits, "err", err)
	}
	return !waits
}

// judge decides how a delivery goes on that was sent.
func (s *Sender) judge(ctx context.Context, set *Settings, d *store.Delivery, o *outcome, first time.Time) {
	if o.came() {
		d.State = store.DeliveryDelivered
		if err := s.acknowledge(ctx, set, d); err != nil { // later edits of the CRM are taken for older ones
			s.log.WarnContext(ctx, "it is not noted that a CRM has what it was sent", "endpoint", d.Endpoint, "event", d.ID, "err", err)
		}
		return
	}
	var ok bool
	if d.Due, ok = retry(first, s.now(), o.wait, chance()); !ok {
		d.State = store.DeliveryFailed
		s.metrics.failed.Inc()
	}
}

// keep stores what came of a delivery, also while the hub stops. If it cannot, the
// delivery is sent again once its lease is over.
func (s *Sender) keep(ctx context.Context, d *store.Delivery) {
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), wayOut)
	defer cancel()
	err := s.store.UpdateDelivery(within, *d)
	if err != nil && !errors.Is(err, store.ErrStale) && !errors.Is(err, store.ErrNotFound) {
		s.log.WarnContext(ctx, "what came of a delivery is not stored: it will be sent again", "endpoint", d.Endpoint, "event", d.ID, "err", err)
	}
}

// settle takes note of how an endpoint does.
func (c *courier) settle(ctx context.Context, o outcome) {
	c.flying--
	if !o.sent {
		return
	}
	c.slow = !o.came() || time.Duration(o.Took)*time.Millisecond > slowAnswer
	var err error
	switch before := c.set; {
	case o.came() && before.Trouble != nil:
		if c.set, err = c.s.change(ctx, c.supplier, c.id, func(set *Settings) error { set.Trouble = nil; return nil }); err == nil {
			err = c.recovered(ctx, before.Trouble)
		}
	case !o.came():
		c.set, err = c.s.change(ctx, c.supplier, c.id, func(set *Settings) error {
			set.failed(c.s.now(), o.Error, chance())
			if o.Status == http.StatusGone {
				set.disable(c.s.now(), Gone)
			}
			return nil
		})
		if err == nil {
			c.tell(ctx, &before, &o.delivery)
		}
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, store.ErrNotFound) {
		c.s.log.WarnContext(ctx, "how an endpoint of webhooks does is not stored", "supplier", c.supplier, "endpoint", c.id, "err", err)
	}
}

// recovered takes note that the receiver answers again.
func (c *courier) recovered(ctx context.Context, from *Trouble) error {
	if from.Until.IsZero() {
		return nil // it was never left alone: a delivery or two failed
	}
	c.s.log.InfoContext(ctx, "an endpoint of webhooks answers again", "supplier", c.supplier, "endpoint", c.id, "since", from.Since, "failures", from.Failures)
	return c.hasten(ctx)
}

// hasten has deliveries that wait for another attempt tried now: the receiver is back.
func (c *courier) hasten(ctx context.Context) error {
	q := store.DeliveryQuery{Endpoint: c.id, State: store.DeliveryPending, Limit: atOnce, Brief: true}
	for {
		rows, err := c.s.store.Deliveries(ctx, c.supplier, q)
		if err != nil || len(rows) == 0 {
			return err
		}
		for i := range rows {
			if rows[i].Attempts == 0 {
				continue
			}
			d, err := c.s.store.Delivery(ctx, c.supplier, c.id, rows[i].ID)
			if err != nil || d.State != store.DeliveryPending || d.Version != rows[i].Version {
				continue // it has moved on
			}
			d.Due = c.s.now()
			if err := c.s.store.UpdateDelivery(ctx, d); err != nil && !errors.Is(err, store.ErrStale) && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		q.Before = rows[len(rows)-1].Seq
	}
}

// tell says that the endpoint's breaker opened or that it was disabled, if so. The
// latter is an activity, of the client of the delivery that failed.
func (c *courier) tell(ctx context.Context, before *Settings, failed *store.Delivery) {
	now, after := c.s.now(), &c.set
	if before.Breaker(now) != Open && after.Breaker(now) == Open {
		c.s.metrics.opened.Inc()
		c.s.log.WarnContext(ctx, "an endpoint of webhooks is left alone for a while", "supplier", c.supplier, "endpoint", c.id, "failures", after.Trouble.Failures, "until", after.Trouble.Until, "why", after.Trouble.Error)
	}
	if before.Disabled != nil || after.Disabled == nil {
		return
	}
	c.s.metrics.disabled.WithLabelValues(string(after.Disabled.Reason)).Inc()
	c.s.log.WarnContext(ctx, "an endpoint of webhooks was disabled", "supplier", c.supplier, "endpoint", c.id, "reason", after.Disabled.Reason)
	if failed.Record == (crdt.RecordID{}) {
		return
	}
	posted := conflicts.Activity{Kind: "webhook-endpoint-disabled", Text: after.whyDisabled(c.id)}
	by := conflicts.Principal{Supplier: c.supplier, Role: conflicts.Integration}
	if _, err := c.s.hub.Post(ctx, failed.Record, by, posted, nil); err != nil && !errors.Is(err, store.ErrNotFound) {
		c.s.log.WarnContext(ctx, "it is not told that an endpoint was disabled", "supplier", c.supplier, "endpoint", c.id, "err", err)
	}
}

// whyDisabled is a sentence for people.
func (s *Settings) whyDisabled(id string) string {
	why := "its receiver answered that it is gone (410)"
	if s.Disabled.Reason == Failing {
		why = "nothing came through since " + s.Trouble.Since.UTC().Format(time.DateTime) + " UTC (" + s.Trouble.Error + ")"
	}
	return "The webhook endpoint " + id + " at " + bare(s.URL) + " was disabled: " + why + ". Events wait in the journal until it is active again."
}
