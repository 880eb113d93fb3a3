package server_test

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/golang-jwt/jwt/v5"

	"wedsync/conflicts"
	"wedsync/server/api"
)

// A right says how one request is answered to whom: to each role of the supplier
// that what it is about belongs to, to an owner of another supplier, and to all
// who do not show who they are.
type right struct {
	id, url, body                                          string
	owner, member, integration, viewer, stranger, outsider int
	fake                                                   bool   // what it is about comes from devices alone: a fake hub stands behind it
	stored                                                 bool   // what it is about, no fake hub knows
	kind                                                   string // content type of the body, JSON if empty
	browser                                                bool   // the request is that of olga's browser, which a provider sends there
	google                                                 bool   // the request has a token of Google's, as Pub/Sub has
	signed                                                 bool   // the body is signed by a connection of barn's
}

// rights has a row for every route. Mia, the member, is the author of what is
// proposed; the others are nobody's authors. A socket that is refused is closed
// with a code above 4400.
var rights = []right{
	{id: "listClients", url: "/api/clients", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 200, outsider: 401},
	{
		id: "createClient", url: "/api/clients", body: `{"fields":{"name":"x"}}`,
		owner: 201, member: 201, integration: 201, viewer: 403, stranger: 201, outsider: 401,
	},
	{
		id: "importClients", url: "/api/clients/import?dry_run=true", body: "name\nx\n", kind: "text/csv",
		owner: 200, member: 200, integration: 403, viewer: 403, stranger: 200, outsider: 401,
	},
	{id: "exportClients", url: "/api/clients/export", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 200, outsider: 401},
	{id: "syncStatus", url: "/api/clients/sync-status", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 200, outsider: 401},
	{id: "getClient", url: "/api/clients/<client>", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 404, outsider: 401},
	{
		id: "patchClient", url: "/api/clients/<client>", body: `{"fields":{"notes":"x"}}`,
		owner: 200, member: 200, integration: 200, viewer: 403, stranger: 404, outsider: 401,
	},
	{id: "deleteClient", url: "/api/clients/<client>", owner: 204, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401},
	{id: "restoreClient", url: "/api/clients/<deleted>/restore", owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401},
	{id: "repairClient", url: "/api/clients/<client>/repair", body: `{"device":"mia/phone"}`, owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401},
	{id: "eraseClient", url: "/api/clients/<client>/erase", owner: 204, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401},
	{id: "clientHistory", url: "/api/clients/<client>/history", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 404, outsider: 401},
	{id: "listActivities", url: "/api/clients/<client>/activities", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 404, outsider: 401},
	{
		id: "postActivity", url: "/api/clients/<client>/activities", body: `{"kind":"call","text":"Called"}`,
		owner: 201, member: 201, integration: 201, viewer: 403, stranger: 404, outsider: 401,
	},
	{id: "listConflicts", url: "/api/conflicts", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 200, outsider: 401},
	{id: "exportConflicts", url: "/api/conflicts/export", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 200, outsider: 401},
	{
		id: "resolveConflicts", url: "/api/conflicts/resolve", body: `{"decisions":[{"conflict_id":"<conflict>","version":1,"action":"keep"}]}`,
		owner: 200, member: 403, integration: 403, viewer: 403, stranger: 200, outsider: 401,
	},
	{id: "getConflict", url: "/api/conflicts/<conflict>", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 404, outsider: 401},
	{
		id: "resolveConflict", url: "/api/conflicts/<conflict>/resolve", body: `{"version":1,"action":"keep"}`,
		owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401,
	},
	{id: "reopenConflict", url: "/api/conflicts/<decided>/reopen", owner: 201, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401},
	{
		id: "withdrawProposal", url: "/api/conflicts/<conflict>/proposals/<proposal>/withdraw",
		owner: 200, member: 200, integration: 403, viewer: 403, stranger: 404, outsider: 401,
	},
	{id: "listVerdicts", url: "/api/verdicts?device=phone", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 200, outsider: 401},
	{id: "ackVerdict", url: "/api/verdicts/<verdict>/ack?device=phone", owner: 404, member: 204, integration: 404, viewer: 404, stranger: 404, outsider: 401},
	{id: "listMerged", url: "/api/merged", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 200, outsider: 401},
	{id: "getMerged", url: "/api/merged/<merged>", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 404, outsider: 401, fake: true},
	{
		id: "useMerged", url: "/api/merged/<merged>/use", body: `{"value_of":"<value>"}`,
		owner: 200, member: 200, integration: 200, viewer: 403, stranger: 404, outsider: 401, fake: true,
	},
	{
		id: "dismissMerged", url: "/api/merged/<merged>/dismiss",
		owner: 200, member: 200, integration: 200, viewer: 403, stranger: 404, outsider: 401, fake: true,
	},
	{id: "getPolicy", url: "/api/policy", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 200, outsider: 401},
	{
		id: "putPolicy", url: "/api/policy", body: `{"fields":[{"path":"budget","kind":"money"}]}`,
		owner: 200, member: 403, integration: 403, viewer: 403, stranger: 200, outsider: 401,
	},
	{id: "listDevices", url: "/api/devices", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 200, outsider: 401, stored: true},
	{
		id: "nameDevice", url: "/api/devices/<device>", body: `{"name":"Mia's tablet"}`,
		owner: 200, member: 200, integration: 404, viewer: 404, stranger: 404, outsider: 401, stored: true,
	},
	{id: "revokeDevice", url: "/api/devices/<device>", owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true},
	{
		id: "readmitDevice", url: "/api/devices/<device>/readmit",
		owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true,
	},
	{id: "listUsers", url: "/api/users", owner: 200, member: 403, integration: 403, viewer: 403, stranger: 200, outsider: 401, stored: true},
	{
		id: "setRole", url: "/api/users/<user>", body: `{"role":"viewer"}`,
		owner: 200, member: 403, integration: 403, viewer: 403, stranger: 200, outsider: 401, stored: true,
	},
	{id: "listEndpoints", url: "/api/webhooks/endpoints", owner: 200, member: 403, integration: 403, viewer: 403, stranger: 200, outsider: 401, stored: true},
	{
		id: "createEndpoint", url: "/api/webhooks/endpoints", body: `{"url":"https://app.example/hook"}`,
		owner: 201, member: 403, integration: 403, viewer: 403, stranger: 201, outsider: 401, stored: true,
	},
	{id: "getEndpoint", url: "/api/webhooks/endpoints/<endpoint>", owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true},
	{
		id: "patchEndpoint", url: "/api/webhooks/endpoints/<endpoint>", body: `{"status":"paused"}`,
		owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true,
	},
	{id: "deleteEndpoint", url: "/api/webhooks/endpoints/<endpoint>", owner: 204, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true},
	{id: "rotateEndpoint", url: "/api/webhooks/endpoints/<endpoint>/rotate", owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true},
	{id: "testEndpoint", url: "/api/webhooks/endpoints/<endpoint>/test", owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true},
	{
		id: "listDeliveries", url: "/api/webhooks/endpoints/<endpoint>/deliveries",
		owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true,
	},
	{
		id: "getDelivery", url: "/api/webhooks/endpoints/<endpoint>/deliveries/<delivery>",
		owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true,
	},
	{
		id: "redeliver", url: "/api/webhooks/endpoints/<endpoint>/deliveries/<delivery>/redeliver",
		owner: 202, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true,
	},
	{id: "listConnections", url: "/api/webhooks/connections", owner: 200, member: 403, integration: 403, viewer: 403, stranger: 200, outsider: 401, stored: true},
	{
		id: "createConnection", url: "/api/webhooks/connections", body: `{"source":"zapier","name":"HoneyBook"}`,
		owner: 201, member: 403, integration: 403, viewer: 403, stranger: 201, outsider: 401, stored: true,
	},
	{id: "getConnection", url: "/api/webhooks/connections/<connection>", owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true},
	{
		id: "patchConnection", url: "/api/webhooks/connections/<connection>", body: `{"paused":true}`,
		owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true,
	},
	{id: "deleteConnection", url: "/api/webhooks/connections/<connection>", owner: 204, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true},
	{
		id: "rotateConnection", url: "/api/webhooks/connections/<connection>/rotate", body: `{"overlap":"1h"}`,
		owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true,
	},
	{
		id: "receiveEvent", url: "/api/webhooks/client-integrations", body: `{"source":"tave","event_type":"client.created","client_data":{"supplier_id":"barn","id":"c-1"}}`,
		owner: 202, member: 202, integration: 202, viewer: 202, stranger: 202, outsider: 202, stored: true, signed: true,
	},
	{
		id: "receiveEventOf", url: "<hook>&event=job.created", body: `{"id":"01h35ccwymj5ctckp8px1azhg6"}`,
		owner: 202, member: 202, integration: 202, viewer: 202, stranger: 202, outsider: 202, stored: true,
	},
	{
		id: "pushGoogle", url: "/api/integrations/communication/push/google", body: `{"message":{"data":"e30=","messageId":"1"}}`,
		owner: 202, member: 202, integration: 202, viewer: 202, stranger: 202, outsider: 202, stored: true, google: true,
	},
	{
		id: "pushMicrosoft", url: "/api/integrations/communication/push/microsoft/01A?validationToken=x",
		owner: 200, member: 200, integration: 200, viewer: 200, stranger: 200, outsider: 200, stored: true,
	},
	{
		id: "tryConnection", url: "/api/webhooks/connections/<connection>/try", body: `{"payload":{"id":"c-1","name":"Ada"}}`,
		owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true,
	},
	{id: "listConnectionEvents", url: "/api/webhooks/connections/<connection>/events", owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true},
	{id: "listEvents", url: "/api/webhooks/events", owner: 200, member: 403, integration: 403, viewer: 403, stranger: 200, outsider: 401, stored: true},
	{id: "getEvent", url: "/api/webhooks/events/<event>", owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true},
	{
		id: "patchEvent", url: "/api/webhooks/events/<unrouted>", body: `{"version":1,"body":"{}"}`,
		owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true,
	},
	{id: "replayEvent", url: "/api/webhooks/events/<event>/replay", owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true},
	{
		id: "replayEvents", url: "/api/webhooks/events/replay", body: `{"state":"dead"}`,
		owner: 200, member: 403, integration: 403, viewer: 403, stranger: 200, outsider: 401, stored: true,
	},
	{
		id: "assignEvent", url: "/api/webhooks/events/<event>/assign", body: `{"create":true}`,
		owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true,
	},
	{id: "listAccounts", url: accountsURL, owner: 200, member: 403, integration: 403, viewer: 403, stranger: 200, outsider: 401, stored: true},
	{
		id: "connectTwilio", url: accountsURL, body: twilio,
		owner: 201, member: 403, integration: 403, viewer: 403, stranger: 201, outsider: 401, stored: true,
	},
	{id: "getAccount", url: accountsURL + "/<account>", owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true},
	{
		id: "patchAccount", url: accountsURL + "/<account>", body: `{"level":"subject"}`,
		owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true,
	},
	{
		id: "syncAccount", url: accountsURL + "/<account>/sync", body: `{}`,
		owner: 200, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true,
	},
	{id: "disconnectAccount", url: accountsURL + "/<account>", owner: 204, member: 403, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true},
	{
		id: "beginAccount", url: connectURL, body: `{"provider":"google"}`,
		owner: 200, member: 403, integration: 403, viewer: 403, stranger: 200, outsider: 401, stored: true,
	},
	{
		id: "finishAccount", url: api.CallbackPath,
		owner: 200, member: 200, integration: 200, viewer: 200, stranger: 200, outsider: 200, stored: true, browser: true,
	},
	{
		id: "syncCommunications", url: "/api/integrations/communication/sync", body: `{"client_id":"<client>"}`,
		owner: 200, member: 200, integration: 200, viewer: 200, stranger: 404, outsider: 401, stored: true,
	},
	{id: "listSources", url: "/api/integrations/communication/sources", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 200, outsider: 401, stored: true},
	{id: "listCommunications", url: "/api/clients/<client>/communications", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 404, outsider: 401, stored: true},
	{id: "getCommunication", url: "/api/clients/<client>/communications/<message>", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 404, outsider: 401, stored: true},
	{
		id: "linkCommunication", url: "/api/clients/<client>/communications/<message>/link", body: `{"state":"linked"}`,
		owner: 204, member: 204, integration: 403, viewer: 403, stranger: 404, outsider: 401, stored: true,
	},
	{id: "listUnmatched", url: "/api/communications/unmatched", owner: 200, member: 200, integration: 403, viewer: 403, stranger: 200, outsider: 401, stored: true},
	{
		id: "writeMessage", url: "/api/clients/<client>/messages", body: `{"text":"They like peonies."}`,
		owner: 201, member: 201, integration: 201, viewer: 403, stranger: 404, outsider: 401, stored: true,
	},
	{
		id: "writeNote", url: "/api/clients/<client>/notes", body: `{"text":"Met at the fair."}`,
		owner: 201, member: 201, integration: 201, viewer: 403, stranger: 404, outsider: 401, stored: true,
	},
	{
		id: "writeCall", url: "/api/clients/<client>/calls", body: `{"direction":"inbound","with":"Ada"}`,
		owner: 201, member: 201, integration: 201, viewer: 403, stranger: 404, outsider: 401, stored: true,
	},
	{id: "createTicket", url: "/api/realtime/ticket", owner: 201, member: 201, integration: 201, viewer: 201, stranger: 201, outsider: 401},
	{id: "listen", url: "/api/realtime/clients", owner: 101, member: 101, integration: 101, viewer: 101, stranger: 101, outsider: 4401},
	{id: "events", url: "/api/realtime/clients/events", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 200, outsider: 401},
	{id: "sync", url: "/sync", owner: 101, member: 101, integration: 101, viewer: 101, stranger: 101, outsider: 4401},
	{id: "healthz", url: "/healthz", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 200, outsider: 200},
	{id: "readyz", url: "/readyz", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 200, outsider: 200},
	{id: "metrics", url: "/metrics", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 200, outsider: 200},
	{id: "openapi", url: "/openapi.json", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 200, outsider: 200},
	{id: "docs", url: "/docs", owner: 200, member: 200, integration: 200, viewer: 200, stranger: 200, outsider: 200},
}

// A caller is somebody who asks, by the Authorization header.
type caller struct {
	name          string
	authorization func(*site) string
	want          func(*right) int
	kind          api.Kind // of the problem that an outsider is told
}

// known are those whose token is good.
func known(name string, p conflicts.Principal, want func(*right) int) caller {
	return caller{name: name, authorization: func(s *site) string { return "Bearer " + s.token(p) }, want: want}
}

var ines = conflicts.Principal{Supplier: "barn", User: "ines", Role: conflicts.Integration}

var insiders = []caller{
	known("viewer", vera, func(r *right) int { return r.viewer }),
	known("integration", ines, func(r *right) int { return r.integration }),
	known("member", mia, func(r *right) int { return r.member }),
	known("owner", olga, func(r *right) int { return r.owner }),
	known("another supplier's owner", rival, func(r *right) int { return r.stranger }),
}

// outsider is somebody whose Authorization header shows nothing.
func outsider(name string, kind api.Kind, authorization func(*site) string) caller {
	return caller{name: name, kind: kind, authorization: authorization, want: func(r *right) int { return r.outsider }}
}

// shut is somebody whose token is good and whose access an owner took away: 403
// and 4403 where an outsider is told 401 and 4401.
func shut(name string, p conflicts.Principal) caller {
	return caller{
		name: name, kind: api.Revoked, authorization: func(s *site) string { return "Bearer " + s.token(p) },
		want: func(r *right) int {
			told := map[int]int{http.StatusUnauthorized: http.StatusForbidden, 4401: 4403}
			return cmp.Or(told[r.outsider], r.outsider)
		},
	}
}

var (
	lost = conflicts.Principal{Supplier: "barn", User: "mia", Device: "lost phone", Role: conflicts.Member}
	nils = conflicts.Principal{Supplier: "barn", User: "nils", Role: conflicts.Owner}
)

// shutOut are those whom shutThemOut has shut out.
var shutOut = []caller{shut("a device that was shut out", lost), shut("a user whose access was taken away", nils)}

func shutThemOut(s *site) {
	s.t.Helper()
	s.joins(lost, lost.Device)
	s.want(200, s.do(olga, "DELETE", "/api/devices/"+keyOf(lost), ""))
	s.want(200, s.do(olga, "PUT", "/api/users/nils", `{"role":"none"}`))
}

// outsiders have no token, or one that is worth nothing.
var outsiders = []caller{
	outsider("no token", api.NoToken, func(*site) string { return "" }),
	outsider("another scheme", api.NoToken, func(s *site) string { return "Basic " + s.token(olga) }),
	outsider("no JWT", api.BadToken, func(*site) string { return "Bearer x.y.z" }),
	outsider("an expired token", api.TokenExpired, func(s *site) string {
		return forged(s, jwt.SigningMethodHS256, tokenKey, func(c jwt.MapClaims) { c["exp"] = time.Now().Add(-time.Minute).Unix() })
	}),
	outsider("a token without end", api.BadToken, func(s *site) string {
		return forged(s, jwt.SigningMethodHS256, tokenKey, func(c jwt.MapClaims) { delete(c, "exp") })
	}),
	outsider("a role that there is not", api.BadToken, func(s *site) string {
		return forged(s, jwt.SigningMethodHS256, tokenKey, func(c jwt.MapClaims) { c["role"] = "admin" })
	}),
	outsider("no supplier", api.BadToken, func(s *site) string {
		return forged(s, jwt.SigningMethodHS256, tokenKey, func(c jwt.MapClaims) { delete(c, "supplier_id") })
	}),
	outsider("the wrong key", api.BadToken, func(s *site) string { return forged(s, jwt.SigningMethodHS256, []byte("guess"), same) }),
	outsider("the hub's secret itself as key", api.BadToken, func(s *site) string { return forged(s, jwt.SigningMethodHS256, []byte("secret"), same) }),
	outsider("alg none", api.BadToken, func(s *site) string { return forged(s, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, same) }),
	outsider("alg HS384", api.BadToken, func(s *site) string { return forged(s, jwt.SigningMethodHS384, tokenKey, same) }),
	outsider("alg HS512", api.BadToken, func(s *site) string { return forged(s, jwt.SigningMethodHS512, tokenKey, same) }),
	outsider("alg RS256 with a key of one's own", api.BadToken, func(s *site) string { return forged(s, jwt.SigningMethodRS256, rsaKey(), same) }),
	outsider("alg RS256 over an HS256 signature", api.BadToken, func(s *site) string {
		_, rest, _ := strings.Cut(forged(s, jwt.SigningMethodHS256, tokenKey, same), ".")
		return "Bearer " + base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + rest
	}),
	outsider("a good token without its signature", api.BadToken, func(s *site) string {
		token := s.token(olga)
		return "Bearer " + token[:strings.LastIndex(token, ".")+1]
	}),
	outsider("a good token with other claims", api.BadToken, func(s *site) string {
		parts := strings.Split(s.token(vera), ".")
		return "Bearer " + parts[0] + "." + strings.Split(s.token(olga), ".")[1] + "." + parts[2]
	}),
}

// tokenKey is the key that the hub of these tests signs with.
var tokenKey = func() []byte {
	mac := hmac.New(sha256.New, []byte("secret"))
	mac.Write([]byte("wedsync token key 1"))
	return mac.Sum(nil)
}()

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func same(jwt.MapClaims) {}

// forged is the header of a token of olga's that was signed by somebody else.
func forged(s *site, method jwt.SigningMethod, key any, change func(jwt.MapClaims)) string {
	s.t.Helper()
	claims := jwt.MapClaims{"sub": "olga", "supplier_id": "barn", "role": "owner", "exp": time.Now().Add(time.Hour).Unix()}
	change(claims)
	token, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		s.t.Fatal(err)
	}
	return "Bearer " + token
}

func TestEveryRouteHasARowOfRightsAndEveryRowARoute(t *testing.T) {
	rows := make(map[string]int)
	for _, row := range rights {
		rows[row.id]++
	}
	for _, r := range described().routes {
		if rows[r.Doc.ID] != 1 {
			t.Errorf("%s %s (%s) has %d rows in the table rights of rights_test.go, want 1: say there how it answers to whom", r.Method, r.Path, r.Doc.ID, rows[r.Doc.ID])
		}
		delete(rows, r.Doc.ID)
	}
	for id := range maps.Keys(rows) {
		t.Errorf("the row %s of the table rights has no route in server.go", id)
	}
}

func TestRolesOfARouteAreThoseThatItsRowLetsIn(t *testing.T) {
	for _, row := range rights {
		d := described().route(row.id).Doc
		if open := row.outsider < 400; open != (d.May == api.Public) {
			t.Errorf("%s: the Doc says %s, outsiders are answered %d", row.id, d.May, row.outsider)
		}
		for role, status := range map[conflicts.Role]int{
			conflicts.Owner: row.owner, conflicts.Member: row.member, conflicts.Integration: row.integration, conflicts.Viewer: row.viewer,
		} {
			if !d.May.Admits(role) && status != http.StatusForbidden {
				t.Errorf("%s: the Doc does not let in %s, the row says %d", row.id, role, status)
			}
		}
	}
}

func TestEveryRouteAnswersEachCallerAsItsRowSays(t *testing.T) {
	stored, fake := newRealSite(t).site, newSite(t)
	for _, row := range rights {
		s := stored
		if row.fake {
			s = fake
		}
		for _, c := range insiders {
			if got := answer(newStage(s), &row, c); got.status != c.want(&row) {
				t.Errorf("%s: answered %d, want %d: %s", row.key(c.name), got.status, c.want(&row), got.raw)
			}
		}
		st := newStage(s)
		for _, c := range outsiders {
			got := answer(st, &row, c)
			if got.status != c.want(&row) || got.status == http.StatusUnauthorized && got.text("type") != c.kind.Type() {
				t.Errorf("%s: answered %d %s, want %d %s", row.key(c.name), got.status, got.text("type"), c.want(&row), c.kind.Type())
			}
		}
	}
}

func TestWhoWasShutOutIsRefusedOnEveryRoute(t *testing.T) {
	s := newRealSite(t).site
	shutThemOut(s)
	for _, row := range rights {
		for _, c := range shutOut {
			got := answer(blindStage(s), &row, c)
			if got.status != c.want(&row) || got.status == http.StatusForbidden && got.text("type") != c.kind.Type() {
				t.Errorf("%s: answered %d %s, want %d %s", row.key(c.name), got.status, got.text("type"), c.want(&row), c.kind.Type())
			}
		}
	}
}

// answer is how a caller is answered.
func answer(s *stage, row *right, c caller) reply {
	s.t.Helper()
	r := described().route(row.id)
	if !r.Lasting {
		return s.perform(row, c)
	}
	server := httptest.NewServer(s.handler)
	defer server.Close()
	url, header := server.URL+s.fill(row.url), http.Header{"Authorization": {c.authorization(s.site)}}
	if described().operation(r.Method, r.Path).Responses["101"] != nil {
		return s.socket(url, header)
	}
	return s.stream(url, header)
}

// socket opens a socket. The answer is 101 if it stays open, else the code that
// it is closed with for what its caller is.
func (s *stage) socket(url string, header http.Header) reply {
	s.t.Helper()
	conn, _, err := websocket.Dial(s.t.Context(), url, &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	_ = conn.Write(s.t.Context(), websocket.MessageBinary, []byte("no join")) // who is let in is closed for this
	_, _, err = conn.Read(s.t.Context())
	if code := int(websocket.CloseStatus(err)); code == 4401 || code == 4403 {
		return reply{status: code}
	}
	return reply{status: http.StatusSwitchingProtocols}
}

// stream opens a stream, and hangs up once it has begun.
func (s *stage) stream(url string, header http.Header) reply {
	s.t.Helper()
	ctx, hangUp := context.WithCancel(s.t.Context())
	defer hangUp()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header = header
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	got := reply{status: resp.StatusCode, header: resp.Header}
	if got.status >= 400 {
		if err := json.NewDecoder(resp.Body).Decode(&got.body); err != nil {
			s.t.Fatal(err)
		}
	}
	return got
}

func TestDecisionsOfManyDoNotReachAnotherSupplier(t *testing.T) {
	s := newStage(newRealSite(t).site)
	row := rights[slices.IndexFunc(rights, func(r right) bool { return r.id == "resolveConflicts" })]
	stranger := insiders[len(insiders)-1]
	if got := s.want(200, s.perform(&row, stranger)); got.at("results", 0, "status") != "404" {
		t.Errorf("%s", got.raw)
	}
}
