package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestFailuresAreLoggedUnlessTheCallerLeft(t *testing.T) {
	here, leave := context.WithCancel(t.Context())
	leave()
	for _, c := range []struct {
		name   string
		ctx    context.Context
		err    error
		logged bool
	}{
		{"a disk that fails", t.Context(), errors.New("disk"), true},
		{"a disk that fails while the caller leaves", here, errors.New("disk"), true},
		{"something else that was given up", t.Context(), fmt.Errorf("read: %w", context.Canceled), true},
		{"a caller who left", here, fmt.Errorf("read: %w", context.Canceled), false},
	} {
		var log bytes.Buffer
		a := New(Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		w := httptest.NewRecorder()
		a.refuse(w, httptest.NewRequestWithContext(c.ctx, "GET", "/api/clients", nil), c.err)
		if w.Code < 500 {
			t.Errorf("%s: answered %d, want a failure", c.name, w.Code)
		}
		if logged := strings.Contains(log.String(), "request failed"); logged != c.logged {
			t.Errorf("%s: logged %v (%q), want %v", c.name, logged, &log, c.logged)
		}
	}
}
