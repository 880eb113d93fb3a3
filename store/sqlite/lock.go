package sqlite

import (
	"errors"
	"os"
	"syscall"
)

// ErrLocked means that another process has the data directory open.
var ErrLocked = errors.New("locked by another process (stop it, or give another --data)")

// lock takes the directory for this store alone, until the file is closed or
// the process ends, however it ends.
func lock(file string) (*os.File, error) {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrLocked
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
