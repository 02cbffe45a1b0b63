package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// withRights calls do with the rights of the directory's owner. The error wraps fs.ErrNotExist if there is no directory.
func (d *Dir) withRights(do func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dir == nil {
		return &fs.PathError{Op: "open", Path: d.Path(), Err: fs.ErrNotExist}
	}
	return d.as.do(do)
}

// WithPath calls do with the rights of the directory's owner and a path that leads to the directory even if it was renamed.
// The error wraps fs.ErrNotExist if there is no directory.
func (d *Dir) WithPath(do func(path string) error) error {
	return d.withRights(func() error { return do(fmt.Sprintf("/proc/self/fd/%d", d.dir.Fd())) })
}

// Create implements Store. It removes an existing file of that name and never writes to it.
func (d *Dir) Create(name string) (File, error) {
	if err := d.Make(); err != nil {
		return nil, err
	}
	var f *os.File
	err := d.withRights(func() error {
		err := unlink(d.dir, name)
		if err == nil {
			f, err = openBeneath(d.dir, name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL, 0o600)
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

// Open implements Store. The error is an *UnsafeError unless name is a regular file of the directory's owner and the
// file's only name.
func (d *Dir) Open(name string) (File, error) {
	flags := unix.O_RDWR
	if d.reads {
		flags = unix.O_RDONLY
	}
	f, err := d.open(name, unix.S_IFREG, flags)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// OnlyRead makes Open open files for reading alone, as on a read-only file system. The directory must not be written to then.
func (d *Dir) OnlyRead() { d.reads = true }

// ErrTooLong is returned for a file that is longer than shunt would write it.
var ErrTooLong = errors.New("is longer than shunt makes it")

// ReadAll reads a file of at most that many bytes. The errors are those of Open. If the file is longer, it is not read and
// the error wraps ErrTooLong.
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

// OpenSocket opens a handle on a socket in the directory, so that a connection leads to this socket even if another takes
// its name. The errors are those of Open.
func (d *Dir) OpenSocket(name string) (*os.File, error) {
	return d.open(name, unix.S_IFSOCK, unix.O_PATH)
}

// open opens a file after it has checked what kind of file it is, since opening a pipe or a device has effects. It checks
// the open file again, since the name may have been given to another file in between.
func (d *Dir) open(name string, kind uint32, flags int) (f *os.File, err error) {
	err = d.withRights(func() error {
		held, err := openBeneath(d.dir, name, unix.O_PATH, 0)
		if err != nil {
			return explain(err, d.dir, name, d.pathOf(name))
		}
		was, err := d.check(held, name, kind)
		if err != nil || flags == unix.O_PATH {
			f = held
			return err
		}
		defer func() { _ = held.Close() }() // only a handle
		if f, err = openBeneath(d.dir, name, flags, 0); err != nil {
			return explain(err, d.dir, name, d.pathOf(name))
		}
		is, err := d.check(f, name, kind)
		if err == nil && !sameFile(was, is) {
			err = &UnsafeError{Path: d.pathOf(name), Reason: Replaced}
		}
		return err
	})
	if err != nil {
		return nil, errors.Join(err, closeFile(&f))
	}
	return f, nil
}

// check returns an error unless an open file is of the expected kind, belongs to the directory's owner, has no other name,
// and cannot be written to by others.
func (d *Dir) check(f *os.File, name string, kind uint32) (unix.Stat_t, error) {
	st, err := statOf(f)
	if err != nil {
		return st, err
	}
	own, err := statOf(d.dir)
	if err != nil {
		return st, err
	}
	path := d.pathOf(name)
	switch {
	case kindOf(st) != kind:
		return st, &UnsafeError{Path: path, Reason: WrongKind, Kind: kindOf(st)}
	case st.Uid != own.Uid:
		return st, &UnsafeError{Path: path, Reason: ForeignOwner, Owner: st.Uid}
	case st.Nlink > 1:
		return st, &UnsafeError{Path: path, Reason: MoreNames}
	}
	return st, closedToOthers(st, path)
}

// explain turns an error of opening a name into an *UnsafeError if the cause is that the name belongs to something of
// another kind.
func explain(err error, dir *os.File, name, path string) error {
	if errors.Is(err, unix.EXDEV) {
		return &UnsafeError{Path: path, Reason: OtherMount}
	}
	for _, wrongKind := range []error{unix.ELOOP, unix.ENOTDIR, unix.EISDIR, unix.ENXIO, unix.ENODEV} {
		if !errors.Is(err, wrongKind) {
			continue
		}
		if st, lost := statAt(dir, name); lost == nil {
			return &UnsafeError{Path: path, Reason: WrongKind, Kind: kindOf(st)}
		}
	}
	return err
}

func (d *Dir) pathOf(name string) string { return d.Path() + "/" + name }

// Remove implements Store. It removes a link itself, not the file that the link leads to. For a directory the error is an
// *UnsafeError.
func (d *Dir) Remove(name string) error {
	err := d.withRights(func() error { return explain(unlink(d.dir, name), d.dir, name, d.pathOf(name)) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// unlink removes a name. It is not an error if the name does not exist.
func unlink(dir *os.File, name string) error {
	err := unix.Unlinkat(int(dir.Fd()), name, 0)
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

// osFile is a File of the host.
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
