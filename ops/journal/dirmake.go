package journal

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// Make creates the directory, durably, if it is not there.
func (d *Dir) Make() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dir != nil {
		return nil
	}
	err := d.make()
	switch {
	case err == nil, errors.As(err, new(*UnsafeError)):
		return err
	case errors.Is(err, unix.ENAMETOOLONG):
		return tried.Errorf("make the journal's directory: %w; give the image a shorter name", err)
	}
	return tried.Errorf("make the journal's directory: %w; choose another place with --journal", err)
}

func (d *Dir) make() error {
	if d.parent == nil {
		if err := d.openParent(); err != nil {
			return err
		}
		if d.parent == nil {
			return &os.PathError{Op: "open", Path: d.place.Parent, Err: unix.ENOENT}
		}
	}
	maker, err := d.maker()
	if err != nil {
		return err
	}
	err = maker.do(func() error { return unix.Mkdirat(int(d.parent.Fd()), d.place.Name, 0o700) })
	if errors.Is(err, unix.EEXIST) {
		return &UnsafeError{Path: d.Path(), Reason: Replaced}
	}
	if err != nil {
		return &os.PathError{Op: "mkdir", Path: d.Path(), Err: err}
	}
	f, err := beneath(int(d.parent.Fd()), d.place.Name, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return &UnsafeError{Path: d.Path(), Reason: Replaced}
	}
	return errors.Join(d.take(f, maker), f.Close())
}

// take opens a directory that was just made, if it is still that one: its maker's, and empty.
func (d *Dir) take(f *os.File, maker *User) error {
	st, err := statOf(f)
	if err != nil {
		return err
	}
	owner := uint32(os.Geteuid())
	if maker != nil {
		owner = maker.UID
	}
	if st.Uid != owner {
		return &UnsafeError{Path: d.Path(), Reason: ForeignOwner, Owner: st.Uid}
	}
	if st.Mode&writableByOthers != 0 {
		return &UnsafeError{Path: d.Path(), Reason: OpenToOthers, Mode: st.Mode & 0o7777}
	}
	return maker.do(func() error {
		dir, err := beneath(int(f.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
		if err != nil {
			return err
		}
		if names, err := namesIn(dir); err != nil || len(names) > 0 {
			return errors.Join(&UnsafeError{Path: d.Path(), Reason: Replaced}, err, dir.Close())
		}
		d.dir, d.as = dir, maker
		return d.syncParent()
	})
}

// syncParent makes the directory's own name durable.
func (d *Dir) syncParent() error {
	above, err := beneath(int(d.parent.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	return errors.Join(above.Sync(), above.Close())
}

// CheckInPlace makes sure that the directory's name still leads to it and that it is still closed to others, so that the next start
// of shunt will find and take it. The error is an *UnsafeError, or an I/O error. A directory that is not there is in its place.
func (d *Dir) CheckInPlace() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dir == nil {
		return nil
	}
	here, err := d.here()
	if err != nil {
		return err
	}
	if !here {
		return &UnsafeError{Path: d.Path(), Reason: Replaced}
	}
	st, err := statOf(d.dir)
	if err == nil && st.Mode&writableByOthers != 0 {
		err = &UnsafeError{Path: d.Path(), Reason: OpenToOthers, Mode: st.Mode & 0o7777}
	}
	return err
}

// here reports whether the directory's name leads to it.
func (d *Dir) here() (bool, error) {
	is, err := statOf(d.dir)
	if err != nil {
		return false, err
	}
	named, err := statAt(int(d.parent.Fd()), d.place.Name)
	if errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	return err == nil && sameFile(is, named), err
}

// RemoveIfEmpty removes the directory if nothing is left in it. Another one that has taken its place stays.
func (d *Dir) RemoveIfEmpty() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dir == nil {
		return nil
	}
	here, err := d.here()
	if err != nil || !here {
		return err
	}
	err = d.as.do(func() error { return unix.Unlinkat(int(d.parent.Fd()), d.place.Name, unix.AT_REMOVEDIR) })
	switch {
	case errors.Is(err, unix.ENOTEMPTY), errors.Is(err, unix.EEXIST):
		return nil
	case err != nil && !errors.Is(err, unix.ENOENT):
		return &os.PathError{Op: "rmdir", Path: d.Path(), Err: err}
	}
	err = d.dir.Close()
	d.dir = nil
	return err
}
