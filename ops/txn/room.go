package txn

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"shunt/model/tried"
	"shunt/ops/journal"
	"shunt/ops/target"
)

// A Room is a directory on the file system of an image. In it waits the new file of a commit that replaces the image, and after
// the commit the old one. At every moment the image's name leads to one of the two.
type Room interface {
	// Image opens the file that has the image's name, and Waiting the one that waits. The error of Waiting wraps
	// fs.ErrNotExist if there is none.
	Image() (RoomFile, error)
	Waiting() (RoomFile, error)
	// Open opens the waiting file for reading and writing.
	Open() (*os.File, error)
	// Lock locks the waiting file as the image is locked. The locks last as long as this process and the one that handed the
	// file over, or until both have closed it.
	Lock() error
	// Possible fails with journal.ErrNoExchange if Exchange would.
	Possible() error
	// Free returns how many bytes can be written there.
	Free() (int64, error)
	// Exchange has the two change places in one step, and makes that durable. After an error they may have changed.
	Exchange() error
	// Replace gives the waiting file the name, and removes the other.
	Replace() error
	// Settle completes an exchange that was interrupted.
	Settle() error
	// Remove removes the waiting file.
	Remove() error
}

// A RoomFile is one of the two files of a Room, open for reading.
type RoomFile interface {
	io.ReaderAt
	io.Closer
	Size() (int64, error)
	// Inode is the number of the file on its file system.
	Inode() (uint64, error)
	// Takes is how much room it takes there, in bytes.
	Takes() (int64, error)
	State() (target.State, error)
	// Data is that of target.Device.
	Data(off int64) (start, end int64, err error)
}

// A Roomy is the directory of a journal whose target has rooms.
type Roomy interface {
	journal.Store
	// Room returns that of a transaction whose journal calls the waiting file name.
	Room(name string) Room
}

// roomOf returns the room of a side of a directory.
func roomOf(side journal.Store) (Room, error) {
	base, name := journal.NameOn(side, journal.ImageName)
	if r, ok := base.(Roomy); ok {
		return r.Room(name), nil
	}
	return nil, errors.New("internal error: the place of the new file is not known; nothing was changed, please report this")
}

// waitingTakes returns how much room the file takes that waits for a side, 0 if there is none.
func waitingTakes(side journal.Store) (n int64, err error) {
	if base, _ := journal.NameOn(side, ""); !isRoomy(base) {
		return 0, nil
	}
	room, err := roomOf(side)
	if err != nil {
		return 0, err
	}
	f, err := room.Waiting()
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err = f.Takes()
	return n, errors.Join(err, f.Close())
}

func isRoomy(store journal.Store) bool {
	_, ok := store.(Roomy)
	return ok
}

// markLen is how many bytes of a file its mark is taken from.
const markLen = 64 << 10

// markOf returns the write that gives a file the image's name. It identifies the file.
func markOf(f RoomFile) (op journal.Op, err error) {
	op.Kind = journal.OpExchange
	if op.Len, err = f.Size(); err != nil {
		return op, err
	}
	inode, err := f.Inode()
	if err != nil {
		return op, err
	}
	op.Src = int64(inode) //nolint:gosec // all bits are kept, and only compared
	op.Sum, err = sumAt(f, 0, min(markLen, op.Len))
	return op, err
}

// marked opens a file of a room and returns its mark.
func marked(open func() (RoomFile, error)) (op journal.Op, err error) {
	f, err := open()
	if err != nil {
		return op, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return markOf(f)
}

// has reports whether the image's name leads to the file of mark a, and not to that of mark b. The number of a file counts, and
// where both have new ones, as after a restart on some file systems, their length and their beginning.
func has(named, a, b journal.Op) bool {
	if named.Src == a.Src || named.Src == b.Src {
		return named.Src == a.Src
	}
	same := func(x, y journal.Op) bool { return x.Len == y.Len && x.Sum == y.Sum }
	return same(named, a) && !same(named, b)
}

// A named is a Device that reads the file with the image's name, whichever that is at the moment. A transaction whose only write
// exchanges two files works on it.
type named struct {
	Device // only for what it does not have itself; it is never written to
	room   Room
	size   int64 // of the file when this was made
	over   bool  // where two files cannot change places, the old one need not stay
}

// with calls do with the open file.
func (n named) with(do func(RoomFile) error) error {
	f, err := n.room.Image()
	if err != nil {
		return tried.Errorf("open the image: %w", err)
	}
	return errors.Join(do(f), f.Close())
}

func (n named) ReadAt(p []byte, off int64) (done int, err error) {
	err = n.with(func(f RoomFile) error {
		done, err = f.ReadAt(p, off)
		return err
	})
	return done, err
}

func (n named) Size() int64 { return n.size }

func (n named) State() (s target.State, err error) {
	err = n.with(func(f RoomFile) error {
		s, err = f.State()
		return err
	})
	return s, err
}

func (n named) Sync() error         { return nil } // an exchange is durable when it returns
func (n named) Forget(int64, int64) {}
func (n named) Loose() bool         { return false }
func (n named) Shared() int64       { return 0 }

// exchange gives the file of a mark the image's name, unless it has it already.
func (n named) exchange(to journal.Op) error {
	image, err := marked(n.room.Image)
	if err != nil {
		return err
	}
	waits, err := marked(n.room.Waiting)
	switch {
	case has(image, to, waits):
		return nil
	case err != nil:
		return tried.Errorf("open the file that waits: %w", err)
	case !has(waits, to, image):
		return ErrOtherTarget
	}
	err = n.room.Exchange()
	if errors.Is(err, journal.ErrNoExchange) && n.over {
		return n.room.Replace()
	}
	if err != nil {
		return err
	}
	now, err := marked(n.room.Waiting)
	if err == nil && now.Src != image.Src {
		// Somebody else gave the name to another file in that moment: it gets it back.
		err = errors.Join(target.ErrReplaced, n.room.Exchange())
	}
	return err
}
