package target

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// State is what the host tells of a file by which a change of it shows, whoever makes it. The zero State says that nobody
// keeps account. Two values can be compared with ==.
//
// Modified can be put back by whoever may write to the file. Changed cannot, but changes for other reasons too: another
// mode, another name. The cookie that statx(2) counts changes with is none of this: kernels keep it to themselves.
type State struct {
	Modified int64 // contents, in nanoseconds since 1970
	Changed  int64 // contents or attributes, likewise
	Born     int64 // likewise, 0 where it is not known
	Inode    uint64
}

// Known reports whether anybody keeps account.
func (s State) Known() bool { return s != State{} }

// State is Device.State.
func (r *Raw) State() (State, error) { return stateOf(r.read, r.path) }

// State is Device.State: of a loop device that of the image behind it, if that can be looked at.
func (b *Block) State() (State, error) {
	if b.image == nil {
		return State{}, nil
	}
	return stateOf(b.image, b.image.Name())
}

// stateOf asks the host. What other machines and other programs tell of their files (NFS, SMB, 9P, FUSE) is not relied on:
// some say that a file was written to just now whenever they are asked, and some say nothing of what others write.
func stateOf(f *os.File, path string) (State, error) {
	var host unix.Statfs_t
	if err := retry(func() error { return unix.Fstatfs(int(f.Fd()), &host) }); err != nil {
		return State{}, fmt.Errorf("stat the file system of %s: %w", path, err)
	}
	switch int64(host.Type) { //nolint:unconvert // it is narrower on other machines
	case unix.FUSE_SUPER_MAGIC, unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC,
		unix.V9FS_MAGIC, unix.CEPH_SUPER_MAGIC, unix.AFS_SUPER_MAGIC, unix.CODA_SUPER_MAGIC:
		return State{}, nil
	}
	const asked = unix.STATX_MTIME | unix.STATX_CTIME | unix.STATX_INO | unix.STATX_BTIME
	var st unix.Statx_t
	if err := retry(func() error { return unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, asked, &st) }); err != nil {
		return State{}, fmt.Errorf("stat %s: %w", path, err)
	}
	s := State{Modified: nanoseconds(st.Mtime), Changed: nanoseconds(st.Ctime), Inode: st.Ino}
	if st.Mask&unix.STATX_BTIME != 0 {
		s.Born = nanoseconds(st.Btime)
	}
	return s, nil
}

func nanoseconds(t unix.StatxTimestamp) int64 { return t.Sec*1e9 + int64(t.Nsec) }
