package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// ErrNoExchange is returned where the file system can neither exchange two files nor give one a second name.
var ErrNoExchange = errors.New("its file system can neither exchange two files nor give one a second name, so the old image cannot be kept for an undo")

// calls are the system calls that Exchange makes. Tests replace them.
var calls = struct {
	renameat2 func(int, string, int, string, uint) error
	renameat  func(int, string, int, string) error
	linkat    func(int, string, int, string, int) error
	unlinkat  func(int, string, int) error
	fsync     func(*os.File) error
}{unix.Renameat2, unix.Renameat, unix.Linkat, unix.Unlinkat, (*os.File).Sync}

// passing is what follows the name of a file while two files change places without the system call for that.
const passing = ".old"

// Fresh makes an empty file in the directory, replacing one of the same name, and opens it for reading. The file is the one that
// was made, even if another has its name by now: the caller may give it to somebody.
func (d *Dir) Fresh(name string) (*os.File, error) {
	made, err := d.Create(name)
	if err != nil {
		return nil, err
	}
	f, own := made.(osFile)
	if !own {
		return nil, errors.Join(fmt.Errorf("internal error: %T is no file of the host", made), made.Close())
	}
	opened, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", f.Fd()), os.O_RDONLY, 0)
	if err := errors.Join(err, made.Close(), d.SyncDir()); err != nil {
		return nil, errors.Join(err, closeFile(&opened))
	}
	return opened, nil
}

// OpenImage opens an image that is kept in the directory: a regular file, whatever its owner and mode are, since nobody else
// can put one there. The error wraps fs.ErrNotExist if there is none.
func (d *Dir) OpenImage(name string, flags int) (f *os.File, err error) {
	err = d.withRights(func() error {
		for _, at := range []string{name, name + passing} {
			if f, err = openRegular(d.dir, at, d.pathOf(at), flags); !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		return err
	})
	return f, err
}

// OpenNamed opens the file that has the image's name, for reading. The directory must lie beside the image.
func (d *Dir) OpenNamed() (f *os.File, err error) {
	err = d.withRights(func() error {
		f, err = openRegular(d.parent, d.location.Beside, d.location.Beside, unix.O_RDONLY)
		return err
	})
	return f, err
}

// openRegular opens a file after it has checked what kind of file it is.
func openRegular(dir *os.File, name, path string, flags int) (*os.File, error) {
	held, err := openBeneath(dir, name, unix.O_PATH, 0)
	if err != nil {
		return nil, explain(err, dir, name, path)
	}
	defer func() { _ = held.Close() }() // only a handle
	was, err := statOf(held)
	if err != nil {
		return nil, err
	}
	if kindOf(was) != unix.S_IFREG {
		return nil, &UnsafeError{Path: path, Reason: WrongKind, Kind: kindOf(was)}
	}
	f, err := openBeneath(dir, name, flags, 0)
	if err != nil {
		return nil, explain(err, dir, name, path)
	}
	is, err := statOf(f)
	if err == nil && !sameFile(was, is) {
		err = &UnsafeError{Path: path, Reason: Replaced}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Exchange makes a file of the directory the image, and the image that file, in one atomic step: at every moment the image's
// name leads to one of the two. The directory must lie beside the image. Both names are durable when Exchange returns. After
// an error the name leads to one or the other, and Settle tidies up.
func (d *Dir) Exchange(name string) error {
	return d.withRights(func() error {
		err := calls.renameat2(int(d.dir.Fd()), name, int(d.parent.Fd()), d.location.Beside, unix.RENAME_EXCHANGE)
		if cannotDo(err) {
			err = d.exchangeByLink(name)
		}
		if err != nil {
			return tried.Errorf("exchange %s and its successor: %w", d.location.Beside, err)
		}
		return d.syncBoth()
	})
}

// exchangeByLink does the same with a second name for the image. The second of its three steps is the one that counts.
func (d *Dir) exchangeByLink(name string) error {
	dir, parent := int(d.dir.Fd()), int(d.parent.Fd())
	if err := removeAt(d.dir, name+passing); err != nil {
		return err
	}
	err := calls.linkat(parent, d.location.Beside, dir, name+passing, 0)
	if cannotDo(err) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EMLINK) {
		return fmt.Errorf("%w (%w)", ErrNoExchange, err)
	}
	if err == nil {
		err = calls.fsync(d.dir)
	}
	if err == nil {
		err = calls.renameat(dir, name, parent, d.location.Beside)
	}
	if err == nil {
		err = d.syncBoth()
	}
	if err == nil {
		err = calls.renameat(dir, name+passing, dir, name)
	}
	return err
}

// Settle completes an exchange that was interrupted, so that each of the two files has one name. It removes what an interrupted
// CanExchange has left.
func (d *Dir) Settle(name string) error {
	if d.location.Beside == "" {
		return nil
	}
	err := d.withRights(func() error {
		named, err := statAt(d.parent, d.location.Beside)
		if err != nil {
			return err
		}
		for _, trial := range trials {
			if err := removeAt(d.dir, trial); err != nil {
				return err
			}
		}
		old, err := statAt(d.dir, name+passing)
		if errors.Is(err, unix.ENOENT) {
			return nil
		}
		if err != nil {
			return err
		}
		if sameFile(old, named) { // the image has not lost its name yet
			err = removeAt(d.dir, name+passing)
		} else {
			err = calls.renameat(int(d.dir.Fd()), name+passing, int(d.dir.Fd()), name)
		}
		return errors.Join(err, d.syncBoth())
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil // there is no directory
	}
	return err
}

// Replace gives a file of the directory the image's name in one atomic step. The image is gone then. It is for file systems
// where Exchange fails with ErrNoExchange.
func (d *Dir) Replace(name string) error {
	return d.withRights(func() error {
		if err := calls.renameat(int(d.dir.Fd()), name, int(d.parent.Fd()), d.location.Beside); err != nil {
			return tried.Errorf("give the new file the name %s: %w", d.location.Beside, err)
		}
		return d.syncBoth()
	})
}

// trials are the names of the files with which CanExchange tries it.
var trials = [2]string{"trial-1", "trial-2"}

// CanExchange fails with ErrNoExchange where Exchange would. It tries it with two empty files in the directory, which it makes
// if it is missing.
func (d *Dir) CanExchange() error {
	names := trials
	for _, name := range names {
		f, err := d.Create(name)
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			return err
		}
	}
	return d.withRights(func() error {
		at := int(d.dir.Fd())
		err := calls.renameat2(at, names[0], at, names[1], unix.RENAME_EXCHANGE)
		if cannotDo(err) {
			err = errors.Join(removeAt(d.dir, names[0]), calls.linkat(at, names[1], at, names[0], 0))
			if err != nil {
				err = fmt.Errorf("%w (%w)", ErrNoExchange, err)
			}
		}
		return errors.Join(err, removeAt(d.dir, names[0]), removeAt(d.dir, names[1]))
	})
}

// Free returns how many free bytes the directory's file system has for this user. If the directory does not exist yet, it is that
// of the one above.
func (d *Dir) Free() (free int64, err error) {
	err = d.withRights(func() error {
		var st unix.Statfs_t
		at := d.dir
		if at == nil {
			at = d.parent
		}
		if at == nil {
			return fs.ErrNotExist
		}
		if err := unix.Fstatfs(int(at.Fd()), &st); err != nil {
			return err
		}
		blocks := st.Bavail
		if os.Geteuid() == 0 && d.as == nil {
			blocks = st.Bfree
		}
		free = int64(blocks) * st.Bsize
		return nil
	})
	return free, err
}

// removeAt removes a name. It is not an error if the name does not exist.
func removeAt(dir *os.File, name string) error {
	err := calls.unlinkat(int(dir.Fd()), name, 0)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}

// syncBoth makes the names in the directory and beside it durable.
func (d *Dir) syncBoth() error {
	above, err := reopen(d.parent)
	if err != nil {
		return err
	}
	return errors.Join(calls.fsync(d.dir), calls.fsync(above), above.Close())
}

// cannotDo reports whether a system call failed because the system or the file system does not have it.
func cannotDo(err error) bool {
	return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EOPNOTSUPP)
}
