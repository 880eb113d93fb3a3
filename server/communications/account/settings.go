package account

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"wedsync/server/communications/vault"
	"wedsync/store"
)

// A Provider is whose account it is.
type Provider string

// The providers.
const (
	Google    Provider = "google"
	Microsoft Provider = "microsoft"
	Twilio    Provider = "twilio"
)

// Providers are all providers.
var Providers = []Provider{Google, Microsoft, Twilio}

// A State says whether an account is read.
type State string

// The states.
const (
	Connected State = "connected"
	Reconnect State = "reconnect" // its owner has to connect it again, since Error
	Paused    State = "paused"    // by a person
)

// Settings are what an account is set to. They hold secrets, if sealed ones:
// nobody is shown them as they are.
type Settings struct {
	Name    string          `json:"name"`
	Address string          `json:"address"` // of its owner: an e-mail address, the id of a Twilio account
	Level   store.Level     `json:"level"`
	Region  string          `json:"region,omitempty"` // ISO 3166 code of the country in which its local numbers are dialled
	Since   time.Time       `json:"since,omitzero"`   // communication of before is left alone
	Own     []store.Contact `json:"own"`              // whose communication it is
	By      string          `json:"by"`               // the user who connected it last

	// Reading is raised whenever all that was read is to be read again, because it
	// would be read otherwise now: another level, region, address, time.
	Reading uint64 `json:"reading"`

	State  State        `json:"state"`
	Error  string       `json:"error,omitempty"` // why it has to be connected again, in words for anybody
	Secret vault.Sealed `json:"secret"`
	Lease  Lease        `json:"lease,omitzero"`
}

// A Lease is held by who refreshes an account's token.
type Lease struct {
	By    string    `json:"by"` // chance
	Until time.Time `json:"until"`
}

// An Account is a stored account with its settings decoded.
type Account struct {
	store.Account
	Settings
}

// ErrSettings means settings that cannot be read.
var ErrSettings = errors.New("the settings of an account cannot be read")

// Of decodes an account.
func Of(a store.Account) (Account, error) {
	of := Account{Account: a}
	if err := json.Unmarshal(a.Settings, &of.Settings); err != nil {
		return Account{}, fmt.Errorf("%w: account %s: %w", ErrSettings, a.ID, err)
	}
	return of, nil
}

// stored is the account as the store keeps it.
func (a Account) stored() (store.Account, error) {
	settings, err := json.Marshal(a.Settings)
	a.Account.Settings = settings
	return a.Account, err
}

// owner is whose the account's secret is, to the vault.
func (a Account) owner() vault.Owner { return vault.Owner{Supplier: a.Supplier, Account: a.ID} }

// connect puts another secret into use.
func (s *Settings) connect(sealed vault.Sealed, by string) {
	s.Secret, s.By, s.Error, s.Lease = sealed, by, "", Lease{}
	if s.State != Paused {
		s.State = Connected
	}
}

// lose notes that the account has to be connected again.
func (s *Settings) lose(why string) {
	s.Error, s.Lease = why, Lease{}
	if s.State != Paused {
		s.State = Reconnect
	}
}

// Pause has the account left alone, or read again.
func (s *Settings) Pause(paused bool) {
	switch {
	case paused:
		s.State = Paused
	case s.State == Paused && s.Error != "":
		s.State = Reconnect
	case s.State == Paused:
		s.State = Connected
	}
}

// A secret is what an account is read with. The vault seals it as JSON.
type secret struct {
	Access  string    `json:"access,omitempty"` // good until Until; empty if it was refused
	Until   time.Time `json:"until,omitzero"`
	Refresh string    `json:"refresh,omitempty"`
	// Doubted is set once the provider refused an access token, until one that is
	// refreshed in time takes its place.
	Doubted bool `json:"doubted,omitempty"`

	Password string `json:"password,omitempty"` // of an account without OAuth
}

// good reports whether the access token can be used.
func (s secret) good(now time.Time) bool { return s.Access != "" && now.Before(s.Until) }
