package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

const requestPatience = 30 * time.Second

// An api is the hub's HTTP interface as one person sees it.
type api struct {
	base  string
	token string
}

// A record is what the API shows of a client record.
type record struct {
	Client   string            `json:"client_id"`
	Document string            `json:"document_id"`
	Fields   map[string]any    `json:"fields"`
	Pending  map[string]string `json:"pending"`
	Heads    []string          `json:"heads"`
}

// A conflict is a row of sync_conflicts.
type conflict struct {
	ID        string `json:"id"`
	Field     string `json:"field"`
	Version   uint64 `json:"version"`
	Status    string `json:"status"`
	Proposals []struct {
		ID     string `json:"id"`
		Value  any    `json:"value"`
		State  string `json:"state"`
		Reason string `json:"reason"`
		Author struct {
			User   string `json:"user"`
			Device string `json:"device"`
		} `json:"author"`
	} `json:"proposals"`
}

func (a *api) do(ctx context.Context, method, path string, body, out any) error {
	ctx, cancel := context.WithTimeout(ctx, requestPatience)
	defer cancel()
	payload, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.base+path, bytes.NewReader(payload))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	req.Header.Set("Content-Type", "application/json")
	if method != http.MethodGet {
		req.Header.Set("Idempotency-Key", rand.Text())
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, bytes.TrimSpace(answer))
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s %s: answer %q: %w", method, path, answer, err)
	}
	return nil
}

func (a *api) create(ctx context.Context, fields map[string]any) (record, error) {
	var r record
	err := a.do(ctx, http.MethodPost, "/api/clients", map[string]any{"fields": fields}, &r)
	return r, err
}

func (a *api) get(ctx context.Context, id string) (record, error) {
	var r record
	err := a.do(ctx, http.MethodGet, "/api/clients/"+id, nil, &r)
	return r, err
}

// pending are the conflicts of a record that wait.
func (a *api) pending(ctx context.Context, of record) ([]conflict, error) {
	var page struct {
		Items []conflict `json:"items"`
	}
	err := a.do(ctx, http.MethodGet, "/api/conflicts?status=pending&client_id="+of.Client, nil, &page)
	return page.Items, err
}

// accept decides a conflict for one of its proposals.
func (a *api) accept(ctx context.Context, c conflict, proposal string) error {
	var decided any
	return a.do(ctx, http.MethodPost, "/api/conflicts/"+c.ID+"/resolve", map[string]any{
		"version": c.Version, "action": "accept", "proposal_id": proposal, "note": "the barn is free that day",
	}, &decided)
}
