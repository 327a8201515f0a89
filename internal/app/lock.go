package app

import (
	"os"
	"path/filepath"
	"syscall"

	"github.com/muster-oncall/muster"
)

// lockDir makes sure that one process alone uses a data directory with SQLite in it: each keeps its catalog and its
// deliveries in memory and would not learn of the other's. The lock goes with the process, however that ends.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, muster.WrapError(muster.ErrConflict, err, "The data directory cannot be written: %v.", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, muster.WrapError(muster.ErrConflict, err, "Another Muster runs on the data directory %s. End it first, or name another directory with --data.", dir)
	}
	return f, nil
}

func (a *App) unlock() error {
	if a.lock == nil {
		return nil
	}
	return a.lock.Close()
}
