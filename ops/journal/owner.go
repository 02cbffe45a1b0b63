package journal

import (
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// rightsIn tells with whose rights a directory with this status is used, nil for this process's own. The error is an
// *UnsafeError if it is not to be used at all.
func (p Location) rightsIn(st unix.Stat_t, path string) (*User, error) {
	var as *User
	switch me := os.Geteuid(); {
	case st.Uid == uint32(me):
	case me == 0 && p.Image != nil && st.Uid == p.Image.Owner.UID:
		as = &p.Image.Owner
	default:
		return nil, &UnsafeError{Path: path, Reason: ForeignOwner, Owner: st.Uid}
	}
	if st.Mode&writableByOthers != 0 {
		return nil, &UnsafeError{Path: path, Reason: OpenToOthers, Mode: st.Mode & 0o7777}
	}
	return as, nil
}

// maker is who makes the directory, nil for this process: where root works on an image in its owner's own directory, that
// user.
func (d *Dir) maker() (*User, error) {
	if d.adopted {
		return d.as, nil
	}
	image := d.place.Image
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

// onlyOurs makes sure that a directory of root's in one where others rename as they like is one that shunt made, and not
// something else of root's that was given the name.
func onlyOurs(dir *os.File, st unix.Stat_t, path string) error {
	names, err := namesIn(dir)
	if err != nil {
		return err
	}
	ours := st.Mode&0o777 == 0o700
	for _, name := range names {
		ours = ours && isOurs(name)
	}
	if !ours {
		return &UnsafeError{Path: path, Reason: NotOurs}
	}
	return nil
}

// isOurs reports whether shunt gives a file in the directory this name.
func isOurs(name string) bool {
	switch strings.TrimSuffix(name, secondSide) {
	case JournalName, SpillName, BeforeName, StageName, SealName, SocketName, ResultName, NoUndoName:
		return true
	}
	return false
}

// mostNames is how many names of a directory are looked at: more than shunt ever makes.
const mostNames = 64

// namesIn lists a directory, up to mostNames.
func namesIn(dir *os.File) ([]string, error) {
	names, err := dir.Readdirnames(mostNames)
	if err == io.EOF {
		err = nil
	}
	return names, err
}
