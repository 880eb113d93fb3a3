package providers

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Bounds of a subscription's life.
const (
	shortestSubscription = 45 * time.Minute // less is made this
	longestSubscription  = 10080 * time.Minute
	handshakeTimeout     = 10 * time.Second
)

// A subscription is whoever wants to be told of changes in an account.
type subscription struct {
	id        string
	address   string
	Change    string    `json:"changeType"`
	URL       string    `json:"notificationUrl"`
	Lifecycle string    `json:"lifecycleNotificationUrl,omitempty"`
	Resource  string    `json:"resource"`
	Expires   time.Time `json:"expirationDateTime"`
	State     string    `json:"clientState,omitempty"`
	paused    bool      // until it is reauthorized
}

// of reports whether it is about things of a kind that change in a way.
func (u *subscription) of(change, kind string) bool {
	resource := strings.ToLower(u.Resource)
	about := kind == "message" && strings.HasSuffix(resource, "messages") || kind == "event" && strings.HasSuffix(resource, "events")
	return about && strings.Contains(u.Change, change)
}

func (u *subscription) json() map[string]any {
	return map[string]any{
		"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#subscriptions/$entity", "id": u.id, "resource": u.Resource,
		"changeType": u.Change, "notificationUrl": u.URL, "lifecycleNotificationUrl": u.Lifecycle,
		"expirationDateTime": u.Expires.UTC().Format(time.RFC3339), "clientState": nil, "creatorId": graphUser(u.address),
	}
}

// graphSubscribe makes a subscription after its receiver has answered the handshake.
func (s *Server) graphSubscribe(r *request) (any, error) {
	u := &subscription{address: r.address}
	if err := json.NewDecoder(io.LimitReader(r.Body, 64<<10)).Decode(u); err != nil {
		return nil, graphBadRequest("The body is not valid.")
	}
	if u.Change == "" || u.URL == "" || u.Resource == "" || u.Expires.IsZero() || len(u.State) > 128 {
		return nil, graphBadRequest("Subscription validation request failed: a property is missing or too long.")
	}
	if u.Expires.Before(r.now) || u.Expires.After(r.now.Add(longestSubscription)) {
		return nil, graphBadRequest("Subscription expiration can only be 10080 minutes in the future.")
	}
	if soonest := r.now.Add(shortestSubscription); u.Expires.Before(soonest) {
		u.Expires = soonest
	}
	for _, to := range []string{u.URL, u.Lifecycle} {
		if to == "" {
			continue
		}
		if err := s.handshake(r.Context(), to); err != nil {
			return nil, failure{status: http.StatusBadRequest, reason: "ValidationError", message: "Subscription validation request failed. " + err.Error()}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u.id = fmt.Sprintf("00000000-0000-4000-8000-%012x", s.next())
	s.microsoft.subscriptions[u.id] = u
	return answer{status: http.StatusCreated, body: u.json()}, nil
}

// handshake makes sure that who is to be told of changes wants to be.
func (s *Server) handshake(ctx context.Context, to string) error {
	s.mu.Lock()
	token := "Validation: Testing client application reachability " + s.secret("validation") + " <&>"
	s.mu.Unlock()
	u, err := url.Parse(to)
	if err != nil {
		return err
	}
	q := u.Query()
	q.Set("validationToken", token)
	u.RawQuery = q.Encode()
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), http.NoBody)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "text/plain; charset=utf-8")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // it is read only
	body, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return err
	}
	if kind := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusOK || !strings.HasPrefix(kind, "text/plain") || string(body) != token {
		return fmt.Errorf("%s answered %s with %d bytes of %q", to, answer.Status, len(body), kind)
	}
	return nil
}

// subscription is one of an account that has not expired. The lock is held.
func (s *Server) subscription(r *request) (*subscription, error) {
	u, ok := s.microsoft.subscriptions[r.PathValue("id")]
	if !ok || u.address != r.address || r.now.After(u.Expires) {
		return nil, failure{status: http.StatusNotFound, reason: "ResourceNotFound", message: "The object was not found."}
	}
	return u, nil
}

func (s *Server) graphSubscription(r *request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.subscription(r)
	if err != nil {
		return nil, err
	}
	return u.json(), nil
}

func (s *Server) graphSubscriptions(r *request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value := []any{}
	for _, u := range s.microsoft.subscriptions {
		if u.address == r.address && !r.now.After(u.Expires) {
			value = append(value, u.json())
		}
	}
	return map[string]any{"value": value}, nil
}

// graphRenew makes a subscription live longer.
func (s *Server) graphRenew(r *request) (any, error) {
	var asked struct {
		Expires time.Time `json:"expirationDateTime"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, 64<<10)).Decode(&asked); err != nil || asked.Expires.Before(r.now) || asked.Expires.After(r.now.Add(longestSubscription)) {
		return nil, graphBadRequest("Subscription expiration can only be 10080 minutes in the future.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.subscription(r)
	if err != nil {
		return nil, err
	}
	u.Expires, u.paused = asked.Expires, false
	return u.json(), nil
}

// graphReauthorize makes notifications come again.
func (s *Server) graphReauthorize(r *request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.subscription(r)
	if err != nil {
		return nil, err
	}
	u.paused = false
	return answer{status: http.StatusNoContent}, nil
}

func (s *Server) graphUnsubscribe(r *request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.subscription(r)
	if err != nil {
		return nil, err
	}
	delete(s.microsoft.subscriptions, u.id)
	return answer{status: http.StatusNoContent}, nil
}

// notifications tell who subscribed that something has changed. The lock is held.
func (s *Server) notifications(address, change, kind, id string) (pushes []Push) {
	for _, u := range s.microsoft.subscriptions {
		if u.address != address || u.paused || s.now(Microsoft).After(u.Expires) || !u.of(change, kind) {
			continue
		}
		resource := "Users/" + graphUser(address) + "/" + strings.ToUpper(kind[:1]) + kind[1:] + "s/" + id
		pushes = append(pushes, u.push(u.URL, map[string]any{
			"changeType": change, "resource": resource,
			"resourceData": map[string]any{
				"@odata.type": "#Microsoft.Graph." + strings.ToUpper(kind[:1]) + kind[1:], "@odata.id": resource,
				"@odata.etag": fmt.Sprintf(`W/"%d"`, s.outlookBox(address).now), "id": id,
			},
		}))
	}
	return pushes
}

// push is a notification of a subscription.
func (u *subscription) push(to string, said map[string]any) Push {
	said["subscriptionId"], said["clientState"], said["tenantId"] = u.id, u.State, "00000000-0000-0000-0000-000000000001"
	said["subscriptionExpirationDateTime"] = u.Expires.UTC().Format(time.RFC3339)
	body, err := json.Marshal(map[string]any{"value": []any{said}})
	if err != nil {
		panic(err) // a bug: it is made of plain values
	}
	return Push{Provider: Microsoft, Address: u.address, URL: to, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
}

// The events in the life of a subscription.
const (
	ReauthorizationRequired = "reauthorizationRequired" // nothing is told until it is
	SubscriptionRemoved     = "subscriptionRemoved"
	Missed                  = "missed" // something was not told
)

// Lifecycle makes an event happen in the life of an account's subscriptions, and
// tells those of them that asked for it.
func (s *Server) Lifecycle(address, event string) {
	s.mu.Lock()
	var pushes []Push
	for id, u := range s.microsoft.subscriptions {
		if u.address != address {
			continue
		}
		if u.Lifecycle != "" {
			pushes = append(pushes, u.push(u.Lifecycle, map[string]any{"lifecycleEvent": event}))
		}
		switch event {
		case ReauthorizationRequired:
			u.paused = true
		case SubscriptionRemoved:
			delete(s.microsoft.subscriptions, id)
		}
	}
	s.mu.Unlock()
	s.pushed(pushes...)
}
