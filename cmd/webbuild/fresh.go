package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// fresh reports whether what was built is newer than all that it is built of.
func (b *build) fresh() (bool, error) {
	built, err := os.Stat(filepath.Join(b.out, page))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	newest, err := b.newest()
	return built.ModTime().After(newest), err
}

// newest is when a source was last changed.
func (b *build) newest() (newest time.Time, err error) {
	for _, from := range []string{b.web, filepath.Join(b.root, "package-lock.json"), filepath.Join(b.root, "cmd", "webbuild")} {
		err := filepath.WalkDir(from, func(_ string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info() // of folders too: they tell of files that are gone
			if err != nil {
				return err
			}
			if info.ModTime().After(newest) {
				newest = info.ModTime()
			}
			return nil
		})
		if err != nil {
			return newest, err
		}
	}
	return newest, nil
}
