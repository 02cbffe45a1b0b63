package held

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"shunt/ops/target"
	"shunt/ops/target/internal/kernel"
)

// State is Device.State of image files.
func (h *File) State() (target.State, error) { return StateOf(h.Read, h.Given) }

// Loose is Device.Loose of image files: who holds an image holds all of it.
func (h *File) Loose() bool { return false }

// Shared is Device.Shared where copies share no blocks.
func (h *File) Shared() int64 { return 0 }

// StateOf asks the host. What other machines and other programs tell of their files (NFS, SMB, 9P, FUSE) is not relied on:
// some say that a file was written to just now whenever they are asked, and some say nothing of what others write.
func StateOf(f *os.File, path string) (target.State, error) {
	var host unix.Statfs_t
	if err := kernel.Retry(func() error { return unix.Fstatfs(int(f.Fd()), &host) }); err != nil {
		return target.State{}, fmt.Errorf("stat the file system of %s: %w", path, err)
	}
	switch int64(host.Type) { //nolint:unconvert // it is narrower on other machines
	case unix.FUSE_SUPER_MAGIC, unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC,
		unix.V9FS_MAGIC, unix.CEPH_SUPER_MAGIC, unix.AFS_SUPER_MAGIC, unix.CODA_SUPER_MAGIC:
		return target.State{}, nil
	}
	const asked = unix.STATX_MTIME | unix.STATX_CTIME | unix.STATX_INO | unix.STATX_BTIME
	var st unix.Statx_t
	if err := kernel.Retry(func() error { return unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, asked, &st) }); err != nil {
		return target.State{}, fmt.Errorf("stat %s: %w", path, err)
	}
	s := target.State{Modified: nanoseconds(st.Mtime), Changed: nanoseconds(st.Ctime), Inode: st.Ino}
	if st.Mask&unix.STATX_BTIME != 0 {
		s.Born = nanoseconds(st.Btime)
	}
	return s, nil
}

func nanoseconds(t unix.StatxTimestamp) int64 { return t.Sec*1e9 + int64(t.Nsec) }
