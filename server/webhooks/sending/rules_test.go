package sending

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/activity"
)

var noon = time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)

func TestRetriesGoBySchedule(t *testing.T) {
	for _, c := range []struct {
		since, wanted time.Duration
		chance        float64
		want          time.Duration // 0 for given up
	}{
		{0, 0, 0, 5 * time.Second},
		{time.Second, 0, 1, 5*time.Second + 400*time.Millisecond},
		{5 * time.Second, 0, 0, 5 * time.Minute},
		{15 * time.Second, 0, 0, 5 * time.Minute},
		{0, time.Hour, 0, time.Hour},
		{0, 48 * time.Hour, 0, 24 * time.Hour},
		{23 * time.Hour, 0, 0, 24 * time.Hour},
		{23 * time.Hour, 0, 1, 24*time.Hour + 6*time.Minute},
		{24 * time.Hour, 0, 0, 0},
		{90 * time.Hour, time.Hour, 0, 0},
	} {
		at, ok := retry(noon, noon.Add(c.since), c.wanted, c.chance)
		if ok != (c.want > 0) || ok && at.Sub(noon) != c.want {
			t.Errorf("after %s, wanted %s, chance %v: %s, %v, want %s", c.since, c.wanted, c.chance, at.Sub(noon), ok, c.want)
		}
	}
}

func TestRetryAfterIsSecondsOrATime(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 0, "90": 90 * time.Second, "-1": 0, "soon": 0, "99999999999999999999": 0,
		noon.Add(time.Minute).Format(http.TimeFormat): time.Minute, noon.Add(-time.Minute).Format(http.TimeFormat): 0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {text}}, noon); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestBreakerOpensForLongerEachTimeAndClosesWithASuccess(t *testing.T) {
	var s Settings
	now := noon
	for range OpensAfter - 1 {
		s.failed(now, "answered 500", 0)
	}
	if got := s.Breaker(now); got != Closed || s.width(now) != width {
		t.Errorf("before: %s", got)
	}
	last := time.Duration(0)
	for range 20 {
		s.failed(now, "answered 500", 0)
		pause := s.Trouble.Until.Sub(now)
		if s.Breaker(now) != Open || s.width(now) != 0 || pause < last || pause > longestPause {
			t.Fatalf("%s for %s after %s", s.Breaker(now), pause, last)
		}
		s.failed(now, "answered 500", 0)
		if got := s.Trouble.Until.Sub(now); got != pause {
			t.Errorf("a straggler makes %s of %s", got, pause)
		}
		now, last = now.Add(pause), pause
		if s.Breaker(now) != HalfOpen || s.width(now) != 1 {
			t.Fatalf("after its pause: %s", s.Breaker(now))
		}
	}
	if last != longestPause {
		t.Errorf("the longest pause is %s", last)
	}
	if s.Trouble = nil; s.Breaker(now) != Closed {
		t.Errorf("after a success: %s", s.Breaker(now))
	}
}

func TestFiltersAreTypesAndFamilies(t *testing.T) {
	for _, c := range []struct {
		filter, kind string
		covers, ok   bool
	}{
		{activity.ClientChanged, activity.ClientChanged, true, true},
		{activity.ClientChanged, activity.ClientCreated, false, true},
		{"wedsync.client.*", activity.ClientCreated, true, true},
		{"wedsync.*", activity.ConflictOpened, true, true},
		{"wedsync.cli.*", activity.ClientCreated, false, false},
		{"*", activity.ClientCreated, false, false},
		{"wedsync.client.renamed", activity.ClientCreated, false, false},
		{activity.PresenceShown, activity.ClientCreated, false, false},
		{"", activity.ClientCreated, false, false},
	} {
		if covers(c.filter, c.kind) != c.covers || (CheckFilter(c.filter) == "") != c.ok {
			t.Errorf("%q and %s: covers %v, rule %q", c.filter, c.kind, covers(c.filter, c.kind), CheckFilter(c.filter))
		}
	}
}

func TestEventThatIsTooLargeGoesWithoutItsFields(t *testing.T) {
	e := activity.Event{Type: activity.ClientChanged, Data: activity.Data{Fields: []string{"notes", "budget"}}}
	c := &Client{
		Fields:    map[string]any{"notes": strings.Repeat("<x>", MaxEvent/3), "budget": 7, "venue": "Barn"},
		Revisions: map[crdt.Path]uint64{"budget": 2, "venue": 1}, Pending: map[crdt.Path]string{"budget": "c1", "venue": "c2"},
	}
	body := Compose(e, "1", c).Encode()
	if len(body) > MaxEvent || !strings.Contains(string(body), `"fields":{},"pending":{"budget":"c1"},"revision":0,"revisions":{"budget":2},"fields_left_out":true`) {
		t.Errorf("%d bytes: %.300s", len(body), body)
	}
	if revisions, err := sent(body); err != nil || len(revisions) != 0 {
		t.Errorf("values of %v are said to be sent, %v", revisions, err)
	}
	c.Fields["notes"] = "<short>"
	body = Compose(e, "1", c).Encode()
	if revisions, err := sent(body); err != nil || len(revisions) != 1 || revisions["budget"] != 2 || !strings.Contains(string(body), `{"budget":7,"notes":"<short>"}`) {
		t.Errorf("%v, %v: %s", revisions, err, body)
	}
}

func TestEventsAreAboutTheFieldsThatTheyName(t *testing.T) {
	for _, c := range []struct {
		kind string
		data activity.Data
		want string
	}{
		{activity.ClientCreated, activity.Data{Fields: []string{"notes"}}, "all"},
		{activity.ClientDeleted, activity.Data{}, ""},
		{activity.ClientChanged, activity.Data{Fields: []string{"notes", "venue"}}, "notes venue"},
		{activity.ClientChanged, activity.Data{Fields: []string{"notes", conflicts.ChangedMore}}, "all"},
		{activity.VerdictAccepted, activity.Data{Verdict: &activity.VerdictData{Field: "venue.city"}}, "venue"},
		{activity.ConflictOpened, activity.Data{Conflict: &activity.ConflictData{Field: "budget"}}, "budget"},
		{activity.ConflictReminded, activity.Data{Conflict: &activity.ConflictData{}}, ""},
		{activity.ClientMerged, activity.Data{Merged: &activity.MergedData{Field: "notes"}}, "notes"},
		{activity.ActivityPosted, activity.Data{Activity: &activity.ActivityData{}}, ""},
	} {
		s := fieldsOf(&activity.Event{Type: c.kind, Data: c.data})
		got := strings.Join(s.keys, " ")
		if s.all {
			got = "all"
		}
		if got != c.want || s.any() != (c.want != "") {
			t.Errorf("%s: about %q, want %q", c.kind, got, c.want)
		}
	}
}
