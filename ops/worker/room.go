package worker

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/ops/journal"
	"shunt/ops/target"
	"shunt/ops/target/registry"
	"shunt/ops/txn"
)

// Rooms is the directory of a journal, for a target that a new file may replace.
type Rooms struct {
	*journal.Dir
	// Beside is the directory beside the image, if the journal lies elsewhere: two files can only change places on one file
	// system. It is nil if that is the journal's directory.
	Beside *journal.Dir
	// Waits is the waiting file, open for reading. Its open file description carries the locks. It is nil if none was handed over.
	Waits *os.File
	// Unlocked says that images are used without locks.
	Unlocked bool

	unasked *allowance // limits the files of a rehearsal that nobody asked for; it may be nil
}

// Create implements journal.Store.
func (r Rooms) Create(name string) (journal.File, error) {
	f, err := r.Dir.Create(name)
	if err != nil || r.unasked == nil {
		return f, err
	}
	return &limitedFile{File: f, from: r.unasked}, nil
}

// At returns the directory in which the waiting file of a transaction lies, and its name there. name is what the journal calls
// it.
func (r Rooms) At(name string) (*journal.Dir, string) {
	if r.Beside == nil {
		return r.Dir, name
	}
	return r.Beside, journal.KeptName + strings.TrimPrefix(name, journal.ImageName)
}

// Room implements txn.Roomy.
func (r Rooms) Room(name string) txn.Room {
	dir, name := r.At(name)
	return room{r, dir, name}
}

// A room is a txn.Room.
type room struct {
	all  Rooms
	dir  *journal.Dir
	name string
}

func (r room) Image() (txn.RoomFile, error)   { return opened(r.dir.OpenNamed()) }
func (r room) Waiting() (txn.RoomFile, error) { return opened(r.dir.OpenImage(r.name, unix.O_RDONLY)) }
func (r room) Possible() error                { return r.dir.CanExchange() }
func (r room) Free() (int64, error)           { return r.dir.Free() }
func (r room) Exchange() error                { return r.dir.Exchange(r.name) }
func (r room) Replace() error                 { return r.dir.Replace(r.name) }
func (r room) Settle() error                  { return r.dir.Settle(r.name) }

func (r room) Open() (*os.File, error) { return r.dir.OpenImage(r.name, unix.O_RDWR) }

func (r room) Lock() error {
	f, err := r.dir.OpenImage(r.name, unix.O_PATH)
	if err != nil {
		return err
	}
	waits, err := f.Stat()
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if r.all.Waits != nil {
		if is, err := r.all.Waits.Stat(); err != nil || os.SameFile(is, waits) {
			return r.lock(err)
		}
	}
	return errors.New("internal error: the file that is to take the name was not handed over; nothing was changed, please report this")
}

// lock takes the locks, unless there was an error.
func (r room) lock(err error) error {
	if err != nil || r.all.Unlocked {
		return err
	}
	return registry.LockNew(r.all.Waits, r.name)
}

func (r room) Remove() error {
	f, err := r.dir.OpenImage(r.name, unix.O_PATH)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = f.Close()
	}
	return errors.Join(err, r.dir.Remove(r.name), r.dir.SyncDir())
}

// A roomFile is a txn.RoomFile.
type roomFile struct{ *os.File }

func opened(f *os.File, err error) (txn.RoomFile, error) {
	if err != nil {
		return nil, err
	}
	return roomFile{f}, nil
}

func (f roomFile) stat() (st unix.Stat_t, err error) {
	return st, unix.Fstat(int(f.Fd()), &st)
}

func (f roomFile) Size() (int64, error) {
	st, err := f.stat()
	return st.Size, err
}

func (f roomFile) Inode() (uint64, error) {
	st, err := f.stat()
	return st.Ino, err
}

func (f roomFile) Takes() (int64, error) {
	const unit = 512 // of st_blocks
	st, err := f.stat()
	return st.Blocks * unit, err
}

func (f roomFile) State() (target.State, error)         { return registry.StateOf(f.File) }
func (f roomFile) Data(off int64) (int64, int64, error) { return registry.DataOf(f.File, off) }
