package server_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wedsync/server/communications/account"
	"wedsync/server/communications/pushing"
	"wedsync/store"
)

// TestProvidersAreHeardAndToldWhenToComeBack has them say that something has changed,
// while that can be noted and while it cannot.
func TestProvidersAreHeardAndToldWhenToComeBack(t *testing.T) {
	s := newRealSite(t)
	at := time.Unix(1_800_000_000, 0)
	if err := s.store.SetAccount(t.Context(), store.Account{
		Supplier: "barn", ID: "01GOOGLE", Provider: string(account.Google), Settings: []byte(`{"address":"anna@barn.example"}`), Created: at, Changed: at,
	}); err != nil {
		t.Fatal(err)
	}
	to, _ := pushing.Targets{PublicURL: hubURL}.Of(string(account.Microsoft), "01GRAPH")
	data := base64.StdEncoding.EncodeToString([]byte(`{"emailAddress":"anna@barn.example","historyId":7}`))
	for _, p := range []struct{ path, body, token, account string }{
		{pushing.GooglePath, fmt.Sprintf(`{"message":{"data":%q,"messageId":"1"}}`, data), "Bearer " + googleToken(t), "01GOOGLE"},
		{pushing.MicrosoftPath + "01GRAPH", fmt.Sprintf(`{"value":[{"changeType":"created","clientState":%q}]}`, to.Secret), "", "01GRAPH"},
	} {
		s.engine.fails, s.engine.pushed = nil, nil
		s.want(202, s.send("POST", p.path, p.body, "Authorization", p.token))
		if !slices.Equal(s.engine.pushed, []string{p.account}) {
			t.Errorf("%s: %v have changed", p.path, s.engine.pushed)
		}
		s.want(401, s.send("POST", p.path, "{}", "Authorization", "Bearer x"))
		s.want(413, s.send("POST", p.path, strings.Repeat("x", 256<<10+1), "Authorization", p.token))
		s.engine.fails = errors.New("a bug")
		s.want(500, s.send("POST", p.path, p.body, "Authorization", p.token))
		s.engine.fails = store.ErrUnavailable
		s.want(503, s.send("POST", p.path, p.body, "Authorization", p.token))
	}
}
