package registry

import (
	"os"

	"shunt/ops/target"
	"shunt/ops/target/internal/held"
	"shunt/ops/target/internal/kernel"
)

// LockNew locks a file that is about to take the name of an image which is open for editing, as that is locked. Errors are those
// of Open. path is for messages.
func LockNew(f *os.File, path string) error {
	h, err := heldAs(f, path)
	if err == nil {
		err = h.LockRefusal(held.TakeLocks(f, target.Edit))
	}
	return err
}

// StateOf returns the state of a file, as target.Device does.
func StateOf(f *os.File) (target.State, error) { return held.StateOf(f, f.Name()) }

// DataOf finds the next run of a file that may hold data, as target.Device does.
func DataOf(f *os.File, off int64) (start, end int64, err error) {
	h, err := heldAs(f, f.Name())
	if err != nil {
		return 0, 0, err
	}
	return h.Data(off)
}

func heldAs(f *os.File, path string) (*held.File, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return held.New(target.Candidate{Path: path, Real: path, File: f, Info: info}, target.Options{Mode: target.Edit})
}

// MountedAlone reports whether a file system is mounted on the file at a path in this mount namespace, or the file itself is
// mounted anywhere in it: then another file cannot take its name everywhere.
func MountedAlone(path string) bool { return kernel.Host().MountedAlone(path) }
