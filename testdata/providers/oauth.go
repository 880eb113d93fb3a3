package providers

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// What clients of the OAuth endpoints say who they are.
const (
	ClientID     = "wedsync-test"
	ClientSecret = "no-secret-at-all" //nolint:gosec // of a test server
)

// codeLife is how long an authorization code is good.
const codeLife = time.Minute

// tokens are those that were given.
type tokens struct {
	codes   map[string]code
	access  map[string]grant
	refresh map[string]account
}

// A code is exchanged for tokens once.
type code struct {
	account
	redirect  string
	challenge string // of PKCE
	expires   time.Time
}

// A grant is what an access token is good for.
type grant struct {
	account
	expires time.Time
}

func newTokens() tokens {
	return tokens{codes: make(map[string]code), access: make(map[string]grant), refresh: make(map[string]account)}
}

// A Token is what a client gets.
type Token struct {
	Access  string
	Refresh string
	Expires time.Time // by the provider's clock
}

// Grant gives tokens to an account as if its owner had agreed.
func (s *Server) Grant(p Provider, address string) Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := account{p, address}
	s.account(p, address, "")
	t := s.grant(a)
	t.Refresh = s.secret("refresh")
	s.tokens.refresh[t.Refresh] = a
	return t
}

// Disconnect makes all tokens of an account invalid, as an owner does who takes
// the permission back.
func (s *Server) Disconnect(p Provider, address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.disconnect(account{p, address})
}

func (s *Server) disconnect(a account) {
	for token, g := range s.tokens.access {
		if g.account == a {
			delete(s.tokens.access, token)
		}
	}
	for token, of := range s.tokens.refresh {
		if of == a {
			delete(s.tokens.refresh, token)
		}
	}
}

// ExpireTokens makes the access tokens of an account invalid; it can be refreshed.
func (s *Server) ExpireTokens(p Provider, address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, g := range s.tokens.access {
		if g.account == (account{p, address}) {
			delete(s.tokens.access, token)
		}
	}
}

// grant makes an access token. The lock is held.
func (s *Server) grant(a account) Token {
	t := Token{Access: s.secret("access"), Expires: s.now(a.provider).Add(s.options.TokenLife)}
	s.tokens.access[t.Access] = grant{a, t.Expires}
	return t
}

// secret makes a text that was not given yet. The lock is held.
func (s *Server) secret(kind string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", kind, s.options.Seed, s.next()))
	return kind + "-" + hex.EncodeToString(sum[:16])
}

// handleOAuth serves a provider's endpoints for connecting accounts.
func (s *Server) handleOAuth(p Provider, authorize, token, revoke string) {
	s.route(p, "GET", authorize, func(r *http.Request) (any, error) { return s.authorize(p, r) })
	s.route(p, "POST", token, func(r *http.Request) (any, error) { return s.exchange(p, r) })
	if revoke != "" {
		s.route(p, "POST", revoke, func(r *http.Request) (any, error) { return s.revoke(p, r) })
	}
}

// authorize agrees in the name of the account that login_hint names, or that the
// provider alone has; else it lets a person choose.
func (s *Server) authorize(p Provider, r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || back.Host == "" {
		return nil, oauthFailure("invalid_request", "redirect_uri is missing")
	}
	switch {
	case q.Get("client_id") != ClientID:
		return nil, oauthFailure("invalid_client", "The OAuth client was not found.")
	case q.Get("response_type") != "code":
		return nil, oauthFailure("unsupported_response_type", "response_type must be code")
	case q.Get("code_challenge") == "" || q.Get("code_challenge_method") != "S256":
		return nil, oauthFailure("invalid_request", "a code_challenge of method S256 is required")
	case q.Get("scope") == "":
		return nil, oauthFailure("invalid_scope", "scope is missing")
	}
	var those []string
	for a := range s.accounts {
		if a.provider == p && (q.Get("login_hint") == "" || strings.EqualFold(a.address, q.Get("login_hint"))) {
			those = append(those, a.address)
		}
	}
	slices.Sort(those)
	if len(those) != 1 {
		return s.chooser(p, r.URL, those), nil
	}
	made := s.secret("code")
	s.tokens.codes[made] = code{
		account: account{p, those[0]}, redirect: q.Get("redirect_uri"),
		challenge: q.Get("code_challenge"), expires: s.now(p).Add(codeLife),
	}
	said := back.Query()
	said.Set("code", made)
	said.Set("state", q.Get("state"))
	back.RawQuery = said.Encode()
	return answer{status: http.StatusFound, header: http.Header{"Location": {back.String()}}}, nil
}

// chooser is a page on which a person chooses an account.
func (s *Server) chooser(p Provider, asked *url.URL, those []string) answer {
	var page strings.Builder
	fmt.Fprintf(&page, "<!doctype html><title>Choose an account</title><h1>Accounts at the test server of %s</h1>", p)
	for _, address := range those {
		to := *asked
		q := to.Query()
		q.Set("login_hint", address)
		to.RawQuery = q.Encode()
		fmt.Fprintf(&page, `<p><a href="%s">%s</a></p>`, html.EscapeString(to.String()), html.EscapeString(address))
	}
	return answer{status: http.StatusOK, header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, body: []byte(page.String())}
}

// exchange gives tokens for a code or a refresh token.
func (s *Server) exchange(p Provider, r *http.Request) (any, error) {
	r.Body = http.MaxBytesReader(nil, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		return nil, oauthFailure("invalid_request", "the form cannot be read")
	}
	id, secret, ok := r.BasicAuth()
	if !ok {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	if id != ClientID || secret != ClientSecret {
		f := oauthFailure("invalid_client", "Unauthorized")
		f.status = http.StatusUnauthorized
		return nil, f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var t Token
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		c, ok := s.tokens.codes[r.PostForm.Get("code")]
		delete(s.tokens.codes, r.PostForm.Get("code"))
		if !ok || c.provider != p || s.now(p).After(c.expires) || c.redirect != r.PostForm.Get("redirect_uri") || !verifies(r.PostForm.Get("code_verifier"), c.challenge) {
			return nil, oauthFailure("invalid_grant", "Malformed auth code.")
		}
		t = s.grant(c.account)
		t.Refresh = s.secret("refresh")
		s.tokens.refresh[t.Refresh] = c.account
	case "refresh_token":
		given := r.PostForm.Get("refresh_token")
		a, ok := s.tokens.refresh[given]
		if !ok || a.provider != p {
			return nil, oauthFailure("invalid_grant", "Token has been expired or revoked.")
		}
		t = s.grant(a)
		if s.options.Rotate {
			delete(s.tokens.refresh, given)
			t.Refresh = s.secret("refresh")
			s.tokens.refresh[t.Refresh] = a
		}
	default:
		return nil, oauthFailure("unsupported_grant_type", "Invalid grant_type")
	}
	said := map[string]any{"access_token": t.Access, "token_type": "Bearer", "expires_in": int(s.options.TokenLife / time.Second), "scope": r.PostForm.Get("scope")}
	if t.Refresh != "" {
		said["refresh_token"] = t.Refresh
	}
	return answer{status: http.StatusOK, header: http.Header{"Cache-Control": {"no-store"}}, body: said}, nil
}

// revoke makes the tokens of whoever one belongs to invalid.
func (s *Server) revoke(p Provider, r *http.Request) (any, error) {
	token := r.FormValue("token")
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.tokens.refresh[token]
	if !ok {
		a = s.tokens.access[token].account
	}
	if a.provider != p {
		return nil, oauthFailure("invalid_token", "Token expired or revoked")
	}
	s.disconnect(a)
	return map[string]any{}, nil
}

// verifies reports whether a verifier is that of a PKCE challenge.
func verifies(verifier, challenge string) bool {
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

func oauthFailure(reason, message string) failure {
	return failure{status: http.StatusBadRequest, reason: reason, message: message, oauth: true}
}
