package providers

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// The kinds of history records.
const (
	messageAdded   = "messageAdded"
	messageDeleted = "messageDeleted"
	labelAdded     = "labelAdded"
	labelRemoved   = "labelRemoved"
)

// watchFor is how long pushes are sent after they were asked for.
const watchFor = 7 * 24 * time.Hour

// A gmailRecord is a change of a mailbox.
type gmailRecord struct {
	id              uint64
	kind            string
	message, thread string
	labels          []string // of the message, or those that were added or removed
}

// note keeps a change under the next history id, which leaves gaps.
func (b *mailbox) note(r gmailRecord) uint64 {
	b.now += 1 + b.now%7
	r.id = b.now
	b.history = append(b.history, r)
	return r.id
}

// gmailHistory answers users.history.list.
func (s *Server) gmailHistory(r *request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, box := r.URL.Query(), s.mailbox(r.address)
	start, err := strconv.ParseUint(q.Get("startHistoryId"), 10, 64)
	if err != nil {
		return nil, badRequest("Invalid startHistoryId")
	}
	if token := q.Get("pageToken"); token != "" && !readCursor(token, &start) {
		return nil, badRequest("Invalid pageToken")
	}
	if start < box.floor || start > box.now || s.expired(r) {
		return nil, failure{status: http.StatusNotFound, reason: "notFound", message: "Requested entity was not found."}
	}
	at, _ := slices.BinarySearchFunc(box.history, start+1, func(h gmailRecord, id uint64) int { return int(int64(h.id) - int64(id)) }) //nolint:gosec // ids are small
	size, kinds := number(q.Get("maxResults"), 100, 500), q["historyTypes"]
	var page []map[string]any
	answer := map[string]any{"historyId": strconv.FormatUint(box.now, 10)}
	for last := start; at < len(box.history); at++ {
		h := box.history[at]
		if len(kinds) > 0 && !slices.Contains(kinds, h.kind) {
			continue
		}
		if len(page) == size {
			answer["nextPageToken"] = cursorOf(last)
			break
		}
		page, last = append(page, h.json()), h.id
	}
	if len(page) > 0 {
		answer["history"] = disturbed(s, r, page)
	}
	return answer, nil
}

// json is a record as Gmail tells it.
func (h gmailRecord) json() map[string]any {
	message := map[string]any{"id": h.message, "threadId": h.thread}
	entry := map[string]any{"message": message}
	var list string
	switch h.kind {
	case messageAdded:
		message["labelIds"], list = h.labels, "messagesAdded"
	case messageDeleted:
		message["labelIds"], list = h.labels, "messagesDeleted"
	case labelAdded:
		entry["labelIds"], list = h.labels, "labelsAdded"
	default:
		entry["labelIds"], list = h.labels, "labelsRemoved"
	}
	return map[string]any{
		"id":       strconv.FormatUint(h.id, 10),
		"messages": []any{map[string]any{"id": h.message, "threadId": h.thread}},
		list:       []any{entry},
	}
}

// gmailWatch answers users.watch: pushes are sent for a week.
func (s *Server) gmailWatch(r *request) (any, error) {
	var asked struct {
		TopicName string `json:"topicName"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10)).Decode(&asked); err != nil || asked.TopicName == "" {
		return nil, badRequest("Invalid topicName")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	box := s.mailbox(r.address)
	box.watched = r.now.Add(watchFor)
	return map[string]any{"historyId": strconv.FormatUint(box.now, 10), "expiration": millis(box.watched)}, nil
}

// Watch makes pushes be sent for a week, as users.watch does.
func (g Gmail) Watch() {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	g.server.mailbox(g.address).watched = g.server.now(Google).Add(watchFor)
}

// gmailStop answers users.stop.
func (s *Server) gmailStop(r *request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mailbox(r.address).watched = time.Time{}
	return answer{status: http.StatusNoContent}, nil
}

// gmailPush is what Pub/Sub sends of a change. The lock is held.
func (s *Server) gmailPush(address string, history uint64, now time.Time) Push {
	data := fmt.Sprintf(`{"emailAddress":%q,"historyId":%d}`, address, history)
	id := strconv.FormatUint(s.next(), 10)
	body, err := json.Marshal(map[string]any{
		"message": map[string]any{
			"data": base64.URLEncoding.EncodeToString([]byte(data)), "messageId": id, "message_id": id,
			"publishTime": now.Format(time.RFC3339Nano),
		},
		"subscription": "projects/wedsync-test/subscriptions/gmail",
	})
	if err != nil {
		panic(err) // a bug: it is made of plain values
	}
	return Push{Provider: Google, Address: address, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
}
