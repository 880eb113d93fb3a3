package server

import (
	"context"
	"net/http"
	"net/http/pprof"

	"wedsync/server/api"
	"wedsync/server/communications/pushing"
	"wedsync/server/metrics"
	"wedsync/server/openapi"
	"wedsync/server/ui"
	"wedsync/server/webhooks/connection"
)

// Options say what stands behind the URLs. All but Pprof are needed.
type Options struct {
	API     *api.API
	Sync    http.Handler // the automerge-repo protocol over WebSocket
	Listen  http.Handler // the activity stream over WebSocket
	Events  http.Handler // and as server-sent events
	Hooks   http.Handler // webhooks that come in; the path's {connection} names whose, if it has it
	Pushes  *pushing.Receiver
	Metrics *metrics.Metrics
	Ready   func(context.Context) (whyNot string) // why requests should go elsewhere, in words for anybody; empty if they need not
	Pprof   bool                                  // whether profiles can be had, by anybody who can connect
}

// Routes is the map of the hub's URLs. See [api.Route] for how to add one.
func Routes(o Options) []api.Route {
	a := o.API
	routes := []api.Route{
		api.On("GET", "/api/clients", a.ListClients, api.ListClientsDoc),
		api.On("POST", "/api/clients", a.CreateClient, api.CreateClientDoc),
		api.On("GET", "/api/clients/sync-status", a.SyncStatus, api.SyncStatusDoc),
		api.On("POST", "/api/clients/import", a.ImportClients, api.ImportClientsDoc),
		api.On("GET", "/api/clients/export", a.ExportClients, api.ExportClientsDoc),
		api.On("GET", "/api/clients/{id}", a.GetClient, api.GetClientDoc),
		api.On("PATCH", "/api/clients/{id}", a.PatchClient, api.PatchClientDoc),
		api.On("DELETE", "/api/clients/{id}", a.DeleteClient, api.DeleteClientDoc),
		api.On("POST", "/api/clients/{id}/restore", a.RestoreClient, api.RestoreClientDoc),
		api.On("POST", "/api/clients/{id}/erase", a.EraseClient, api.EraseClientDoc),
		api.On("POST", "/api/clients/{id}/repair", a.RepairClient, api.RepairClientDoc),
		api.On("GET", "/api/clients/{id}/history", a.ClientHistory, api.ClientHistoryDoc),
		api.On("GET", "/api/clients/{id}/activities", a.ListActivities, api.ListActivitiesDoc),
		api.On("POST", "/api/clients/{id}/activities", a.PostActivity, api.PostActivityDoc),
		api.On("GET", "/api/conflicts", a.ListConflicts, api.ListConflictsDoc),
		api.On("GET", "/api/conflicts/export", a.ExportConflicts, api.ExportConflictsDoc),
		api.On("POST", "/api/conflicts/resolve", a.ResolveConflicts, api.ResolveConflictsDoc),
		api.On("GET", "/api/conflicts/{id}", a.GetConflict, api.GetConflictDoc),
		api.On("POST", "/api/conflicts/{id}/resolve", a.ResolveConflict, api.ResolveConflictDoc),
		api.On("POST", "/api/conflicts/{id}/reopen", a.ReopenConflict, api.ReopenConflictDoc),
		api.On("POST", "/api/conflicts/{id}/proposals/{proposal}/withdraw", a.WithdrawProposal, api.WithdrawProposalDoc),
		api.On("GET", "/api/verdicts", a.ListVerdicts, api.ListVerdictsDoc),
		api.On("POST", "/api/verdicts/{id}/ack", a.AckVerdict, api.AckVerdictDoc),
		api.On("GET", "/api/merged", a.ListMerged, api.ListMergedDoc),
		api.On("GET", "/api/merged/{id}", a.GetMerged, api.GetMergedDoc),
		api.On("POST", "/api/merged/{id}/use", a.UseMerged, api.UseMergedDoc),
		api.On("POST", "/api/merged/{id}/dismiss", a.DismissMerged, api.DismissMergedDoc),
		api.On("GET", "/api/policy", a.GetPolicy, api.GetPolicyDoc),
		api.On("PUT", "/api/policy", a.PutPolicy, api.PutPolicyDoc),
		api.On("GET", "/api/devices", a.ListDevices, api.ListDevicesDoc),
		api.On("PATCH", "/api/devices/{id}", a.PatchDevice, api.PatchDeviceDoc),
		api.On("DELETE", "/api/devices/{id}", a.RevokeDevice, api.RevokeDeviceDoc),
		api.On("POST", "/api/devices/{id}/readmit", a.ReadmitDevice, api.ReadmitDeviceDoc),
		api.On("POST", "/api/realtime/ticket", a.CreateTicket, api.CreateTicketDoc),
		api.On("GET", "/api/webhooks/connections", a.ListConnections, api.ListConnectionsDoc),
		api.On("POST", "/api/webhooks/connections", a.CreateConnection, api.CreateConnectionDoc),
		api.On("GET", "/api/webhooks/connections/{id}", a.GetConnection, api.GetConnectionDoc),
		api.On("PATCH", "/api/webhooks/connections/{id}", a.PatchConnection, api.PatchConnectionDoc),
		api.On("DELETE", "/api/webhooks/connections/{id}", a.DeleteConnection, api.DeleteConnectionDoc),
		api.On("POST", "/api/webhooks/connections/{id}/rotate", a.RotateConnection, api.RotateConnectionDoc),
		api.On("POST", "/api/webhooks/connections/{id}/try", a.TryConnection, api.TryConnectionDoc),
		api.On("GET", "/api/webhooks/connections/{id}/events", a.ListConnectionEvents, api.ListConnectionEventsDoc),
		api.On("GET", "/api/webhooks/events", a.ListEvents, api.ListEventsDoc),
		api.On("POST", "/api/webhooks/events/replay", a.ReplayEvents, api.ReplayEventsDoc),
		api.On("GET", "/api/webhooks/events/{id}", a.GetEvent, api.GetEventDoc),
		api.On("PATCH", "/api/webhooks/events/{id}", a.PatchEvent, api.PatchEventDoc),
		api.On("POST", "/api/webhooks/events/{id}/replay", a.ReplayEvent, api.ReplayEventDoc),
		api.On("POST", "/api/webhooks/events/{id}/assign", a.AssignEvent, api.AssignEventDoc),
		api.On("GET", "/api/users", a.ListUsers, api.ListUsersDoc),
		api.On("PUT", "/api/users/{user}", a.PutUser, api.PutUserDoc),
		api.On("GET", "/api/webhooks/endpoints", a.ListEndpoints, api.ListEndpointsDoc),
		api.On("POST", "/api/webhooks/endpoints", a.CreateEndpoint, api.CreateEndpointDoc),
		api.On("GET", "/api/webhooks/endpoints/{id}", a.GetEndpoint, api.GetEndpointDoc),
		api.On("PATCH", "/api/webhooks/endpoints/{id}", a.PatchEndpoint, api.PatchEndpointDoc),
		api.On("DELETE", "/api/webhooks/endpoints/{id}", a.DeleteEndpoint, api.DeleteEndpointDoc),
		api.On("POST", "/api/webhooks/endpoints/{id}/rotate", a.RotateEndpoint, api.RotateEndpointDoc),
		api.On("POST", "/api/webhooks/endpoints/{id}/test", a.TestEndpoint, api.TestEndpointDoc),
		api.On("GET", "/api/webhooks/endpoints/{id}/deliveries", a.ListDeliveries, api.ListDeliveriesDoc),
		api.On("GET", "/api/webhooks/endpoints/{id}/deliveries/{delivery}", a.GetDelivery, api.GetDeliveryDoc),
		api.On("POST", "/api/webhooks/endpoints/{id}/deliveries/{delivery}/redeliver", a.Redeliver, api.RedeliverDoc),

		api.On("GET", "/api/integrations/communication/accounts", a.ListAccounts, api.ListAccountsDoc),
		api.On("POST", "/api/integrations/communication/accounts", a.ConnectTwilio, api.ConnectTwilioDoc),
		api.On("GET", "/api/integrations/communication/accounts/{id}", a.GetAccount, api.GetAccountDoc),
		api.On("PATCH", "/api/integrations/communication/accounts/{id}", a.PatchAccount, api.PatchAccountDoc),
		api.On("DELETE", "/api/integrations/communication/accounts/{id}", a.DisconnectAccount, api.DisconnectAccountDoc),
		api.On("POST", "/api/integrations/communication/accounts/{id}/sync", a.SyncAccount, api.SyncAccountDoc),
		api.On("POST", "/api/integrations/communication/connect", a.BeginAccount, api.BeginAccountDoc),
		api.On("POST", "/api/integrations/communication/sync", a.SyncCommunications, api.SyncCommunicationsDoc),
		api.On("GET", "/api/integrations/communication/sources", a.ListSources, api.ListSourcesDoc),
		api.On("GET", "/api/clients/{id}/communications", a.ListCommunications, api.ListCommunicationsDoc),
		api.On("GET", "/api/clients/{id}/communications/{item}", a.GetCommunication, api.GetCommunicationDoc),
		api.On("PUT", "/api/clients/{id}/communications/{item}/link", a.LinkCommunication, api.LinkCommunicationDoc),
		api.On("POST", "/api/clients/{id}/messages", a.WriteMessage, api.WriteMessageDoc),
		api.On("POST", "/api/clients/{id}/notes", a.WriteNote, api.WriteNoteDoc),
		api.On("POST", "/api/clients/{id}/calls", a.WriteCall, api.WriteCallDoc),
		api.On("GET", "/api/communications/unmatched", a.ListUnmatched, api.ListUnmatchedDoc),

		api.Open(api.CallbackPath, http.HandlerFunc(a.FinishAccount), api.FinishAccountDoc),
		{Method: "POST", Path: connection.Path, Handler: o.Hooks, Doc: api.ReceiveDoc},
		{Method: "POST", Path: connection.Path + "/{connection}", Handler: o.Hooks, Doc: api.ReceiveOfDoc},
		{Method: "POST", Path: pushing.GooglePath, Handler: http.HandlerFunc(o.Pushes.ServeGoogle), Doc: api.PushGoogleDoc},
		{Method: "POST", Path: pushing.MicrosoftPath + "{account}", Handler: http.HandlerFunc(o.Pushes.ServeMicrosoft), Doc: api.PushMicrosoftDoc},
		{Method: "GET", Path: "/api/realtime/clients", Handler: o.Listen, Lasting: true, Doc: listenDoc},
		{Method: "GET", Path: "/api/realtime/clients/events", Handler: o.Events, Lasting: true, Doc: eventsDoc},
		{Method: "GET", Path: "/sync", Handler: o.Sync, Lasting: true, Doc: syncDoc},
		api.Open("/healthz", http.HandlerFunc(metrics.Healthz), healthzDoc),
		api.Open("/readyz", metrics.Readyz(o.Ready), readyzDoc),
		api.Open("/metrics", o.Metrics.Handler(), metricsDoc),
	}
	return append(routes, openapi.Routes(routes)...)
}

// New serves the hub's URLs.
func New(o Options) http.Handler {
	measured, lasting := http.NewServeMux(), http.NewServeMux()
	urls := make(map[string][]api.Route)
	for _, r := range Routes(o) {
		mux := measured
		if r.Lasting {
			mux = lasting
		}
		if r.Endpoint == nil {
			mux.Handle(r.Method+" "+r.Path, r.Handler)
			continue
		}
		urls[r.Path] = append(urls[r.Path], r)
	}
	for path, routes := range urls {
		mux := measured
		if routes[0].Lasting {
			mux = lasting
		}
		mux.Handle(path, o.API.At(routes))
	}
	measured.Handle("/", ui.Handler(http.HandlerFunc(o.API.NotFound)))
	if o.Pprof {
		measured.HandleFunc("GET /debug/pprof/", pprof.Index)
		measured.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		measured.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	lasting.Handle("/", o.Metrics.Observe(patient(measured)))
	return lasting
}
