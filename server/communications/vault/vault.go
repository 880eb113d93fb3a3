package vault

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// ErrKey means a secret whose key is not in the file.
var ErrKey = errors.New("the key of a secret is missing")

// A Vault seals secrets with the keys of a file. The file may change, and
// appear later: it is read again whenever something is sealed, and when a secret
// names a key that is not known. Its methods may be called from any goroutine.
type Vault struct {
	path string

	mu   sync.Mutex
	keys []Key // as they were read last, the newest last
}

// New is the vault of a file, which need not be there yet.
func New(path string) *Vault { return &Vault{path: path} }

// Path is where the keys are.
func (v *Vault) Path() string { return v.path }

// Seal encrypts a secret under the newest key.
func (v *Vault) Seal(of Owner, secret []byte) (Sealed, error) {
	keys, err := v.load()
	if err != nil {
		return Sealed{}, err
	}
	data := make([]byte, keyBytes)
	rand.Read(data)
	text, err := encrypt(data, secret, of.bind(ofSecret))
	if err != nil {
		return Sealed{}, err
	}
	return wrap(keys[len(keys)-1], of, data, text)
}

// Open is the secret that was sealed for an account. The error wraps ErrKey, ErrNoFile
// or ErrFile if its key cannot be had, and says what to do about it; else ErrAltered.
func (v *Vault) Open(of Owner, s Sealed) ([]byte, error) {
	key, err := v.key(s.Key)
	if err != nil {
		return nil, err
	}
	data, err := unwrap(key, of, s)
	if err != nil {
		return nil, err
	}
	secret, err := decrypt(data, s.Text, of.bind(ofSecret))
	if err != nil {
		return nil, fmt.Errorf("open the secret of account %s: %w", of.Account, err)
	}
	return secret, nil
}

// Reseal encrypts a secret's data key under the newest key, and reports whether it
// was not before.
func (v *Vault) Reseal(of Owner, s Sealed) (Sealed, bool, error) {
	keys, err := v.load()
	if err != nil {
		return s, false, err
	}
	newest := keys[len(keys)-1]
	if s.Key == newest.ID {
		return s, false, nil
	}
	key, err := v.key(s.Key)
	if err != nil {
		return s, false, err
	}
	data, err := unwrap(key, of, s)
	if err != nil {
		return s, false, err
	}
	s, err = wrap(newest, of, data, s.Text)
	return s, err == nil, err
}

func wrap(k Key, of Owner, data, text []byte) (Sealed, error) {
	wrapped, err := encrypt(k.Secret, data, of.bind(ofDataKey))
	return Sealed{Key: k.ID, Data: wrapped, Text: text}, err
}

func unwrap(k Key, of Owner, s Sealed) ([]byte, error) {
	data, err := decrypt(k.Secret, s.Data, of.bind(ofDataKey))
	if err == nil && len(data) != keyBytes {
		err = ErrAltered
	}
	if err != nil {
		return nil, fmt.Errorf("open the secret of account %s with key %s: %w", of.Account, k.ID, err)
	}
	return data, nil
}

// key is the key of an id.
func (v *Vault) key(id string) (Key, error) {
	v.mu.Lock()
	keys := v.keys
	v.mu.Unlock()
	named := func(k Key) bool { return k.ID == id }
	if i := slices.IndexFunc(keys, named); i >= 0 {
		return keys[i], nil
	}
	keys, err := v.load()
	if errors.Is(err, ErrNoFile) {
		return Key{}, fmt.Errorf("%w, but secrets were sealed with its keys: bring it back from where you keep it", err)
	}
	if err != nil {
		return Key{}, err
	}
	if i := slices.IndexFunc(keys, named); i >= 0 {
		return keys[i], nil
	}
	return Key{}, fmt.Errorf("%w: the keys are at %s, without key %q: bring back the file that has it, or connect the account again", ErrKey, v.path, id)
}

// load reads the file.
func (v *Vault) load() ([]Key, error) {
	keys, err := read(v.path)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.keys = keys
	return keys, nil
}

// Keys are the keys of the file, the oldest first.
func (v *Vault) Keys() ([]Key, error) { return v.load() }

// Create makes the file, with one key. A file that is there stays as it is. Who
// calls it knows that no secret needs a key of a file that is gone.
func (v *Vault) Create(now time.Time) error {
	err := create(v.path, []Key{newKey(now, nil)})
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the file of keys: %w", err)
	}
	return nil
}

// Add puts a new key into use, and returns its id.
func (v *Vault) Add(now time.Time) (id string, err error) {
	err = v.change(func(keys []Key) ([]Key, error) {
		if len(keys) >= MaxKeys {
			return nil, fmt.Errorf("%w: %s has %d keys, and may have no more", ErrFile, v.path, len(keys))
		}
		k := newKey(now, keys)
		id = k.ID
		return append(keys, k), nil
	})
	return id, err
}

// Retire takes keys that nothing needs out of the file. The newest stays.
func (v *Vault) Retire(needed func(id string) bool) (retired []string, err error) {
	err = v.change(func(keys []Key) ([]Key, error) {
		newest := keys[len(keys)-1].ID
		return slices.DeleteFunc(keys, func(k Key) bool {
			gone := k.ID != newest && !needed(k.ID)
			if gone {
				retired = append(retired, k.ID)
			}
			return gone
		}), nil
	})
	return retired, err
}

// change writes other keys. Of several processes that change them, one does at a
// time.
func (v *Vault) change(to func([]Key) ([]Key, error)) (err error) {
	lock, err := os.OpenFile(v.path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("lock the file of keys: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock the file of keys: %w", err)
	}
	keys, err := v.load()
	if err != nil {
		return err
	}
	if keys, err = to(slices.Clone(keys)); err != nil {
		return err
	}
	if err := write(v.path, keys); err != nil {
		return fmt.Errorf("write the file of keys: %w", err)
	}
	_, err = v.load()
	return err
}

// idLength is how many characters the id of a key has.
const idLength = 10

// newKey is a key that is newer than all those.
func newKey(now time.Time, than []Key) Key {
	secret := make([]byte, keyBytes)
	rand.Read(secret)
	created := now.UTC().Truncate(time.Microsecond)
	if n := len(than); n > 0 && !created.After(than[n-1].Created) {
		created = than[n-1].Created.Add(time.Microsecond)
	}
	return Key{ID: rand.Text()[:idLength], Created: created, Secret: secret}
}
