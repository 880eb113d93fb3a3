package connection_test

import (
	"crypto/tls"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"wedsync/server/webhooks/connection"
	"wedsync/store"
)

var now = time.Date(2027, 6, 12, 15, 4, 5, 0, time.UTC)

func TestTwoSecretsAreInUseWhileSendersChangeOver(t *testing.T) {
	var s connection.Settings
	rotate := func(value string, at time.Time, overlap time.Duration) {
		s.Rotate(connection.Secret{ID: value, Value: value, Created: at}, overlap)
	}
	rotate("a", now, time.Hour)
	rotate("b", now, time.Hour)
	for after, want := range map[time.Duration][]string{0: {"b", "a"}, time.Hour - 1: {"b", "a"}, time.Hour: {"b"}, 1000 * time.Hour: {"b"}} {
		if got := s.Active(now.Add(after)); !slices.Equal(got, want) {
			t.Errorf("after %v: %q, want %q", after, got, want)
		}
	}
	rotate("c", now.Add(time.Minute), time.Hour)
	if got := s.Active(now.Add(time.Minute)); !slices.Equal(got, []string{"c", "b"}) {
		t.Errorf("a third one leaves %q", got)
	}
	rotate("d", now.Add(2*time.Minute), 0)
	if got := s.Active(now.Add(2 * time.Minute)); !slices.Equal(got, []string{"d"}) || len(s.Secrets) != 1 {
		t.Errorf("without overlap: %q", got)
	}
}

func TestSettingsComeBackFromTheStore(t *testing.T) {
	s := connection.Settings{Name: "x", Params: connection.Params{Paths: connection.Paths{Object: "uid"}}}
	s.Rotate(connection.Secret{ID: "1", Value: connection.NewSecret(connection.StandardWebhooks), Created: now}, 0)
	b, err := s.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	back, err := connection.Of(store.Connection{Settings: b})
	if err != nil || back.Name != "x" || !slices.Equal(back.Active(now), s.Active(now)) || back.Paths(connection.Zapier).Object != "uid" || back.Paths(connection.Zapier).Version != "updated_at" {
		t.Errorf("%+v, %v", back, err)
	}
	if _, err := connection.Of(store.Connection{Settings: []byte("x")}); err == nil {
		t.Error("settings that are none are read")
	}
}

func TestMadeSecretsAreOnesThatTheSourceTakes(t *testing.T) {
	for _, src := range connection.Sources {
		if src.HasSecret() && connection.CheckSecret(src, connection.NewSecret(src)) != "" {
			t.Errorf("%s: %s", src, connection.CheckSecret(src, connection.NewSecret(src)))
		}
	}
}

func TestURLOfTheHubIsWhatItsCallersSay(t *testing.T) {
	r := httptest.NewRequest("POST", "/x", nil)
	r.Host = "hub.example.com"
	if got := connection.Base("", r); got != "http://hub.example.com" {
		t.Error(got)
	}
	r.Header.Set("X-Forwarded-Proto", "https")
	if got := connection.Base("", r); got != "https://hub.example.com" {
		t.Error(got)
	}
	r.Header.Del("X-Forwarded-Proto")
	r.TLS = &tls.ConnectionState{}
	if got := connection.Base("", r); got != "https://hub.example.com" {
		t.Error(got)
	}
	if got := connection.Base("https://public.example.com/hub/", r); got != "https://public.example.com/hub" {
		t.Error(got)
	}
}
