package target

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Kind says what sort of target it is.
type Kind string

// KindRaw is a raw image file.
const KindRaw Kind = "raw image"

// Identity is what is known of a target without reading it, for the journal and for finding out whether it changed
// since. Two values can be compared with ==. A copy of an image has another Dev and Inode, so these alone do not tell
// that it is not the image a journal belongs to.
type Identity struct {
	Kind     Kind   `json:"kind"`
	Path     string `json:"path"` // absolute, without symbolic links
	Dev      uint64 `json:"dev"`  // device number of the host file system
	Inode    uint64 `json:"inode"`
	Size     int64  `json:"size"`     // bytes
	Modified int64  `json:"modified"` // time of the last change of contents, in nanoseconds since 1970
}

// Identity asks the system anew, so that a change by somebody else shows.
func (r *Raw) Identity() (Identity, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(r.read.Fd()), &st); err != nil {
		return Identity{}, fmt.Errorf("stat %s: %w", r.path, err)
	}
	return Identity{
		Kind: KindRaw, Path: r.real, Dev: st.Dev, Inode: st.Ino, Size: st.Size, Modified: st.Mtim.Nano(),
	}, nil
}
