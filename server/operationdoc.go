package server

import (
	"fmt"
	"net/http"
	"strings"

	"wedsync/server/activity"
	"wedsync/server/api"
)

const (
	operationTag = "Operation"
	streamTag    = "Activity stream"
)

var syncDoc = api.Doc{
	ID: "sync", Tag: "Sync", Summary: "Sync documents", May: api.Readers,
	Detail: "A WebSocket that speaks the automerge-repo protocol, version 1. Clients that cannot set headers give their token as `?token=`, browsers better a ticket as " +
		"`?ticket=`. A caller that is not let in is accepted and then closed with a code from 4400: **4401** a token is needed, or has expired, " +
		"now or while it was connected; **4403** an owner shut the device or its user out, now or while it was connected; **4429** there are too " +
		"many sockets of the device, user, supplier or hub.",
	Query: []api.Param{
		{Name: "token", Says: "The token, where it cannot be in the header."},
		{Name: "ticket", Says: "A ticket in place of a token. It is used up."},
	},
	Answers: []api.Answer{
		{Status: http.StatusSwitchingProtocols, Says: "Frames follow."},
		{Status: http.StatusUpgradeRequired, Type: "text/plain; charset=utf-8", Says: "The request is no WebSocket."},
		{Status: http.StatusForbidden, Type: "text/plain; charset=utf-8", Says: "The page that asks is of an origin that is not let in."},
	},
}

const streamDetail = "Each event is a CloudEvent in JSON, told at least once and in order per client; it names fields, never values. " +
	"Its **position** is a safe place to go on from, on any node: everything up to it has been told. Who goes on from a position is told what came since, " +
	"or of a **wedsync.reset** with its reason, after which it should read anew what it shows. The first **wedsync.position** says that what follows is live. The types of events:\n\n"

// kindsOfEvents lists the types of events for the manual.
func kindsOfEvents() string {
	var b strings.Builder
	for _, k := range activity.Kinds() {
		fmt.Fprintf(&b, "- `%s`: %s\n", k.Type, k.Means)
	}
	return b.String()
}

var streamQuery = []api.Param{
	{Name: "clients", Says: "Ids of clients to hear of, separated by commas; all if left out."},
	{Name: "position", Says: "Where to go on from: a position, now, or a number of commits before now such as -50. now if left out."},
	{Name: "token", Says: "The token, where it cannot be in the header."},
	{Name: "ticket", Says: "A ticket, in place of a token."},
}

var listenDoc = api.Doc{
	ID: "listen", Tag: streamTag, Summary: "Hear what happens, over a WebSocket", May: api.Readers,
	Detail: streamDetail + kindsOfEvents() + "\nEach text frame is one event. A listener may send `{\"subscribe\": {\"clients\": [\"…\"], \"position\": \"…\"}}` to hear of other clients, " +
		"`\"all\"` for all, and to go on from another place. Closed with **4400** for a message that cannot be read, **4401** without a valid token, **4403** if access was taken away, **4429** if too many listen, **1012** to come back.",
	Query: streamQuery,
	Answers: []api.Answer{
		{Status: http.StatusSwitchingProtocols, Says: "Events follow, as text frames."},
		{Status: http.StatusForbidden, Type: "text/plain; charset=utf-8", Says: "The page that asks is of an origin that is not let in."},
	},
	Problems: []api.Kind{api.NoSocket},
}

var eventsDoc = api.Doc{
	ID: "events", Tag: streamTag, Summary: "Hear what happens, as server-sent events", May: api.Readers,
	Detail:  "The events of /api/realtime/clients; each has its position as id, so that Last-Event-ID goes on from it.",
	Query:   streamQuery,
	Answers: []api.Answer{{Status: http.StatusOK, Type: "text/event-stream", Says: "Events follow, and a comment every 15 s."}},
	Problems: []api.Kind{
		api.Malformed, api.NoToken, api.TokenExpired, api.BadToken, api.KeysUnavailable, api.Revoked, api.RateLimited, api.Crowded, api.Unavailable,
	},
}

var healthzDoc = api.Doc{
	ID: "healthz", Tag: operationTag, Summary: "Say that the process answers", May: api.Public,
	Answers: []api.Answer{{Status: http.StatusOK, Type: "text/plain; charset=utf-8", Says: "It does."}},
}

var readyzDoc = api.Doc{
	ID: "readyz", Tag: operationTag, Summary: "Say whether requests may come", May: api.Public,
	Answers: []api.Answer{
		{Status: http.StatusOK, Type: "text/plain; charset=utf-8", Says: "They may."},
		{Status: http.StatusServiceUnavailable, Type: "text/plain; charset=utf-8", Says: "They should go elsewhere: the store cannot be written."},
	},
}

var metricsDoc = api.Doc{
	ID: "metrics", Tag: operationTag, Summary: "Read measurements", May: api.Public,
	Answers: []api.Answer{{Status: http.StatusOK, Type: "text/plain", Says: "In the text format of Prometheus."}},
}
