package source

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"wedsync/server/webhooks/connection"
	"wedsync/server/webhooks/signature"
	"wedsync/store"
)

// vscoPaths are where the API has what events are about.
var vscoPaths = map[string]string{"contact": "address-book", "job": "job", "order": "order", "payment": "payment"}

// vscoClients is of how many clients of a job the contacts are read.
const vscoClients = 4

// vscoEvent is a hint: the name of an event and the id of what it is about. The
// name is in the body, or in the parameter event of the URL that VSCO was given
// for it; the object's link names its kind if nothing else does.
func vscoEvent(r signature.Request) Event {
	body, err := decode(r.Body)
	if err != nil {
		return unnamed(r, r.Body)
	}
	name := cmp.Or(text(body["event"]), text(body["eventName"]), parameter(r.URL, "event"))
	if kind, id, ok := vscoLink(body); ok && name == "" {
		return said{object: kind + " " + id, kind: kind + ".changed", version: text(body["modified"])}.of(r, r.Body)
	}
	kind, _, _ := strings.Cut(name, ".")
	id := vscoID(body, kind)
	if vscoPaths[kind] == "" || id == "" {
		return unnamed(r, r.Body)
	}
	return said{object: kind + " " + id, kind: name, version: cmp.Or(text(body["modified"]), text(at(body, "data.modified")))}.of(r, r.Body)
}

// vscoID is the id of what a hint of a kind is about.
func vscoID(body map[string]any, kind string) string {
	for _, path := range []string{kind + "Id", "data.id", kind + ".id", "id"} {
		if id := text(at(body, path)); id != "" {
			return id
		}
	}
	return ""
}

// vscoLink takes apart the link of an object to itself.
func vscoLink(body map[string]any) (kind, id string, ok bool) {
	u, err := url.Parse(text(at(body, "links.self.href")))
	if err != nil {
		return "", "", false
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(parts) < 2 {
		return "", "", false
	}
	for kind, path := range vscoPaths {
		if path == parts[len(parts)-2] {
			return kind, parts[len(parts)-1], true
		}
	}
	return "", "", false
}

// parameter is one of a URL's query, empty if there is none.
func parameter(text, name string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Query().Get(name)
}

// vscoObject fetches what an event hints at. What belongs to a job is told of as
// the job, with the other beside its fields.
func (r *Reader) vscoObject(ctx context.Context, s connection.Settings, e store.InboxEvent) (Object, error) {
	kind, id, _ := strings.Cut(e.Subject, " ")
	if vscoPaths[kind] == "" || id == "" {
		return Object{}, unreadable("it names no contact, job, order or payment")
	}
	data, err := r.vscoGet(ctx, s, vscoPaths[kind], id, nil)
	if err != nil {
		return Object{}, err
	}
	job := text(data["jobId"])
	if kind != "job" && kind != "contact" && job != "" {
		part := data
		if data, err = r.vscoGet(ctx, s, vscoPaths["job"], job, nil); err != nil {
			return Object{}, err
		}
		data[kind], kind, id = part, "job", job
	}
	o := Object{ID: kind + " " + id, Type: kind, Version: text(data["modified"]), Data: data}
	if kind != "job" {
		plain(data)
		o.Contacts = contacts(data)
		return o, nil
	}
	o.Contacts, err = r.vscoJobContacts(ctx, s, id, data)
	return o, err
}

// vscoJobContacts reads a job's clients into its data, and how they are reached.
func (r *Reader) vscoJobContacts(ctx context.Context, s connection.Settings, job string, data map[string]any) (found []store.Contact, err error) {
	list, err := r.vscoGet(ctx, s, "job-contact", "", url.Values{"jobId": {job}})
	if err != nil {
		return nil, err
	}
	items, _ := list["items"].([]any)
	var clients []any
	for _, item := range items {
		if is, _ := at(item, "client").(bool); !is || len(clients) == vscoClients {
			continue
		}
		id := text(at(item, "contactId"))
		if id == "" {
			continue
		}
		client, err := r.vscoGet(ctx, s, vscoPaths["contact"], id, nil)
		if errors.Is(err, ErrGone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		plain(client)
		clients = append(clients, client)
		found = append(found, contacts(client)...)
	}
	data["clients"] = clients
	return found[:min(len(found), store.MaxContacts)], nil
}

// plain puts the number of each phone in its place, which the API tells in several
// forms.
func plain(contact map[string]any) {
	for key, value := range contact {
		if number := cmp.Or(text(at(value, "e164")), text(at(value, "formatted"))); number != "" {
			contact[key] = number
		}
	}
}

// vscoGet reads one thing of the API, or a list if id is empty.
func (r *Reader) vscoGet(ctx context.Context, s connection.Settings, path, id string, query url.Values) (map[string]any, error) {
	where := strings.TrimRight(cmp.Or(s.Params.APIURL, connection.DefaultVSCO), "/") + "/" + path
	if id != "" {
		where += "/" + url.PathEscape(id)
	}
	if len(query) > 0 {
		where += "?" + query.Encode()
	}
	if strings.Trim(id, ".") == "" && id != "" {
		return nil, unreadable("its id is none")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil {
		return nil, fmt.Errorf("the connection's api_url: %w", err)
	}
	request.Header.Set("X-API-KEY", s.Params.APIKey)
	request.Header.Set("Accept", "application/json")
	answer, err := r.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", path, err)
	}
	body, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return nil, fmt.Errorf("fetch %s: %w", path, err)
	}
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone:
		return nil, ErrGone
	default:
		return nil, &APIError{answer.StatusCode, retryAfter(answer.Header.Get("Retry-After"), r.now())}
	}
	var data map[string]any
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.UseNumber()
	if err := dec.Decode(&data); err != nil || data == nil {
		return nil, fmt.Errorf("fetch %s: the answer is no JSON object", path)
	}
	return data, nil
}

// maxAfter is how long a sender's API may have us wait at most.
const maxAfter = time.Hour

// retryAfter reads the header of that name, 0 if it says nothing.
func retryAfter(text string, now time.Time) time.Duration {
	after := time.Duration(0)
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		after = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		after = at.Sub(now)
	}
	return min(max(after, 0), maxAfter)
}
