package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// A site is the hub as the web app and other programs see it.
type site struct {
	url           string
	owner, member string // tokens
}

func newSite(ctx context.Context, s *server) (*site, error) {
	var at site
	for user, token := range map[string]*string{"owner": &at.owner, "member": &at.member} {
		text, err := s.urlOf(ctx, user, user)
		if err != nil {
			return nil, err
		}
		u, err := url.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("the hub's address: %w", err)
		}
		at.url, *token = "http://"+u.Host, u.Query().Get("token")
	}
	return &at, nil
}

// fill makes records, and conflicts about some of them: a member proposes
// another date. It returns the ids of records with a conflict.
func (at *site) fill(ctx context.Context, z webSize) ([]string, error) {
	var table bytes.Buffer
	table.WriteString("name,wedding_date,venue_name,budget,notes\n")
	for i := range z.records {
		day := time.Date(2027, 1, 1+i%700, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		fmt.Fprintf(&table, "Couple %04d,%s,Hall %d,%d,Likes the terrace\n", i, day, i%37, 5000+i)
	}
	if err := at.call(ctx, at.owner, "POST", "/api/clients/import", "text/csv", table.Bytes(), nil); err != nil {
		return nil, err
	}
	var ids []string
	for next := ""; len(ids) < z.conflicts; {
		var list struct {
			Items []struct {
				ID string `json:"client_id"`
			} `json:"items"`
			Next string `json:"next"`
		}
		if err := at.call(ctx, at.owner, "GET", "/api/clients?limit=200&cursor="+url.QueryEscape(next), "", nil, &list); err != nil {
			return nil, err
		}
		for _, item := range list.Items {
			ids = append(ids, item.ID)
		}
		if next = list.Next; next == "" {
			break
		}
	}
	if len(ids) < z.conflicts {
		return nil, fmt.Errorf("the hub lists %d records, want at least %d", len(ids), z.conflicts)
	}
	ids = ids[:z.conflicts]
	return ids, at.divert(ctx, ids)
}

// divert has a member propose another date for each record.
func (at *site) divert(ctx context.Context, ids []string) error {
	var diverted atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(uploaders)
	for i, id := range ids {
		g.Go(func() error {
			body, err := json.Marshal(map[string]any{"fields": map[string]any{
				"wedding_date": time.Date(2030, 1, 1+i%700, 0, 0, 0, 0, time.UTC).Format(time.DateOnly),
			}})
			if err != nil {
				return err
			}
			var patched struct {
				Verdicts map[string]struct {
					Outcome string `json:"outcome"`
				} `json:"verdicts"`
			}
			if err := at.call(ctx, at.member, "PATCH", "/api/clients/"+id, "application/json", body, &patched); err != nil {
				return err
			}
			if patched.Verdicts["wedding_date"].Outcome == "diverted" {
				diverted.Add(1)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if n := int(diverted.Load()); n != len(ids) {
		return fmt.Errorf("%d of %d proposals were diverted", n, len(ids))
	}
	return nil
}

// ownersPage begins the name of the script that comes with the page of owners alone.
const ownersPage = "integrations-"

// scriptSize is how many bytes of JavaScript and CSS the hub sends for the whole
// app: what the service worker holds, and the worker. The owners' page is apart.
func (at *site) scriptSize(p *webPage) (sum, owners float64, err error) {
	files, err := promised[[]string](p, `(async () => {
		const name = (await caches.keys()).find(name => name.startsWith("wedsync-app-"))
		return (await (await caches.open(name)).keys()).map(request => new URL(request.url).pathname)
	})()`)
	if err != nil {
		return 0, 0, err
	}
	for _, file := range append(files, "/sw.js") {
		if kind := path.Ext(file); kind != ".js" && kind != ".css" {
			continue
		}
		n, err := at.packedSize(p.ctx, file)
		if err != nil {
			return 0, 0, err
		}
		if strings.HasPrefix(path.Base(file), ownersPage) {
			owners += float64(n)
		} else {
			sum += float64(n)
		}
	}
	return sum, owners, nil
}

func (at *site) packedSize(ctx context.Context, file string) (int64, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", at.url+file, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Accept-Encoding", "gzip") // the client unpacks only what it asked for itself
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err == nil && (resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Encoding") != "gzip") {
		err = fmt.Errorf("%s comes with %s, packed with %q", file, resp.Status, resp.Header.Get("Content-Encoding"))
	}
	return n, err
}

// call sends one request to the hub's API.
func (at *site) call(ctx context.Context, token, method, path, kind string, body []byte, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, at.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if method != "GET" {
		req.Header.Set("Content-Type", kind)
		req.Header.Set("Idempotency-Key", "bench "+path)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, strings.TrimSpace(string(answer)))
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}
