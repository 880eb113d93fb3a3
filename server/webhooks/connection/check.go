package connection

import (
	"encoding/json"
	"fmt"
	"net/textproto"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of settings, in bytes unless it is said otherwise.
const (
	maxName    = 100
	maxParam   = 512
	maxSources = 20 // names
	maxMapping = 64 << 10
)

// A Fault is one thing that is wrong with settings.
type Fault struct{ Field, Rule string }

// Check says what is wrong with settings for a source. URLs are not looked at:
// the client that sends to them knows which it takes.
func (s Settings) Check(source Source) (faults []Fault) {
	fault := func(field, rule string, args ...any) {
		faults = append(faults, Fault{field, fmt.Sprintf(rule, args...)})
	}
	if !source.Known() {
		fault("source", "must be one of %s", strings.Join(names(), ", "))
		return faults
	}
	if s.Name == "" || !short(s.Name, maxName) {
		fault("name", "must have 1 to %d bytes, without control characters", maxName)
	}
	if len(s.Mapping) > maxMapping {
		fault("mapping", "must not be longer than %d bytes", maxMapping)
	}
	if len(s.Mapping) > 0 && !json.Valid(s.Mapping) {
		fault("mapping", "must be JSON")
	}
	return append(faults, s.Params.check(source)...)
}

func (p Params) check(source Source) (faults []Fault) {
	fault := func(field, rule string, args ...any) {
		faults = append(faults, Fault{field, fmt.Sprintf(rule, args...)})
	}
	for _, text := range []struct {
		field, value string
		has, needed  bool
	}{
		{"header", p.Header, source.HasHeader(), false},
		{"audience", p.Audience, source == Gmail, true},
		{"account", p.Account, source == Gmail, true},
		{"api_url", p.APIURL, source == VSCO, false},
		{"api_key", p.APIKey, source == VSCO, true},
		{"paths.event", p.Paths.Event, source.HasPaths(), false},
		{"paths.object", p.Paths.Object, source.HasPaths(), false},
		{"paths.type", p.Paths.Type, source.HasPaths(), false},
		{"paths.version", p.Paths.Version, source.HasPaths(), false},
		{"paths.data", p.Paths.Data, source.HasPaths(), false},
	} {
		switch {
		case text.value == "" && text.has && text.needed:
			fault(text.field, "is needed for the source %s", source)
		case text.value != "" && !text.has:
			fault(text.field, "is not for the source %s", source)
		case !short(text.value, maxParam):
			fault(text.field, "must not be longer than %d bytes, without control characters", maxParam)
		}
	}
	if p.Header != "" && !isHeader(p.Header) {
		fault("header", "must be the name of a header of letters, digits and hyphens")
	}
	if p.APIKey != "" && strings.ContainsFunc(p.APIKey, func(r rune) bool { return r < '!' || r > '~' }) {
		fault("api_key", "must be of ASCII characters without space")
	}
	return append(faults, p.checkSources(source)...)
}

func (p Params) checkSources(source Source) (faults []Fault) {
	switch {
	case source != ClientIntegrations && len(p.Sources) > 0:
		return []Fault{{"sources", "is for the source client-integrations alone"}}
	case source != ClientIntegrations:
		return nil
	case len(p.Sources) == 0 || len(p.Sources) > maxSources:
		return []Fault{{"sources", fmt.Sprintf(`must name 1 to %d values of the events' member source, or "*" for all`, maxSources)}}
	}
	for i, name := range p.Sources {
		if name == "" || !short(name, maxName) {
			faults = append(faults, Fault{fmt.Sprintf("sources[%d]", i), fmt.Sprintf("must have 1 to %d bytes, without control characters", maxName)})
		}
	}
	return faults
}

// short reports whether a text is UTF-8 of at most so many bytes, without
// control characters.
func short(s string, most int) bool {
	return len(s) <= most && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

func isHeader(name string) bool {
	for _, r := range name {
		if r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return false
		}
	}
	// Those that have a meaning of their own are no place for a secret.
	switch textproto.CanonicalMIMEHeaderKey(name) {
	case "Host", "Content-Length", "Transfer-Encoding", "Connection", "Cookie":
		return false
	}
	return true
}

func names() (all []string) {
	for _, s := range Sources {
		all = append(all, string(s))
	}
	return all
}
