package journal

import "io"

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

// Reserver is a File that can take the room it will need beforehand, as far as its file system knows how to.
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

// What else may lie in the directory; the package worker tells what for.
const (
	SocketName = "socket"
	ResultName = "result.json"
	NoUndoName = "no-undo"
)

// Remove deletes all files of one side: the record first, so that a crash in between leaves files that mean nothing.
func Remove(store Store) error {
	for _, name := range []string{JournalName, SpillName, BeforeName, StageName, SealName} {
		if err := store.Remove(name); err != nil {
			return err
		}
		if name == JournalName {
			if err := store.SyncDir(); err != nil {
				return err
			}
		}
	}
	return store.SyncDir()
}
