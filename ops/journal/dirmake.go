package journal

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// Make creates the directory if it does not exist, and makes its name durable.
func (d *Dir) Make() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dir != nil {
		return nil
	}
	return cannotMake(d.make())
}

// cannotMake adds advice to an error of making the directory.
func cannotMake(err error) error {
	switch {
	case err == nil, errors.As(err, new(*UnsafeError)):
		return err
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return tried.Errorf("make the journal's directory: %w", err) // what helps is the same as for its files
	case errors.Is(err, unix.ENAMETOOLONG):
		return tried.Errorf("make the journal's directory: %w; give the image a shorter name", err)
	}
	return tried.Errorf("make the journal's directory: %w; choose another place with --journal", err)
}

// requireParent opens the directory that holds this one. It is an error if that does not exist.
func (d *Dir) requireParent() error {
	err := d.openParent()
	if err == nil && d.parent == nil {
		err = &os.PathError{Op: "open", Path: d.location.Parent, Err: unix.ENOENT}
	}
	return err
}

func (d *Dir) make() error {
	if err := d.requireParent(); err != nil {
		return err
	}
	maker, err := d.maker()
	if err != nil {
		return err
	}
	err = maker.do(func() error { return unix.Mkdirat(int(d.parent.Fd()), d.location.Name, 0o700) })
	if errors.Is(err, unix.EEXIST) {
		return &UnsafeError{Path: d.Path(), Reason: Replaced}
	}
	if err != nil {
		return &os.PathError{Op: "mkdir", Path: d.Path(), Err: err}
	}
	f, err := openBeneath(d.parent, d.location.Name, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return &UnsafeError{Path: d.Path(), Reason: Replaced}
	}
	return errors.Join(d.take(f, maker), f.Close())
}

// take makes a new directory that of d. It fails if the directory is not empty or not its maker's: then somebody has
// replaced it.
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
	if err := closedToOthers(st, d.Path()); err != nil {
		return err
	}
	return maker.do(func() error {
		dir, err := reopen(f)
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
	above, err := reopen(d.parent)
	if err != nil {
		return err
	}
	return errors.Join(above.Sync(), above.Close())
}

// CheckInPlace checks that the directory's name still leads to it and that others still cannot write to it, so that the
// next start of shunt will find and use it. The error is an *UnsafeError or an I/O error. It is nil if there is no
// directory.
func (d *Dir) CheckInPlace() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dir == nil {
		return nil
	}
	st, inPlace, err := d.inPlace()
	if err != nil {
		return err
	}
	if !inPlace {
		return &UnsafeError{Path: d.Path(), Reason: Replaced}
	}
	return closedToOthers(st, d.Path())
}

// inPlace returns the directory's status, and reports whether its name still leads to it.
func (d *Dir) inPlace() (unix.Stat_t, bool, error) {
	is, err := statOf(d.dir)
	if err != nil {
		return is, false, err
	}
	named, err := statAt(d.parent, d.location.Name)
	if errors.Is(err, unix.ENOENT) {
		return is, false, nil
	}
	return is, err == nil && sameFile(is, named), err
}

// RemoveIfEmpty removes the directory if it is empty. It does nothing if the name leads to another directory.
func (d *Dir) RemoveIfEmpty() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dir == nil {
		return nil
	}
	if _, inPlace, err := d.inPlace(); err != nil || !inPlace {
		return err
	}
	err := d.as.do(func() error { return unix.Unlinkat(int(d.parent.Fd()), d.location.Name, unix.AT_REMOVEDIR) })
	switch {
	case errors.Is(err, unix.ENOTEMPTY), errors.Is(err, unix.EEXIST):
		return nil
	case err != nil && !errors.Is(err, unix.ENOENT):
		return &os.PathError{Op: "rmdir", Path: d.Path(), Err: err}
	}
	return closeFile(&d.dir)
}
