package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"time"

	"wedsync/conflicts"
	"wedsync/server/communications/account"
	"wedsync/server/communications/vault"
	"wedsync/server/outbound"
	"wedsync/store/sqlite"
	"wedsync/testdata/providers"
)

// A communicationsSize says how much is read.
type communicationsSize struct {
	accounts int           // mailboxes at Google
	mails    int           // of all of them
	quota    int           // units a second of each, which the hub knows; a mail costs five
	slow     time.Duration // before each answer, as on the way to a real provider
}

// measureCommunications has a hub read mailboxes for the first time, at a server
// that keeps to a quota as Google does.
func measureCommunications(ctx context.Context, t *trial) (rows []row, err error) {
	err = t.inPlace(ctx, func(at place) error {
		m, err := openMailboxes(ctx, at, t.size.communications)
		if err != nil {
			return err
		}
		defer m.close()
		at.more = []string{
			"--allow-private-targets", "--google-url", m.url, "--google-client-id", providers.ClientID, "--google-client-secret", providers.ClientSecret,
		}
		return t.serving(ctx, at, func(s *server) error {
			rows, err = m.measure(ctx, t, s)
			return err
		})
	})
	return rows, err
}

// mailboxes are those that a hub reads, at a server in this process.
type mailboxes struct {
	communicationsSize
	google *providers.Server
	facts  int // mails that there are
	url    string
	server *http.Server
	ended  chan struct{}
}

// openMailboxes fills mailboxes and connects them with a hub that is still to start.
func openMailboxes(ctx context.Context, at place, z communicationsSize) (*mailboxes, error) {
	m := &mailboxes{
		communicationsSize: z, ended: make(chan struct{}),
		google: providers.New(providers.Options{Seed: 1, Quota: map[providers.Provider]int{providers.Google: z.quota}, RetryAfter: time.Second}),
	}
	var those []string
	for n := range z.accounts {
		those = append(those, fmt.Sprintf("owner-%d@studio.example", n))
	}
	corpus := m.google.Fill(1, providers.Sizes{Clients: 200, Mails: z.mails}, providers.Places{Google: those})
	m.facts = len(corpus.Facts)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m.url = "http://" + l.Addr().String() + "/google"
	m.server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(z.slow)
		m.google.ServeHTTP(w, r)
	})}
	go func() { // ends with the server
		_ = m.server.Serve(l) // which says only that it was closed
		close(m.ended)
	}()
	if err := m.connect(ctx, at, those); err != nil {
		m.close()
		return nil, fmt.Errorf("connect mailboxes: %w", err)
	}
	m.google.ResetCounts()
	return m, nil
}

func (m *mailboxes) close() {
	_ = m.server.Close() // nobody waits for an answer any more
	<-m.ended
}

// connect connects mailboxes as their owners do who agree.
func (m *mailboxes) connect(ctx context.Context, at place, those []string) (err error) {
	s, err := sqlite.Open(ctx, at.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	identity, err := s.Identity(ctx)
	if err != nil {
		return err
	}
	client := outbound.New(outbound.Options{AllowPrivate: true})
	defer client.Close()
	k := account.New(account.Options{
		Store: s, Jobs: s, Client: client, Identity: identity.Secret, Vault: vault.New(filepath.Join(at.dir, "keys.json")), MakeKeys: true,
		Log:  slog.New(slog.DiscardHandler),
		Apps: map[account.Provider]account.App{account.Google: {ID: providers.ClientID, Secret: providers.ClientSecret, URL: m.url}},
	})
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, address := range those {
		to, _, err := k.Begin(ctx, conflicts.Principal{Supplier: "bench", User: "bench", Role: conflicts.Owner}, account.Google, account.Wish{Own: &those}, "https://hub.example.com/callback")
		if err != nil {
			return err
		}
		agree, err := http.NewRequestWithContext(ctx, http.MethodGet, to+"&login_hint="+url.QueryEscape(address), nil)
		if err != nil {
			return err
		}
		answer, err := browser.Do(agree)
		if err != nil {
			return err
		}
		_ = answer.Body.Close() // what counts is its head
		back, err := answer.Location()
		if err != nil {
			return err
		}
		c, err := k.Begun(back.Query().Get("state"))
		if err != nil {
			return err
		}
		if _, err := k.Finish(ctx, c, back.Query().Get("code")); err != nil {
			return err
		}
	}
	return nil
}

// measure waits until all is read. What a second gives before the first request
// counts for the quota too.
func (m *mailboxes) measure(ctx context.Context, t *trial, s *server) ([]row, error) {
	var took time.Duration
	var used providers.Count
	u, err := t.measure(s, "read", rest, func() (err error) {
		took, used, err = m.await(ctx, t.progress, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	quota := float64(m.accounts*m.quota) * (took.Seconds() + 1)
	copies := float64(m.google.Total("messages/{id}").Served)
	return []row{
		{Key: "communications quota", Name: fmt.Sprintf("share of the provider's quota that is used while %s mails are read", thousands(m.facts)), Unit: "%", Value: 100 * float64(used.Units) / quota, Higher: true},
		{Key: "communications refused", Name: "  requests refused because of it", Value: float64(used.Limited)},
		{Key: "communications rate", Name: "  mails read per second (wall)", Unit: "/s", Value: copies / took.Seconds(), Higher: true},
		{Key: "communications items", Name: "mails read per CPU second", Unit: "/s", Value: copies / u.server, Higher: true},
	}, nil
}

// await waits until all mails are stored. It says how long that took from the first
// request for one, and what it cost.
func (m *mailboxes) await(ctx context.Context, p *progress, s *server) (time.Duration, providers.Count, error) {
	const series = `wedsync_communication_items_total{provider="google",what="fresh"}`
	var begun time.Time
	for {
		used := m.google.Total("/google")
		if begun.IsZero() && used.Units > 0 {
			begun = time.Now()
		}
		if !begun.IsZero() {
			if fresh, err := s.counter(ctx, series); err == nil { // which is not counted at first
				p.note("%.0f of %d mails", fresh, m.facts)
				if int(fresh) >= m.facts {
					return time.Since(begun), used, nil
				}
			}
		}
		select {
		case <-time.After(readProbe):
		case <-ctx.Done():
			return 0, used, errors.Join(fmt.Errorf("%d mails are not read", m.facts), ctx.Err())
		}
	}
}

const readProbe = 20 * time.Millisecond
