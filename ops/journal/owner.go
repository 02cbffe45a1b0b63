package journal

import (
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// rightsIn returns the user who lends the rights for a directory with this status, nil for this process's own. The error
// is an *UnsafeError if the directory must not be used.
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

// maker is the user who lends the rights to make the directory, nil for this process's own: where root works on an image in
// its owner's own directory, that user.
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

// shared reports whether others than root can rename what root makes in a directory.
func shared(parent unix.Stat_t) bool {
	return parent.Uid != 0 || parent.Mode&writableByOthers != 0 && parent.Mode&unix.S_ISVTX == 0
}

// onlyOurs makes sure that shunt made a directory of root's. Where others can rename, they could give its name to any other
// directory of root's.
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

// isOurs reports whether shunt uses this name for a file in the directory.
func isOurs(name string) bool {
	switch strings.TrimSuffix(name, secondSide) {
	case JournalName, SpillName, BeforeName, StageName, SealName, SocketName, ResultName, NoUndoName:
		return true
	}
	return false
}

// mostNames is how many names of a directory are read: more than shunt ever makes.
const mostNames = 64

// namesIn lists a directory, up to mostNames.
func namesIn(dir *os.File) ([]string, error) {
	names, err := dir.Readdirnames(mostNames)
	if err == io.EOF {
		err = nil
	}
	return names, err
}
