package inbound

import (
	"context"
	"errors"
	"sync"

	"github.com/golang-jwt/jwt/v5"

	"wedsync/server/auth"
	"wedsync/server/webhooks/signature"
)

// GoogleKeys is where Google publishes the keys of its tokens.
const GoogleKeys = "https://www.googleapis.com/oauth2/v3/certs"

// googleKeys are the keys of Google's tokens. They are read from when a connection
// first needs them.
type googleKeys struct {
	keys *auth.Keys
	run  func()
	once sync.Once
}

// of finds the key of a token.
func (g *googleKeys) of(ctx context.Context) jwt.Keyfunc {
	g.once.Do(g.run)
	find := g.keys.Keyfunc(ctx)
	return func(t *jwt.Token) (any, error) {
		key, err := find(t)
		if err != nil && !errors.Is(err, auth.ErrUnavailable) {
			return nil, signature.Wrong
		}
		return key, err
	}
}

// GoogleKeys finds the keys of Google's tokens, which are read from when they are
// first needed until the receiver is closed.
func (r *Receiver) GoogleKeys(ctx context.Context) jwt.Keyfunc { return r.google.of(ctx) }
