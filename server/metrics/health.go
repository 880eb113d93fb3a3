package metrics

import (
	"context"
	"io"
	"net/http"
	"time"
)

const readyWithin = 2 * time.Second

// Healthz answers as long as the process can answer at all.
func Healthz(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, "ok\n") // a caller that has gone away needs no answer
}

// Readyz answers 200 while ready returns nothing, else 503 and what it returns. It
// has two seconds.
func Readyz(ready func(context.Context) (whyNot string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyWithin)
		defer cancel()
		if why := ready(ctx); why != "" {
			http.Error(w, "not ready: "+why, http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ready\n")
	})
}
