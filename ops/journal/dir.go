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

// Location says where the directory of a target's journal is, or will be made.
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

// Dir is a Store in a directory of the host's file system. It holds the directory open: moving the directory, or putting
// another one in its place, does not change which files are read and written. The package comment says
// which owners the directory may have. Its methods may be called from any goroutine.
type Dir struct {
	location Location
	// adopted says that another process has checked the names and chosen the rights.
	adopted bool

	mu     sync.Mutex
	parent *os.File // nil while there is none
	dir    *os.File // nil while there is none
	// as is the user whose rights are used in the directory, nil for this process's own.
	as *User
}

var _ Store = (*Dir)(nil)

// OpenDir opens the directory at a location; the directory need not exist yet. Nothing is created before the first Create.
// The error is an *UnsafeError if what is there cannot be trusted, or an I/O error.
func OpenDir(l Location) (*Dir, error) {
	d := &Dir{location: l}
	if err := d.Refresh(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Path is where the directory was found, for messages only.
func (d *Dir) Path() string { return filepath.Join(d.location.Parent, d.location.Name) }

// Close closes the directory.
func (d *Dir) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return errors.Join(closeFile(&d.dir), closeFile(&d.parent))
}

func closeFile(f **os.File) error {
	if *f == nil {
		return nil
	}
	err := (*f).Close()
	*f = nil
	return err
}

// Refresh looks anew whether the directory is there. The error is that of OpenDir; there is no directory then.
func (d *Dir) Refresh() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := closeFile(&d.dir); err != nil {
		return err
	}
	return d.find()
}

// openParent opens the directory that holds this one, if it exists, and makes sure that the image lies in it.
func (d *Dir) openParent() error {
	if d.parent != nil {
		return nil
	}
	// O_PATH does without the right to read it: names are looked up below it, and nothing else.
	fd, err := retry(func() (int, error) {
		return unix.Open(d.location.Parent, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return tried.Errorf("open the directory %s for the journal: %w", d.location.Parent, err)
	}
	d.parent = os.NewFile(uintptr(fd), d.location.Parent)
	if d.location.Beside == "" {
		return nil
	}
	st, err := statAt(d.parent, d.location.Beside)
	if err != nil && !errors.Is(err, unix.ENOENT) {
		return tried.Errorf("look for %s: %w", filepath.Join(d.location.Parent, d.location.Beside), err)
	}
	if image := d.location.Image; err != nil || image == nil || image.Dev != st.Dev || image.Ino != st.Ino {
		return &UnsafeError{Path: d.location.Parent, Reason: OtherDirectory}
	}
	return nil
}

// find opens the directory if it is there and may be used.
func (d *Dir) find() error {
	if err := d.openParent(); err != nil || d.parent == nil {
		return err
	}
	f, err := openBeneath(d.parent, d.location.Name, unix.O_PATH|unix.O_DIRECTORY, 0)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENAMETOOLONG) { // making it fails with the latter again
		return nil
	}
	if err = explain(err, d.parent, d.location.Name, d.Path()); errors.As(err, new(*UnsafeError)) {
		return err
	}
	if err != nil {
		return tried.Errorf("open the journal's directory: %w", err)
	}
	return errors.Join(d.enter(f), f.Close())
}

// enter uses a directory that was found, if that is safe.
func (d *Dir) enter(f *os.File) error {
	st, err := statOf(f)
	if err != nil {
		return tried.Errorf("look at %s: %w", d.Path(), err)
	}
	above, err := statOf(d.parent)
	if err != nil {
		return tried.Errorf("look at %s: %w", d.location.Parent, err)
	}
	if d.as, err = d.location.rightsIn(st, d.Path()); err != nil {
		return err
	}
	return d.as.do(func() error {
		dir, err := reopen(f)
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

// LastWritten is when a journal was last written here, the zero time if that is not known.
func (d *Dir) LastWritten() time.Time {
	var last time.Time
	_ = d.withRights(func() error { // without a directory there is no such time
		for _, name := range []string{JournalName, JournalName + secondSide} {
			if st, err := statAt(d.dir, name); err == nil && time.Unix(st.Mtim.Unix()).After(last) {
				last = time.Unix(st.Mtim.Unix())
			}
		}
		return nil
	})
	return last
}
