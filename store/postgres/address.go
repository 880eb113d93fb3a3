package postgres

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// How long the parts of a call may take. The server ends what takes longer,
// and the client what the server does not.
const (
	connectTimeout   = 5 * time.Second
	lockTimeout      = "1s"
	idleTimeout      = "2s" // within a transaction
	statementTimeout = "20s"
	callTimeout      = 25 * time.Second
)

// How many connections a node has at most, beside that of a Listen.
const (
	maxWriters = 4
	maxReaders = 6
	maxLax     = 2
)

// settings of a connection that commits. Plans are made once: what a batch is
// joined with is always found by its key, however large the tables grow.
var settings = map[string]string{
	"application_name":                    "wedsync",
	"lock_timeout":                        lockTimeout,
	"statement_timeout":                   statementTimeout,
	"idle_in_transaction_session_timeout": idleTimeout,
	"default_transaction_isolation":       "read committed",
	"timezone":                            "UTC",
	"jit":                                 "off",
	"enable_seqscan":                      "off",
	"enable_mergejoin":                    "off",
	"plan_cache_mode":                     "force_generic_plan",
}

// parse reads an address. Its error never shows the password.
func parse(address string) (*pgxpool.Config, error) {
	c, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("%w (an address is postgres://USER:PASSWORD@HOST:PORT/DATABASE)", withoutSecrets(address, err))
	}
	if c.ConnConfig.ConnectTimeout == 0 || c.ConnConfig.ConnectTimeout > connectTimeout {
		c.ConnConfig.ConnectTimeout = connectTimeout
	}
	for name, value := range settings {
		c.ConnConfig.RuntimeParams[name] = value
	}
	c.PingTimeout = connectTimeout
	return c, nil
}

// withoutSecrets is why an address cannot be read, unless that might tell its password.
func withoutSecrets(address string, err error) error {
	vague := errors.New("no address of a PostgreSQL database")
	u, bad := url.Parse(address)
	if bad != nil || u.Scheme == "" || u.RawQuery != "" && strings.Contains(u.RawQuery, "password") {
		return vague
	}
	password, _ := u.User.Password()
	inner := errors.Unwrap(err)
	if inner == nil || password != "" && strings.Contains(inner.Error(), password) {
		return vague
	}
	return fmt.Errorf("%w: %s", vague, inner)
}

// describe names a database, without the password.
func describe(c *pgx.ConnConfig) string {
	return fmt.Sprintf("postgres://%s@%s:%d/%s", c.User, c.Host, c.Port, c.Database)
}

// pooled is the configuration of so many connections; those that are not durable
// may lose in a crash what they committed last.
func pooled(c *pgxpool.Config, most int32, durable bool) *pgxpool.Config {
	c = c.Copy()
	c.MaxConns, c.MinConns = most, 0
	c.ConnConfig.RuntimeParams["synchronous_commit"] = "on"
	if !durable {
		c.ConnConfig.RuntimeParams["synchronous_commit"] = "off"
	}
	return c
}
