package server

import (
	"net/http"

	"wedsync/server/api"
)

const operationTag = "Operation"

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
