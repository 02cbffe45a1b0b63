package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Dir is a Store in a directory of the host's file system.
type Dir struct{ path string }

var _ Store = Dir{}

// OpenDir is the store at path. Nothing is created before the first Create.
func OpenDir(path string) Dir { return Dir{path} }

// Path is where the directory is.
func (d Dir) Path() string { return d.path }

// Exists reports whether a transaction may have been left here: the directory holds a journal file.
func (d Dir) Exists() bool {
	_, err := os.Lstat(filepath.Join(d.path, JournalName))
	return err == nil
}

// Touched is when a journal was last written here, the zero time if that cannot be told.
func (d Dir) Touched() time.Time {
	var last time.Time
	for _, name := range []string{JournalName, JournalName + secondSide} {
		if info, err := os.Stat(filepath.Join(d.path, name)); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last
}

// Make creates the directory, durably, if it is not there.
func (d Dir) Make() error {
	err := os.Mkdir(d.path, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make the journal's directory: %w; choose another place with --journal", err)
	}
	return syncDir(filepath.Dir(d.path))
}

// Create implements Store.
func (d Dir) Create(name string) (File, error) {
	if err := d.Make(); err != nil {
		return nil, err
	}
	return d.open(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
}

// Open implements Store.
func (d Dir) Open(name string) (File, error) { return d.open(name, os.O_RDWR) }

func (d Dir) open(name string, flags int) (File, error) {
	f, err := os.OpenFile(filepath.Join(d.path, name), flags, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// Remove implements Store.
func (d Dir) Remove(name string) error {
	err := os.Remove(filepath.Join(d.path, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// SyncDir implements Store.
func (d Dir) SyncDir() error {
	err := syncDir(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Vanish removes the directory if nothing is left in it.
func (d Dir) Vanish() error {
	err := os.Remove(d.path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist) || isNotEmpty(err) {
		return nil
	}
	return err
}

func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// osFile makes a file's reads and writes exact.
type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Reserve implements Reserver.
func (f osFile) Reserve(n int64) error {
	if n == 0 {
		return nil
	}
	err := unix.Fallocate(int(f.Fd()), 0, 0, n)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return nil
	}
	return err
}

func isNotEmpty(err error) bool { return errors.Is(err, syscall.ENOTEMPTY) }
