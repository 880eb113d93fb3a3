package server

import (
	"context"
	"net/http"
	"net/http/pprof"

	"wedsync/server/api"
	"wedsync/server/metrics"
)

// Options say what stands behind the URLs. All but Pprof are needed.
type Options struct {
	API     *api.API
	Sync    http.Handler // the automerge-repo protocol over WebSocket
	Metrics *metrics.Metrics
	Ready   func(context.Context) error // says why requests should go elsewhere
	Pprof   bool                        // whether profiles can be had, by anybody who can connect
}

// New is the map of the hub's URLs.
func New(o Options) http.Handler {
	a := o.API
	mux := http.NewServeMux()

	mux.Handle("/api/clients", a.At(api.Methods{"GET": a.ListClients, "POST": a.CreateClient}))
	mux.Handle("/api/clients/{id}", a.At(api.Methods{"GET": a.GetClient, "PATCH": a.PatchClient, "DELETE": a.DeleteClient}))
	mux.Handle("/api/clients/{id}/restore", a.At(api.Methods{"POST": a.RestoreClient}))
	mux.Handle("/api/clients/{id}/history", a.At(api.Methods{"GET": a.ClientHistory}))
	mux.Handle("/api/clients/{id}/erase", a.At(api.Methods{"POST": a.EraseClient}))
	mux.Handle("/api/clients/{id}/repair", a.At(api.Methods{"POST": a.RepairClient}))
	mux.Handle("/api/clients/sync-status", a.At(api.Methods{"GET": a.SyncStatus}))
	mux.Handle("/api/conflicts", a.At(api.Methods{"GET": a.ListConflicts}))
	mux.Handle("/api/conflicts/export", a.At(api.Methods{"GET": a.ExportConflicts}))
	mux.Handle("/api/conflicts/{id}", a.At(api.Methods{"GET": a.GetConflict}))
	mux.Handle("/api/conflicts/{id}/resolve", a.At(api.Methods{"POST": a.ResolveConflict}))
	mux.Handle("/api/conflicts/{id}/reopen", a.At(api.Methods{"POST": a.ReopenConflict}))
	mux.Handle("/api/conflicts/resolve", a.At(api.Methods{"POST": a.ResolveConflicts}))
	mux.Handle("/api/conflicts/{id}/proposals/{proposal}/withdraw", a.At(api.Methods{"POST": a.WithdrawProposal}))
	mux.Handle("/api/merged", a.At(api.Methods{"GET": a.ListMerged}))
	mux.Handle("/api/merged/{id}", a.At(api.Methods{"GET": a.GetMerged}))
	mux.Handle("/api/merged/{id}/use", a.At(api.Methods{"POST": a.UseMerged}))
	mux.Handle("/api/merged/{id}/dismiss", a.At(api.Methods{"POST": a.DismissMerged}))
	mux.Handle("/api/verdicts", a.At(api.Methods{"GET": a.ListVerdicts}))
	mux.Handle("/api/verdicts/{id}/ack", a.At(api.Methods{"POST": a.AckVerdict}))
	mux.Handle("/api/policy", a.At(api.Methods{"GET": a.GetPolicy, "PUT": a.PutPolicy}))
	mux.HandleFunc("/", a.NotFound)

	mux.HandleFunc("GET /healthz", metrics.Healthz)
	mux.Handle("GET /readyz", metrics.Readyz(o.Ready))
	mux.Handle("GET /metrics", o.Metrics.Handler())
	if o.Pprof {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}

	outer := http.NewServeMux()
	outer.Handle("GET /sync", o.Sync) // not measured: it lasts as long as its device stays
	outer.Handle("/", o.Metrics.Observe(mux))
	return outer
}
