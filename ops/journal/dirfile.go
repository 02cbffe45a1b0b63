package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// within calls do with the directory's descriptor and its owner's rights; the error wraps fs.ErrNotExist if there is no
// directory.
func (d *Dir) within(do func(fd int) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dir == nil {
		return &fs.PathError{Op: "open", Path: d.Path(), Err: fs.ErrNotExist}
	}
	return d.as.do(func() error { return do(int(d.dir.Fd())) })
}

// Create implements Store. What had the name before is removed and not written to.
func (d *Dir) Create(name string) (File, error) {
	if err := d.Make(); err != nil {
		return nil, err
	}
	var f *os.File
	err := d.within(func(fd int) error {
		err := unlink(fd, name, 0)
		if err == nil {
			f, err = beneath(fd, name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL, 0o600)
		}
		if err == nil {
			if _, err = d.check(f, name, unix.S_IFREG); err != nil {
				err = errors.Join(err, f.Close())
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// Open implements Store. What is not a file of the directory's owner with this name only is an *UnsafeError.
func (d *Dir) Open(name string) (File, error) {
	f, err := d.open(name, unix.S_IFREG, unix.O_RDWR)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// ErrTooLong is returned for a file that is longer than what it can be made of.
var ErrTooLong = errors.New("is longer than shunt makes it")

// ReadAll reads a file that has at most that many bytes. The errors are those of Open; a longer one is not read at all and
// wraps ErrTooLong.
func (d *Dir) ReadAll(name string, most int64) ([]byte, error) {
	f, err := d.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	n, err := f.Size()
	if err != nil {
		return nil, err
	}
	if n > most {
		return nil, fmt.Errorf("%s %w", d.pathOf(name), ErrTooLong)
	}
	b := make([]byte, n)
	_, err = f.ReadAt(b, 0)
	return b, err
}

// OpenSocket holds a socket in the directory, so that it can be connected to and no other in its place. The errors are
// those of Open.
func (d *Dir) OpenSocket(name string) (*os.File, error) {
	return d.open(name, unix.S_IFSOCK, unix.O_PATH)
}

// WithPath calls do with the directory's owner's rights and a path that leads to the directory whatever became of its name.
// The error wraps fs.ErrNotExist if there is no directory.
func (d *Dir) WithPath(do func(path string) error) error {
	return d.within(func(fd int) error { return do(throughProc(fd)) })
}

// open looks at what has the name before it opens it, since to open a pipe or a device has effects, and again after that,
// since it may have been replaced.
func (d *Dir) open(name string, kind uint32, flags int) (f *os.File, err error) {
	err = d.within(func(fd int) error {
		held, err := beneath(fd, name, unix.O_PATH, 0)
		if err != nil {
			return d.unsafe(err, fd, name)
		}
		was, err := d.check(held, name, kind)
		if err != nil || flags == unix.O_PATH {
			f = held
			return err
		}
		defer func() { _ = held.Close() }() // nothing was written to it
		if f, err = beneath(fd, name, flags, 0); err != nil {
			return d.unsafe(err, fd, name)
		}
		is, err := d.check(f, name, kind)
		if err == nil && !sameFile(was, is) {
			err = &UnsafeError{Path: d.pathOf(name), Reason: Replaced}
		}
		return err
	})
	if err != nil && f != nil {
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// check looks at what was opened: it must be of the kind that is expected, the directory's owner's alone, and have no other
// name.
func (d *Dir) check(f *os.File, name string, kind uint32) (unix.Stat_t, error) {
	st, err := statOf(f)
	if err != nil {
		return st, err
	}
	own, err := statOf(d.dir)
	if err != nil {
		return st, err
	}
	bad := UnsafeError{Path: d.pathOf(name), Owner: st.Uid, Kind: kindOf(st), Mode: st.Mode & 0o7777}
	switch {
	case kindOf(st) != kind:
		bad.Reason = WrongKind
	case st.Uid != own.Uid:
		bad.Reason = ForeignOwner
	case st.Nlink > 1:
		bad.Reason = MoreNames
	case st.Mode&writableByOthers != 0:
		bad.Reason = OpenToOthers
	default:
		return st, nil
	}
	return st, &bad
}

// unsafe tells what is at a name that could not be opened for what it is.
func (d *Dir) unsafe(err error, fd int, name string) error {
	switch {
	case errors.Is(err, unix.ELOOP):
		return &UnsafeError{Path: d.pathOf(name), Reason: WrongKind, Kind: unix.S_IFLNK}
	case errors.Is(err, unix.EXDEV):
		return &UnsafeError{Path: d.pathOf(name), Reason: OtherMount}
	case errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV), errors.Is(err, unix.EISDIR):
		if st, lost := statAt(fd, name); lost == nil {
			return &UnsafeError{Path: d.pathOf(name), Reason: WrongKind, Kind: kindOf(st)}
		}
	}
	return err
}

func (d *Dir) pathOf(name string) string { return d.Path() + "/" + name }

// Remove implements Store. A link is removed and not what it leads to; a directory is an *UnsafeError.
func (d *Dir) Remove(name string) error {
	err := d.within(func(fd int) error {
		err := unlink(fd, name, 0)
		if errors.Is(err, unix.EISDIR) {
			return &UnsafeError{Path: d.pathOf(name), Reason: WrongKind, Kind: unix.S_IFDIR}
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// unlink removes a name; one that does not exist is no error.
func unlink(dir int, name string, flags int) error {
	err := unix.Unlinkat(dir, name, flags)
	if err == nil || errors.Is(err, unix.ENOENT) {
		return nil
	}
	return &fs.PathError{Op: "remove", Path: name, Err: err}
}

// SyncDir implements Store.
func (d *Dir) SyncDir() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dir == nil {
		return nil
	}
	return d.dir.Sync()
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
