package vault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Bounds of a file of keys.
const (
	MaxKeys = 100
	maxFile = 64 << 10 // bytes
)

// keyBytes is how long a key is.
const keyBytes = 32

// Why keys cannot be had. Errors of a vault wrap them.
var (
	// ErrNoFile means that there is no file of keys.
	ErrNoFile = errors.New("there is no file of keys")
	// ErrFile means a file of keys that cannot be used as it is.
	ErrFile = errors.New("the file of keys cannot be used")
)

// A Key is one of a file.
type Key struct {
	ID      string    `json:"id"`
	Created time.Time `json:"created"`
	Secret  []byte    `json:"key"`
}

// A keyFile is what a file of keys says.
type keyFile struct {
	Keys []Key `json:"keys"`
}

// read reads the keys of a file, the newest last.
func read(path string) ([]Key, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNoFile, path)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%w: others than its owner may read %s (mode %04o): chmod 600 %[2]s", ErrFile, path, mode)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%w: read %s: %w", ErrFile, path, err)
	}
	keys, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrFile, path, err)
	}
	return keys, nil
}

// parse reads the text of a file of keys. Errors say nothing of the text.
func parse(text []byte) ([]Key, error) {
	if len(text) > maxFile {
		return nil, fmt.Errorf("it is longer than %d bytes", maxFile)
	}
	var file keyFile
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&file) != nil || decoder.More() {
		return nil, errors.New("it is no JSON as wedsync keys writes it")
	}
	if len(file.Keys) == 0 || len(file.Keys) > MaxKeys {
		return nil, fmt.Errorf("it must have 1 to %d keys", MaxKeys)
	}
	known := make(map[string]bool, len(file.Keys))
	for i, k := range file.Keys {
		switch {
		case k.ID == "" || len(k.Secret) != keyBytes || k.Created.IsZero():
			return nil, fmt.Errorf("key %d must have an id, a time and %d bytes", i+1, keyBytes)
		case known[k.ID]:
			return nil, fmt.Errorf("two keys have the id of key %d", i+1)
		}
		known[k.ID] = true
	}
	slices.SortStableFunc(file.Keys, func(a, b Key) int { return a.Created.Compare(b.Created) })
	return file.Keys, nil
}

// write puts keys into a file, in place of those that it has, all or none.
func write(path string, keys []Key) error {
	return prepare(path, keys, func(made string) error { return os.Rename(made, path) })
}

// create is write for a file that must not be there.
func create(path string, keys []Key) error {
	return prepare(path, keys, func(made string) error { return os.Link(made, path) })
}

// prepare writes a file beside path and puts it there once it is on the disk.
func prepare(path string, keys []Key, put func(made string) error) (err error) {
	text, err := json.MarshalIndent(keyFile{keys}, "", "  ")
	if err != nil {
		return err
	}
	folder := filepath.Dir(path)
	f, err := os.CreateTemp(folder, ".keys-*") // of mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if gone := os.Remove(f.Name()); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}()
	_, err = f.Write(append(text, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := put(f.Name()); err != nil {
		return err
	}
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
