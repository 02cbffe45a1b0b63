package journal

import (
	"io"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// rightsIn returns the user whose rights are used in a directory with this status, nil to use those of this process. The
// error is an *UnsafeError if the directory must not be used.
func (l Location) rightsIn(st unix.Stat_t, path string) (*User, error) {
	var as *User
	switch me := os.Geteuid(); {
	case st.Uid == uint32(me):
	case me == 0 && l.Image != nil && st.Uid == l.Image.Owner.UID:
		as = &l.Image.Owner
	default:
		return nil, &UnsafeError{Path: path, Reason: ForeignOwner, Owner: st.Uid}
	}
	return as, closedToOthers(st, path)
}

// maker returns the user whose rights are used to make the directory, nil to use those of this process. If root works on
// an image and its owner also owns the directory that holds it, that is the image's owner.
func (d *Dir) maker() (*User, error) {
	if d.adopted {
		return d.as, nil
	}
	image := d.location.Image
	if os.Geteuid() != 0 || image == nil || image.Owner.UID == 0 {
		return nil, nil
	}
	above, err := statOf(d.parent)
	if err != nil || above.Uid != image.Owner.UID {
		return nil, err
	}
	return &image.Owner, nil
}

// shared reports whether users other than root can rename what root makes in a directory.
func shared(parent unix.Stat_t) bool {
	return parent.Uid != 0 || parent.Mode&writableByOthers != 0 && parent.Mode&unix.S_ISVTX == 0
}

// onlyOurs returns an error unless a directory of root's looks as if shunt made it. Where other users can rename, they
// could give the journal's name to any directory of root's.
func onlyOurs(dir *os.File, st unix.Stat_t, path string) error {
	names, err := namesIn(dir)
	if err != nil {
		return err
	}
	foreign := func(name string) bool { return !isOurs(name) }
	if st.Mode&0o777 != 0o700 || slices.ContainsFunc(names, foreign) {
		return &UnsafeError{Path: path, Reason: NotOurs}
	}
	return nil
}

// isOurs reports whether shunt uses this name for a file in the journal's directory.
func isOurs(name string) bool {
	name = plainName(name)
	return slices.Contains(FileNames, name) || slices.Contains([]string{ImageName, KeptName, SocketName, ResultName, NoUndoName}, name)
}

// mostNames is how many names of a directory are read. It is more than shunt ever makes.
const mostNames = 256

// namesIn lists a directory, up to mostNames.
func namesIn(dir *os.File) ([]string, error) {
	names, err := dir.Readdirnames(mostNames)
	if err == io.EOF {
		err = nil
	}
	return names, err
}
