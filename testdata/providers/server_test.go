package providers_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"wedsync/testdata/providers"
)

// began is when time begins in these tests.
var began = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

// ask asks a server in-process; it says nothing of connections that break.
func ask(s *providers.Server, method, target, token string, form url.Values) (int, http.Header, map[string]any) {
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var body map[string]any
	if json.Unmarshal(w.Body.Bytes(), &body) != nil {
		body = nil
	}
	return w.Code, w.Header(), body
}

// tokenPath is where tokens are given.
const tokenPath = "/google/token"

func client(form url.Values) url.Values {
	form.Set("client_id", providers.ClientID)
	form.Set("client_secret", providers.ClientSecret)
	return form
}

func TestCodeIsGoodOnceForWhoeverAskedForIt(t *testing.T) {
	s := providers.New(providers.Options{Clock: func() time.Time { return began }})
	s.AddAccount(providers.Google, "anna@studio.example", "Anna")
	sum := sha256.Sum256([]byte("the verifier"))
	code := func() string {
		status, h, _ := ask(s, "GET", "/google/o/oauth2/v2/auth?"+url.Values{
			"client_id": {providers.ClientID}, "response_type": {"code"}, "scope": {"mail"}, "state": {"s 1"},
			"redirect_uri": {"http://hub.test/back?x=1"}, "code_challenge_method": {"S256"},
			"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])},
		}.Encode(), "", nil)
		back, err := url.Parse(h.Get("Location"))
		if status != http.StatusFound || err != nil || back.Query().Get("state") != "s 1" || back.Query().Get("x") != "1" {
			t.Fatalf("authorize: %d %q", status, h.Get("Location"))
		}
		return back.Query().Get("code")
	}
	exchange := func(code, verifier string) (int, map[string]any) {
		status, _, body := ask(s, "POST", tokenPath, "", client(url.Values{
			"grant_type": {"authorization_code"}, "code": {code}, "code_verifier": {verifier}, "redirect_uri": {"http://hub.test/back?x=1"},
		}))
		return status, body
	}
	if status, body := exchange(code(), "another"); status != http.StatusBadRequest || body["error"] != "invalid_grant" {
		t.Errorf("another verifier: %d %v", status, body)
	}
	first := code()
	if status, body := exchange(first, "the verifier"); status != http.StatusOK || body["refresh_token"] == nil || body["expires_in"] != 3600.0 {
		t.Errorf("the verifier: %d %v", status, body)
	}
	if status, _ := exchange(first, "the verifier"); status != http.StatusBadRequest {
		t.Errorf("the same code again: %d", status)
	}
}

func TestRotatedRefreshTokenIsGoodOnce(t *testing.T) {
	s := providers.New(providers.Options{Rotate: true})
	token := s.Grant(providers.Google, "anna@studio.example")
	refresh := func(token string) (int, map[string]any) {
		status, _, body := ask(s, "POST", tokenPath, "", client(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}))
		return status, body
	}
	status, body := refresh(token.Refresh)
	if next, _ := body["refresh_token"].(string); status != http.StatusOK || next == "" || next == token.Refresh {
		t.Fatalf("%d %v", status, body)
	}
	if status, body := refresh(token.Refresh); status != http.StatusBadRequest || body["error"] != "invalid_grant" {
		t.Errorf("the old one: %d %v", status, body)
	}
	s.Disconnect(providers.Google, "anna@studio.example")
	if status, _ := refresh(body["refresh_token"].(string)); status != http.StatusBadRequest {
		t.Errorf("after the owner took it back: %d", status)
	}
}

func TestDroppedAndTruncatedAnswersAreSeenByAClient(t *testing.T) {
	s := providers.New(providers.Options{})
	server := httptest.NewServer(s)
	defer server.Close()
	get := func() (string, error) {
		answer, err := server.Client().PostForm(server.URL+tokenPath, client(url.Values{"grant_type": {"x"}}))
		if err != nil {
			return "", err
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close() // it was read
		return string(body), err
	}
	whole, err := get()
	if err != nil || !json.Valid([]byte(whole)) {
		t.Fatal(whole, err)
	}
	s.Next(providers.Truncated, "token", 1)
	if body, err := get(); err == nil && json.Valid([]byte(body)) {
		t.Errorf("truncated: %s", body)
	}
	s.Next(providers.Dropped, "token", 1)
	if body, err := get(); err == nil {
		t.Errorf("dropped: %s", body)
	}
	if c := s.Total("/google/token"); c.Asked < 3 {
		t.Errorf("%+v", c)
	}
}
