package journal

import (
	"errors"
	"io"
	"io/fs"
	"strconv"
	"strings"
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
	// ResealName is the other name of a seal: one that is renewed gets the name that the present one does not have.
	ResealName = "seal.new"
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
	for _, name := range FileNames[1:] {
		if err := store.Remove(name); err != nil {
			return err
		}
	}
	return store.SyncDir()
}

// FileNames are the names of the files of one side but for ImageName. The first says whether there is a transaction.
var FileNames = []string{JournalName, SpillName, BeforeName, StageName, SealName, ResealName}

// MostKept is how many transactions of a directory can be undone one after the other.
const MostKept = 15

// suffix returns what follows the file names of a side; the first side has none.
func suffix(n int) string {
	if n == 0 {
		return ""
	}
	return "." + strconv.Itoa(n+1)
}

// plainName returns the name that a file has on the first side.
func plainName(name string) string {
	for n := MostKept; n > 0; n-- {
		if plain, found := strings.CutSuffix(name, suffix(n)); found {
			return plain
		}
	}
	return name
}

// A side is a Store that appends a suffix to all names, so that a directory can hold several transactions.
type side struct {
	Store
	suffix string
}

func (s side) Create(name string) (File, error) { return s.Store.Create(name + s.suffix) }
func (s side) Open(name string) (File, error)   { return s.Store.Open(name + s.suffix) }
func (s side) Remove(name string) error         { return s.Store.Remove(name + s.suffix) }

// Sides returns the parts of a directory, each for one transaction: those that can be undone, and the next one. Their order
// means nothing; see Record.Order.
func Sides(store Store) []Store {
	list := []Store{store}
	for n := 1; n <= MostKept; n++ {
		list = append(list, side{store, suffix(n)})
	}
	return list
}

// NameOn returns the name that a side gives to a file, and the directory without sides.
func NameOn(store Store, name string) (Store, string) {
	if s, ok := store.(side); ok {
		return s.Store, name + s.suffix
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
