package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// What events say that they come from. Those of another source are kept, and
// nothing is done about them.
const (
	ourSource   = "bench"
	otherSource = "another"
)

// webhooks are the sender of a connection's events.
type webhooks struct {
	webhooksSize
	hub         *site
	id          string // of the connection
	url, secret string
	client      *http.Client
	sent        atomic.Int64 // events, of all kinds
}

// connectWebhooks makes a connection whose clients become records.
func connectWebhooks(ctx context.Context, s *server, z webhooksSize) (*webhooks, error) {
	hub, err := newSite(ctx, s)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]any{
		"source": "client-integrations", "name": "Bench", "sources": []string{ourSource}, "create_unknown": true,
	})
	if err != nil {
		return nil, err
	}
	var made struct{ ID, URL, Secret string }
	if err := hub.call(ctx, hub.owner, "POST", "/api/webhooks/connections", "application/json", body, &made); err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: pacing}}
	return &webhooks{webhooksSize: z, hub: hub, id: made.ID, url: made.URL, secret: made.Secret, client: client}, nil
}

// left counts the events that are not done, by their state.
func (w *webhooks) left(ctx context.Context) (map[string]int, error) {
	var c struct{ Events map[string]int }
	err := w.hub.call(ctx, w.hub.owner, "GET", "/api/webhooks/connections/"+w.id, "", nil, &c)
	return c.Events, err
}

// rush sends events as fast as they are accepted.
func (w *webhooks) rush(ctx context.Context, p *progress, source string) error {
	var begun atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range w.senders {
		g.Go(func() error {
			for begun.Add(1) <= int64(w.flood) {
				if err := w.send(ctx, source); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := g.Wait()
	p.note("%d events accepted", w.sent.Load())
	return err
}

// pacing is how many events that come evenly may wait for their answers.
const pacing = 256

// pace sends events evenly, whether those before are answered or not. An answer's
// delay counts from when its event was to be sent.
func (w *webhooks) pace(ctx context.Context, p *progress, answers *delays) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(pacing)
	began := time.Now()
	for n := range int(w.duration.Seconds() * float64(w.rate)) {
		due := began.Add(time.Duration(n) * time.Second / time.Duration(w.rate))
		time.Sleep(time.Until(due))
		g.Go(func() error {
			err := w.send(ctx, ourSource)
			answers.add(int64(time.Since(due)))
			return err
		})
	}
	err := g.Wait()
	p.note("%d events accepted", w.sent.Load())
	return err
}

// send sends the next event.
func (w *webhooks) send(ctx context.Context, source string) error {
	n := w.sent.Add(1)
	body, err := json.Marshal(w.event(int(n), source))
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, []byte(w.secret))
	mac.Write(body)
	req.Header.Set("X-Webhook-Signature", hex.EncodeToString(mac.Sum(nil)))
	req.Header.Set("Content-Type", "application/json")
	answer, err := w.client.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= 300 {
		err = fmt.Errorf("event %d is answered %s: %s", n, answer.Status, said)
	}
	return err
}

// event is what a CRM says when somebody has written to a client.
func (w *webhooks) event(n int, source string) map[string]any {
	client := n % w.objects
	return map[string]any{
		"source": source, "event_type": "client.updated", "event_id": fmt.Sprintf("event-%d", n),
		"client_data": map[string]any{
			"id": fmt.Sprintf("client-%d", client), "supplier_id": "bench", "updated_at": n,
			"name": fmt.Sprintf("Couple %d", client), "email": fmt.Sprintf("couple-%d@example.com", client),
			"status": "booked", "notes": fmt.Sprintf("Letter %d: the band comes at five, and the flowers are white.", n/w.objects),
		},
	}
}
