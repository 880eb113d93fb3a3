package providers

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// twilioOf is the account that a path names, which has to be whose password was
// given. The lock is held.
func (s *Server) twilioOf(r *request) (*twilioAccount, error) {
	sid := strings.TrimSuffix(r.PathValue("sid"), ".json")
	of, ok := s.twilio.accounts[r.address]
	if !ok || sid != r.address {
		return nil, failure{status: http.StatusNotFound, code: 20404, message: "The requested resource " + r.URL.Path + " was not found"}
	}
	return of, nil
}

// twilioAccountOf answers an account.
func (s *Server) twilioAccountOf(r *request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.twilioOf(r); err != nil {
		return nil, err
	}
	return map[string]any{"sid": r.address, "friendly_name": "Studio", "status": "active", "type": "Full", "date_created": "Fri, 01 Jan 2027 08:00:00 +0000"}, nil
}

// twilioNumbers answers the phone numbers of an account.
func (s *Server) twilioNumbers(r *request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of, err := s.twilioOf(r)
	if err != nil {
		return nil, err
	}
	all := []any{}
	for _, n := range of.numbers {
		all = append(all, map[string]any{"sid": "PN" + strings.TrimPrefix(n, "+"), "phone_number": n, "friendly_name": n})
	}
	return map[string]any{"incoming_phone_numbers": all, "next_page_uri": nil, "page": 0, "page_size": 50, "uri": r.URL.RequestURI()}, nil
}

// twilioMessages answers the list of messages.
func (s *Server) twilioMessages(r *request) (any, error) {
	return s.twilioList(r, "messages", "DateSent", "PASM", func(of *twilioAccount) []*twilioThing { return of.messages })
}

// twilioCalls answers the list of calls.
func (s *Server) twilioCalls(r *request) (any, error) {
	return s.twilioList(r, "calls", "StartTime", "PACA", func(of *twilioAccount) []*twilioThing { return of.calls })
}

// A twilioPlace is where a page goes on: behind a thing.
type twilioPlace struct {
	At  int64  `json:"a"` // seconds
	SID string `json:"s"`
}

// twilioList answers a list, the newest first, which can be asked for from a day on
// and up to one.
func (s *Server) twilioList(r *request, name, day, prefix string, of func(*twilioAccount) []*twilioThing) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	account, err := s.twilioOf(r)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	from, until, err := days(q, day)
	if err != nil {
		return nil, err
	}
	all := of(account)
	if token, ok := strings.CutPrefix(q.Get("PageToken"), prefix); ok {
		var at twilioPlace
		if !readCursor(token, &at) || s.expired(r) {
			return nil, failure{status: http.StatusBadRequest, code: 20006, message: "Page token is invalid"}
		}
		i, found := slices.BinarySearchFunc(all, &twilioThing{sid: at.SID, at: time.Unix(at.At, 0)}, newer)
		if found {
			i++
		}
		all = all[i:]
	}
	size := number(q.Get("PageSize"), 50, 1000)
	var page []*twilioThing
	more := false
	for _, one := range all {
		if one.at.Before(from) || !one.at.Before(until) || one.at.IsZero() {
			continue
		}
		if more = len(page) == size; more {
			break
		}
		page = append(page, one)
	}
	at, _ := strconv.Atoi(q.Get("Page")) // 0 for the first one, which has none
	answer := map[string]any{"page": at, "page_size": size, "uri": r.relative(q), "next_page_uri": nil, "end": at*size + len(page) - 1}
	items := make([]map[string]any, len(page))
	for i, one := range page {
		items[i] = one.json(r.address)
	}
	answer[name] = disturbed(s, r, items)
	if more {
		last := page[len(page)-1]
		q.Set("Page", strconv.Itoa(at+1))
		q.Set("PageSize", strconv.Itoa(size))
		q.Set("PageToken", prefix+cursorOf(twilioPlace{last.at.Unix(), last.sid}))
		answer["next_page_uri"] = r.relative(q)
	}
	return answer, nil
}

// relative is the path of a list with other parameters, below the provider's host.
func (r *request) relative(q url.Values) string {
	return strings.TrimPrefix(r.URL.Path, "/"+string(Twilio)) + "?" + q.Encode()
}

// days are the bounds of the days that a list is asked for.
func days(q url.Values, name string) (from, until time.Time, err error) {
	until = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	for suffix, set := range map[string]func(time.Time){
		">": func(t time.Time) { from = t },
		"<": func(t time.Time) { until = t.AddDate(0, 0, 1) },
		"":  func(t time.Time) { from, until = t, t.AddDate(0, 0, 1) },
	} {
		text := q.Get(name + suffix)
		if text == "" {
			continue
		}
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return from, until, failure{status: http.StatusBadRequest, code: 20001, message: "Invalid " + name}
		}
		set(at)
	}
	return from, until, nil
}

// json is a message or call as Twilio tells it.
func (one *twilioThing) json(account string) map[string]any {
	date := func(t time.Time) string { return t.UTC().Format(time.RFC1123Z) }
	said := map[string]any{
		"sid": one.sid, "account_sid": account, "date_created": date(one.at), "date_updated": date(one.updated),
		"price": nil, "price_unit": "USD", "api_version": "2010-04-01",
	}
	if m := one.message; m != nil {
		for name, value := range map[string]any{
			"from": m.From, "to": m.To, "body": m.Body, "status": m.State, "direction": "outbound-api", "date_sent": date(one.at),
			"num_media": strconv.Itoa(m.Media), "num_segments": "1", "messaging_service_sid": nil, "error_code": nil, "error_message": nil,
			"uri": "/2010-04-01/Accounts/" + account + "/Messages/" + one.sid + ".json",
		} {
			said[name] = value
		}
		if m.Inbound {
			said["direction"] = "inbound"
		}
		return said
	}
	c := one.call
	for name, value := range map[string]any{
		"from": c.From, "to": c.To, "status": c.State, "direction": c.direction(), "start_time": date(one.at), "end_time": nil,
		"duration": nil, "parent_call_sid": nil, "caller_name": nil, "answered_by": nil, "forwarded_from": nil, "phone_number_sid": "",
		"uri": "/2010-04-01/Accounts/" + account + "/Calls/" + one.sid + ".json",
	} {
		said[name] = value
	}
	if c.Parent != "" {
		said["parent_call_sid"] = c.Parent
	}
	if !slices.Contains([]string{"queued", "ringing", "in-progress"}, c.State) {
		said["end_time"], said["duration"] = date(one.at.Add(c.Duration)), seconds(c.Duration)
	}
	return said
}
