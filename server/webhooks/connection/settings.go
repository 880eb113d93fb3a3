package connection

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"wedsync/store"
)

// Settings are what a connection is set to. They hold secrets: nobody is shown
// them as they are.
type Settings struct {
	Name    string   `json:"name"`
	Secrets []Secret `json:"secrets,omitempty"` // the newest first, at most MaxSecrets
	Paused  bool     `json:"paused,omitempty"`  // the sender is told that nobody listens
	// CreateUnknown has events of clients that nobody knows create a record.
	CreateUnknown bool            `json:"create_unknown,omitempty"`
	Params        Params          `json:"params"`
	Mapping       json.RawMessage `json:"mapping,omitempty"` // from the source's fields to the record's, see package mapping
}

// Params are what a source needs to know beside its secrets; each is for some
// sources alone.
type Params struct {
	Sources  []string `json:"sources,omitempty"`  // client-integrations: what the member source may be, "*" for all
	Header   string   `json:"header,omitempty"`   // that has the signature or the secret; that of the source if empty
	Audience string   `json:"audience,omitempty"` // gmail: of the token that Pub/Sub sends
	Account  string   `json:"account,omitempty"`  // gmail: the service account it is sent by
	APIURL   string   `json:"api_url,omitempty"`  // vsco: where its API is; DefaultVSCO if empty
	APIKey   string   `json:"api_key,omitempty"`  // vsco: for its API; a secret
	Paths    Paths    `json:"paths,omitzero"`     // those that differ from the source's
}

// DefaultVSCO is where VSCO Workspace has its API.
const DefaultVSCO = "https://workspace.vsco.co/api/v2"

// ErrSettings means settings that cannot be read.
var ErrSettings = errors.New("the settings of a connection cannot be read")

// Of is what a stored connection is set to.
func Of(c store.Connection) (Settings, error) {
	var s Settings
	if err := json.Unmarshal(c.Settings, &s); err != nil {
		return Settings{}, fmt.Errorf("%w: connection %s: %w", ErrSettings, c.ID, err)
	}
	return s, nil
}

// Marshal is s as a store keeps it.
func (s Settings) Marshal() ([]byte, error) { return json.Marshal(s) }

// Header is the header that has the signature or the secret.
func (s Settings) Header(source Source) string { return cmp.Or(s.Params.Header, source.Header()) }

// Paths are where a JSON body has what is needed.
func (s Settings) Paths(source Source) Paths {
	p, d := s.Params.Paths, source.Paths()
	return Paths{
		Event: cmp.Or(p.Event, d.Event), Object: cmp.Or(p.Object, d.Object), Type: cmp.Or(p.Type, d.Type),
		Version: cmp.Or(p.Version, d.Version), Data: cmp.Or(p.Data, d.Data),
	}
}

// Active are the secrets that are in use, the newest first.
func (s Settings) Active(now time.Time) []string {
	var active []string
	for _, secret := range s.Secrets {
		if secret.Active(now) {
			active = append(active, secret.Value)
		}
	}
	return active
}
