package storetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"wedsync/store"
)

// FromTemplate is open for stores that are the files in their places: an empty
// place begins with the files of one that was opened once. To make the tables
// takes longer than most cases.
func FromTemplate(open Open) Open {
	template := sync.OnceValues(func() (map[string][]byte, error) { return filesOf(open) })
	return func(ctx context.Context, place string) (store.Store, error) {
		there, err := os.ReadDir(place)
		if err != nil || len(there) > 0 {
			return open(ctx, place)
		}
		files, err := template()
		for name, content := range files {
			err = errors.Join(err, os.WriteFile(filepath.Join(place, name), content, 0o600))
		}
		if err != nil {
			return nil, err
		}
		return open(ctx, place)
	}
}

// filesOf are the files of an empty store.
func filesOf(open Open) (files map[string][]byte, err error) {
	place, err := os.MkdirTemp("", "wedsync-template-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(place)) }()
	s, err := open(context.Background(), place)
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	there, err := os.ReadDir(place)
	if err != nil {
		return nil, err
	}
	files = make(map[string][]byte)
	for _, f := range there {
		if files[f.Name()], err = os.ReadFile(filepath.Join(place, f.Name())); err != nil {
			return nil, err
		}
	}
	return files, nil
}
