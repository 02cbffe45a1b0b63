package journal

import (
	"errors"
	"io"
	"io/fs"
)

// File is one file of the journal directory. Reads and writes are exact: less than asked is an error.
type File interface {
	io.ReaderAt
	io.WriterAt
	// Sync makes all earlier writes and the file's length durable. After an error the content is unknown
	// and the file must not be written again.
	Sync() error
	// Size is the length in bytes.
	Size() (int64, error)
	io.Closer
}

// Reserver is a File that can allocate its blocks beforehand, as far as its file system supports that.
type Reserver interface {
	// Reserve makes the file n bytes long with blocks of its own for all of them.
	Reserve(n int64) error
}

// Store is the directory the journal lives in.
type Store interface {
	// Create makes an empty file, replacing one of the same name. The name is durable after SyncDir.
	Create(name string) (File, error)
	// Open opens a file for reading and writing; the error wraps fs.ErrNotExist where there is none.
	Open(name string) (File, error)
	// Remove deletes a file; a file that does not exist is no error. Durable after SyncDir.
	Remove(name string) error
	// SyncDir makes created and removed names durable.
	SyncDir() error
}

// The names of the files.
const (
	JournalName = "journal"
	SpillName   = "spill"
	BeforeName  = "before"
	StageName   = "stage"
	SealName    = "seal"
)

// Other files in the directory; package worker says what they are for.
const (
	SocketName = "socket"
	ResultName = "result.json"
	NoUndoName = "no-undo"
)

// Remove deletes all files of one side: the record first, so that a crash in between leaves files that mean nothing.
func Remove(store Store) error {
	if err := store.Remove(JournalName); err != nil {
		return err
	}
	if err := store.SyncDir(); err != nil {
		return err
	}
	for _, name := range []string{SpillName, BeforeName, StageName, SealName} {
		if err := store.Remove(name); err != nil {
			return err
		}
	}
	return store.SyncDir()
}

// secondSide ends the names of the second side's files.
const secondSide = ".2"

// side is a Store with other names for its files, so that a directory can hold two transactions.
type side struct{ Store }

func (s side) Create(name string) (File, error) { return s.Store.Create(name + secondSide) }
func (s side) Open(name string) (File, error)   { return s.Store.Open(name + secondSide) }
func (s side) Remove(name string) error         { return s.Store.Remove(name + secondSide) }

// Sides are the two parts of a directory, each for one transaction. While one holds a transaction that can be undone, the
// next one is prepared on the other. Once that is committed, the first one is removed. So a transaction can be undone until
// it is replaced, and a rehearsal that leads to nothing costs nothing.
func Sides(store Store) [2]Store { return [2]Store{store, side{store}} }

// Other is the side that store is not.
func Other(store Store) Store {
	if s, ok := store.(side); ok {
		return s.Store
	}
	return side{store}
}

// Exists reports whether a side has anything of that name.
func Exists(store Store, name string) (bool, error) {
	f, err := store.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case errors.As(err, new(*UnsafeError)):
		return true, nil // whatever it is
	case err != nil:
		return false, err
	}
	return true, f.Close()
}
