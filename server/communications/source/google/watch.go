package google

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"wedsync/server/communications/source"
)

// What having changes told costs, and having them told no more.
const (
	costWatch = 100
	costStop  = 50
)

var _ source.Watcher = Source{}

// Watch implements [source.Watcher]: Gmail tells a topic of Pub/Sub for a week.
func (Source) Watch(ctx context.Context, a source.Account, to source.Push) (until time.Time, err error) {
	body, err := json.Marshal(map[string]string{"topicName": to.Topic})
	if err != nil {
		return time.Time{}, err
	}
	answer, err := a.Caller.Call(ctx, source.Request{
		Method: http.MethodPost, URL: "/gmail/v1/users/me/watch", Body: body, Cost: costWatch, Judge: judgeWatch,
		Header: http.Header{"Content-Type": {"application/json"}},
	})
	if err != nil {
		return time.Time{}, err
	}
	var said struct {
		Expiration string `json:"expiration"` // in milliseconds
	}
	if json.Unmarshal(answer.Body, &said) == nil {
		if at, err := strconv.ParseInt(said.Expiration, 10, 64); err == nil {
			return time.UnixMilli(at).UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: until when changes are told", source.ErrUnreadable)
}

// Unwatch implements [source.Watcher].
func (Source) Unwatch(ctx context.Context, a source.Account, _ source.Push) error {
	_, err := a.Caller.Call(ctx, source.Request{Method: http.MethodPost, URL: "/gmail/v1/users/me/stop", Cost: costStop, Judge: judge})
	return err
}

// Watches implements [source.Watcher]: calendars are not watched.
func (Source) Watches(scope string) bool { return scope == mailScope }

// judgeWatch is judge for what has changes told.
func judgeWatch(status int, h http.Header, body []byte) error {
	if err := judge(status, h, body); err != nil {
		return err
	}
	var r refusal
	if json.Unmarshal(body, &r) == nil && r.because("forbidden", "notFound", "invalidArgument") {
		return fmt.Errorf("%w: Gmail does not tell the topic of --google-topic, which must be in the project of the OAuth client and let gmail-api-push@system.gserviceaccount.com publish", source.ErrForbidden)
	}
	return nil
}
