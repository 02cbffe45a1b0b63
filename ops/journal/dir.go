package journal

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// Location says where the directory of a target's journal is, or is to be.
type Location struct {
	Parent string // the directory that holds it
	Name   string // its name there
	// Image is the file that is the target, or is behind it; nil for a device with none.
	Image *Image
	// Beside is the name of Image in Parent, "" where Parent is another directory.
	Beside string
}

// Image is a file that is edited.
type Image struct {
	Dev, Ino uint64
	Owner    User
}

// Dir is a Store in a directory of the host's file system. It holds the directory open: whoever moves it, or puts
// another one in its place, changes nothing about which files are read and written. The package comment tells
// whose directory it may be. Its methods may be called from any goroutine.
type Dir struct {
	place Location
	// adopted says that another process has checked what the names lead to, and whose rights are used.
	adopted bool

	mu     sync.Mutex
	parent *os.File // nil while there is none
	dir    *os.File // nil while there is none
	// as is whose rights are used in the directory, nil for this process's own.
	as *User
}

var _ Store = (*Dir)(nil)

// OpenDir opens the directory at a place, which need not be there yet. Nothing is created before the first Create. The
// error is an *UnsafeError if what is there is not to be trusted, or an I/O error.
func OpenDir(p Location) (*Dir, error) {
	d := &Dir{place: p}
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.openParent()
	if err == nil && d.parent != nil {
		err = d.find()
	}
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// Path is where the directory was found, for messages only.
func (d *Dir) Path() string { return filepath.Join(d.place.Parent, d.place.Name) }

// Close lets go of the directory.
func (d *Dir) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.close()
}

func (d *Dir) close() error {
	var errs []error
	for _, f := range []**os.File{&d.dir, &d.parent} {
		if *f != nil {
			errs = append(errs, (*f).Close())
			*f = nil
		}
	}
	return errors.Join(errs...)
}

// openParent opens the directory that holds this one, and makes sure that it is the one the image lies in.
func (d *Dir) openParent() error {
	// Nothing but names is looked up by way of it, for which there is no need to be allowed to read it.
	fd, err := again(func() (int, error) {
		return unix.Open(d.place.Parent, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return tried.Errorf("open the directory %s for the journal: %w", d.place.Parent, err)
	}
	d.parent = os.NewFile(uintptr(fd), d.place.Parent)
	if d.place.Beside == "" {
		return nil
	}
	st, err := statAt(fd, d.place.Beside)
	if err != nil && !errors.Is(err, unix.ENOENT) {
		return tried.Errorf("look for %s: %w", filepath.Join(d.place.Parent, d.place.Beside), err)
	}
	if image := d.place.Image; err != nil || image == nil || image.Dev != st.Dev || image.Ino != st.Ino {
		return &UnsafeError{Path: d.place.Parent, Reason: OtherDirectory}
	}
	return nil
}

// Refresh looks anew whether the directory is there. The error is that of OpenDir; there is no directory then.
func (d *Dir) Refresh() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dir != nil {
		err := d.dir.Close()
		d.dir = nil
		if err != nil {
			return err
		}
	}
	if d.parent == nil {
		if err := d.openParent(); err != nil || d.parent == nil {
			return err
		}
	}
	return d.find()
}

// find opens the directory if it is there and may be used.
func (d *Dir) find() error {
	f, err := beneath(int(d.parent.Fd()), d.place.Name, unix.O_PATH|unix.O_DIRECTORY, 0)
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENAMETOOLONG): // to make it tells the latter again
		return nil
	case errors.Is(err, unix.EXDEV):
		return &UnsafeError{Path: d.Path(), Reason: OtherMount}
	case errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ELOOP):
		st, err := statAt(int(d.parent.Fd()), d.place.Name)
		if err != nil {
			return tried.Errorf("look at %s: %w", d.Path(), err)
		}
		return &UnsafeError{Path: d.Path(), Reason: WrongKind, Kind: kindOf(st)}
	case err != nil:
		return tried.Errorf("open the journal's directory: %w", err)
	}
	err = d.enter(f)
	return errors.Join(err, f.Close())
}

// enter takes a directory if it may be used, and opens it once more to be able to read and sync it.
func (d *Dir) enter(f *os.File) error {
	st, err := statOf(f)
	if err != nil {
		return tried.Errorf("look at %s: %w", d.Path(), err)
	}
	above, err := statOf(d.parent)
	if err != nil {
		return tried.Errorf("look at %s: %w", d.place.Parent, err)
	}
	if d.as, err = d.place.rightsIn(st, d.Path()); err != nil {
		return err
	}
	return d.as.do(func() error {
		dir, err := beneath(int(f.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
		if err != nil {
			return tried.Errorf("open the journal's directory %s: %w", d.Path(), err)
		}
		if d.as == nil && os.Geteuid() == 0 && shared(above) {
			if err := onlyOurs(dir, st, d.Path()); err != nil {
				return errors.Join(err, dir.Close())
			}
		}
		d.dir = dir
		return nil
	})
}

// LastWritten is when a journal was last written here, the zero time if that cannot be told.
func (d *Dir) LastWritten() time.Time {
	var last time.Time
	_ = d.within(func(fd int) error { // without a directory there is no such time
		for _, name := range []string{JournalName, JournalName + secondSide} {
			if st, err := statAt(fd, name); err == nil && time.Unix(st.Mtim.Unix()).After(last) {
				last = time.Unix(st.Mtim.Unix())
			}
		}
		return nil
	})
	return last
}
