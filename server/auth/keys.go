package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
)

// When the keys of an issuer are read.
const (
	readEvery   = 10 * time.Minute // while that works
	retryFirst  = 5 * time.Second  // after a reading that failed; twice that after the next, up to readEvery
	readWithin  = 10 * time.Second // how long one reading may take
	unknownRest = 5 * time.Second  // after a reading before an unknown key leads to another
)

// Keys are the public keys of an issuer, as its JWKS says. They are read again
// now and then, and when a token names a key that is not among them. Those that
// were read last stay in use for as long as the issuer cannot be reached.
type Keys struct {
	fetch   func(context.Context) ([]byte, error)
	log     *slog.Logger
	known   *jwkset.MemoryJWKSet
	keyfunc keyfunc.Keyfunc
	wanted  chan struct{} // holds one wish that the keys be read

	mu     sync.Mutex
	round  chan struct{} // closed when the reading that is under way, or else the next, has ended
	active bool          // a reading is under way
	ended  time.Time     // when the last reading did; zero if there was none
	failed error         // why it did not work
}

// NewKeys makes the keys that fetch gets the JWKS of. Run must be running for
// them to be known.
func NewKeys(fetch func(context.Context) ([]byte, error), log *slog.Logger) (*Keys, error) {
	k := &Keys{
		fetch: fetch, log: log, known: jwkset.NewMemoryStorage(),
		wanted: make(chan struct{}, 1), round: make(chan struct{}), failed: errors.New("not read yet"),
	}
	var err error
	k.keyfunc, err = keyfunc.New(keyfunc.Options{Storage: source{k.known, k}})
	return k, err
}

// Run reads the keys until ctx ends. That they cannot be read is logged once,
// and so is that they can again.
func (k *Keys) Run(ctx context.Context) {
	rest := time.Duration(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(rest):
		case <-k.wanted:
		}
		before := k.failure()
		err := k.read(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			rest = readEvery
			if before != nil {
				k.log.InfoContext(ctx, "the keys of the token issuer were read", "keys", k.count(ctx))
			}
		default:
			rest = min(max(2*rest, retryFirst), readEvery)
			if before == nil || before.Error() != err.Error() {
				k.log.WarnContext(ctx, "the keys of the token issuer cannot be read; those that were read before stay in use",
					"keys", k.count(ctx), "err", err)
			}
		}
	}
}

// read reads the keys once.
func (k *Keys) read(ctx context.Context) error {
	k.mu.Lock()
	k.active = true
	k.mu.Unlock()
	err := k.replace(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.round)
	select {
	case <-k.wanted: // while this reading began; it has been granted
	default:
	}
	k.round, k.active, k.ended, k.failed = make(chan struct{}), false, time.Now(), err
	return err
}

func (k *Keys) replace(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	body, err := k.fetch(ctx)
	if err != nil {
		return err
	}
	keys, err := parseKeys(body)
	if err != nil {
		return err
	}
	return k.known.KeyReplaceAll(ctx, keys)
}

func (k *Keys) failure() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.failed
}

// count is how many keys are known.
func (k *Keys) count(ctx context.Context) int {
	keys, err := k.known.KeyReadAll(ctx)
	if err != nil {
		return 0 // memory does not fail
	}
	return len(keys)
}

// again has the keys read again, unless that was done a moment ago, and waits
// for it. It returns why the last reading did not work.
func (k *Keys) again(ctx context.Context) error {
	k.mu.Lock()
	if !k.active && !k.ended.IsZero() && time.Since(k.ended) < unknownRest {
		defer k.mu.Unlock()
		return k.failed
	}
	ended := k.round
	if !k.active {
		select {
		case k.wanted <- struct{}{}:
		default: // somebody wishes that already
		}
	}
	k.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	select {
	case <-ended:
		return k.failure()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Keyfunc finds the key that a token names, if it is one for the token's
// algorithm. ErrUnavailable means that the keys cannot be read now.
func (k *Keys) Keyfunc(ctx context.Context) jwt.Keyfunc {
	return func(t *jwt.Token) (any, error) { return k.of(ctx, t) }
}

// of is the key that a token names, if it is one for the token's algorithm.
func (k *Keys) of(ctx context.Context, t *jwt.Token) (any, error) {
	if _, ok := t.Header[jwkset.HeaderKID].(string); !ok {
		return nil, &reason{"it does not name its key (kid)"}
	}
	key, err := k.keyfunc.KeyfuncCtx(ctx)(t)
	switch {
	case errors.Is(err, ErrUnavailable):
		return nil, ErrUnavailable
	case errors.Is(err, jwkset.ErrKeyNotFound):
		return nil, &reason{"its key (kid) is none of its issuer's"}
	case err != nil || !fits(t.Method, key):
		return nil, &reason{"its algorithm (alg) is not that of its key"}
	}
	return key, nil
}

// A source is the known keys, which looks again for one that is not among them.
type source struct {
	*jwkset.MemoryJWKSet
	keys *Keys
}

// KeyRead finds a key by its id.
func (s source) KeyRead(ctx context.Context, kid string) (jwkset.JWK, error) {
	key, err := s.MemoryJWKSet.KeyRead(ctx, kid)
	if !errors.Is(err, jwkset.ErrKeyNotFound) {
		return key, err
	}
	if failed := s.keys.again(ctx); failed != nil {
		return jwkset.JWK{}, fmt.Errorf("%w: %w", ErrUnavailable, failed)
	}
	return s.MemoryJWKSet.KeyRead(ctx, kid)
}
