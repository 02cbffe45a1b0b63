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

// A Location says where the directory of a target's journal is, or will be made.
type Location struct {
	Parent string // the directory that holds it
	Name   string // its name there
	// Image is the file that is the target or that backs the target's device; nil if there is none.
	Image *Image
	// Beside is the name of Image in Parent, "" if Image is in another directory.
	Beside string
}

// An Image identifies an image file and its owner.
type Image struct {
	Dev, Ino uint64
	Owner    User
}

// A Dir is a Store in a directory of the host's file system. It holds the directory open: moving the directory, or putting
// another one in its place, does not change which files are read and written. The package comment says which owners the
// directory may have. The methods may be called from any goroutine.
type Dir struct {
	location Location
	// adopted is set if another process has checked the names and chosen the rights.
	adopted bool
	// reads is set if its files are only read.
	reads bool

	mu     sync.Mutex
	parent *os.File // nil while there is none
	dir    *os.File // nil while there is none
	// as is the user whose rights are used in the directory, nil to use those of this process.
	as *User
}

var _ Store = (*Dir)(nil)

// OpenDir opens the directory at a location. The directory need not exist yet: the first Create makes it. The error is an
// *UnsafeError if the directory cannot be trusted, or an I/O error.
func OpenDir(l Location) (*Dir, error) {
	d := &Dir{location: l}
	if err := d.Refresh(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Path returns where the directory was found. It is for messages only.
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

// Refresh closes the directory and looks for it again. The errors are those of OpenDir. After an error d has no
// directory.
func (d *Dir) Refresh() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := closeFile(&d.dir); err != nil {
		return err
	}
	return d.find()
}

// openParent opens the directory that holds this one, if it exists, and checks that the image lies in it.
func (d *Dir) openParent() error {
	if d.parent != nil {
		return nil
	}
	// O_PATH needs no right to read the directory: only names are looked up in it.
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
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENAMETOOLONG) { // Make reports a name that is too long
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

// enter makes an existing directory that of d, if that is safe.
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

// LastWritten returns when a journal was last written here, or the zero time if that is not known.
func (d *Dir) LastWritten() time.Time {
	var last time.Time
	_ = d.withRights(func() error { // it fails if there is no directory, and so no time
		for n := range MostKept + 1 {
			if st, err := statAt(d.dir, JournalName+suffix(n)); err == nil && time.Unix(st.Mtim.Unix()).After(last) {
				last = time.Unix(st.Mtim.Unix())
			}
		}
		return nil
	})
	return last
}
