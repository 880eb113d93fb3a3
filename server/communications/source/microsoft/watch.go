package microsoft

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"wedsync/server/communications/source"
)

const (
	subscriptionsURL = "/v1.0/subscriptions"
	// watchFor is how long a subscription lives, a little less than the 10,080
	// minutes that Graph allows, should its clock be behind.
	watchFor = 10_070 * time.Minute
)

// watched is what changes are told of. Subscriptions to mail and events of the whole
// mailbox are told of all its folders, and of its owner's calendars.
var watched = []string{"me/messages", "me/events"}

// A subscription has Graph tell of changes.
type subscription struct {
	ID        string `json:"id,omitempty"`
	Change    string `json:"changeType,omitempty"`
	Resource  string `json:"resource,omitempty"`
	To        string `json:"notificationUrl,omitempty"`
	Lifecycle string `json:"lifecycleNotificationUrl,omitempty"` // can be given only at first
	Expires   string `json:"expirationDateTime"`
	State     string `json:"clientState,omitempty"`
}

var _ source.Watcher = Source{}

// Watch implements [source.Watcher]. Which subscriptions there are Graph knows: so
// none is lost if the hub ends before it has noted one.
func (Source) Watch(ctx context.Context, a source.Account, to source.Push) (until time.Time, err error) {
	all, err := ours(ctx, a, to)
	if err != nil {
		return time.Time{}, err
	}
	until = a.Now.Add(watchFor).UTC().Truncate(time.Second)
	for _, resource := range watched {
		kept, err := keep(ctx, a, all, resource, to, until)
		if err != nil {
			return time.Time{}, err
		}
		all = kept
	}
	return until, drop(ctx, a, all)
}

// Unwatch implements [source.Watcher].
func (Source) Unwatch(ctx context.Context, a source.Account, to source.Push) error {
	all, err := ours(ctx, a, to)
	if err != nil {
		return err
	}
	return drop(ctx, a, all)
}

// Watches implements [source.Watcher].
func (Source) Watches(string) bool { return true }

// ours are the subscriptions that tell of an account, also those that were made
// when the hub had another URL.
func ours(ctx context.Context, a source.Account, to source.Push) ([]subscription, error) {
	all, err := list[subscription](ctx, a, subscriptionsURL)
	if err != nil {
		return nil, fmt.Errorf("list subscriptions: %w", err)
	}
	var ours []subscription
	for _, s := range all {
		if u, err := url.Parse(s.To); err == nil && path.Base(u.Path) == path.Base(to.URL) {
			if source.OddID(s.ID) {
				return nil, fmt.Errorf("%w: a subscription with an odd id", source.ErrUnreadable)
			}
			ours = append(ours, s)
		}
	}
	return ours, nil
}

// keep has changes of a resource told until some time, by one of the subscriptions
// that there are or a new one, and returns the others.
func keep(ctx context.Context, a source.Account, all []subscription, resource string, to source.Push, until time.Time) (others []subscription, err error) {
	expires := until.Format(time.RFC3339)
	for i, s := range all {
		if s.To != to.URL || !strings.EqualFold(strings.Trim(s.Resource, "/"), resource) {
			continue
		}
		// This has it told again, too, if Graph wanted to know whether it still may.
		err := change(ctx, a, http.MethodPatch, subscriptionsURL+"/"+url.PathEscape(s.ID), &subscription{Expires: expires})
		if errors.Is(err, source.ErrGone) {
			continue
		}
		return slices.Delete(all, i, i+1), err
	}
	return all, change(ctx, a, http.MethodPost, subscriptionsURL, &subscription{
		Change: "created,updated,deleted", Resource: resource, To: to.URL, Lifecycle: to.URL, Expires: expires, State: to.Secret,
	})
}

// drop ends subscriptions.
func drop(ctx context.Context, a source.Account, all []subscription) error {
	for _, s := range all {
		err := change(ctx, a, http.MethodDelete, subscriptionsURL+"/"+url.PathEscape(s.ID), nil)
		if err != nil && !errors.Is(err, source.ErrGone) {
			return err
		}
	}
	return nil
}

// change changes a subscription.
func change(ctx context.Context, a source.Account, method, at string, to *subscription) error {
	r := source.Request{Method: method, URL: at, Judge: judgeWatch}
	if to != nil {
		body, err := json.Marshal(to)
		if err != nil {
			return err
		}
		r.Body, r.Header = body, http.Header{"Content-Type": {"application/json"}}
	}
	_, err := a.Caller.Call(ctx, r)
	return err
}

// judgeWatch is judge for subscriptions. Graph asks the hub before it makes one.
func judgeWatch(status int, h http.Header, body []byte) error {
	if status == http.StatusBadRequest {
		return fmt.Errorf("%w: Microsoft does not reach the hub at its --public-url, which must be an https:// URL", source.ErrForbidden)
	}
	return judge(status, h, body)
}
