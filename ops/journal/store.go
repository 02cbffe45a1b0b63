package journal

import (
	"errors"
	"io"
	"io/fs"
)

// A File is one file of the journal directory. Short reads and writes are errors.
type File interface {
	io.ReaderAt
	io.WriterAt
	// Sync makes all earlier writes and the file's length durable. After an error the content is unknown
	// and the file must not be written again.
	Sync() error
	// Size returns the length in bytes.
	Size() (int64, error)
	io.Closer
}

// A Reserver is a File that can allocate its blocks beforehand, as far as its file system supports that.
type Reserver interface {
	// Reserve makes the file n bytes long and allocates blocks for all of them.
	Reserve(n int64) error
}

// A Store is the directory that holds a journal.
type Store interface {
	// Create makes an empty file, replacing one of the same name. The name is durable after SyncDir.
	Create(name string) (File, error)
	// Open opens a file for reading and writing. The error wraps fs.ErrNotExist if there is none.
	Open(name string) (File, error)
	// Remove deletes a file. It is not an error if the file does not exist. The removal is durable after SyncDir.
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
	// ImageName is the new file of an image that an edit replaces, and after the commit the old one. It is there only if the
	// directory lies beside the image.
	ImageName = "image"
	// KeptName is the same in a directory beside the image while the journal lies elsewhere.
	KeptName = "kept"
)

// Other files in the directory, which package worker describes.
const (
	SocketName = "socket"
	ResultName = "result.json"
	NoUndoName = "no-undo"
)

// Remove deletes all files of one side but ImageName. It removes the record first: after a crash in between, the files that are left
// have no meaning.
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

// secondSide is the suffix of the second side's file names.
const secondSide = ".2"

// A side is a Store that appends secondSide to all names, so that a directory can hold two transactions.
type side struct{ Store }

func (s side) Create(name string) (File, error) { return s.Store.Create(name + secondSide) }
func (s side) Open(name string) (File, error)   { return s.Store.Open(name + secondSide) }
func (s side) Remove(name string) error         { return s.Store.Remove(name + secondSide) }

// Sides returns the two parts of a directory, each for one transaction. While one side holds a transaction that can be
// undone, the next transaction is prepared on the other side. Its commit removes the old one. So a transaction can be
// undone until the next one is committed, and a rehearsal alone does not end that.
func Sides(store Store) [2]Store { return [2]Store{store, side{store}} }

// Other returns the opposite side of store.
func Other(store Store) Store {
	if s, ok := store.(side); ok {
		return s.Store
	}
	return side{store}
}

// NameOn returns the name that a side gives to a file, and the directory without sides.
func NameOn(store Store, name string) (Store, string) {
	if s, ok := store.(side); ok {
		return s.Store, name + secondSide
	}
	return store, name
}

// Exists reports whether a side has anything of that name.
func Exists(store Store, name string) (bool, error) {
	f, err := store.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case errors.As(err, new(*UnsafeError)):
		return true, nil // something has the name, though no file that may be used
	case err != nil:
		return false, err
	}
	return true, f.Close()
}
