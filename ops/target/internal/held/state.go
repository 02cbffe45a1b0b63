package held

import (
	"os"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/internal/kernel"
)

// State implements target.Device for image files.
func (h *File) State() (target.State, error) { return StateOf(h.Read, h.Given) }

// Loose implements target.Device for image files, which are locked as a whole.
func (h *File) Loose() bool { return false }

// Shared implements target.Device for targets whose copies share no blocks.
func (h *File) Shared() int64 { return 0 }

// StateOf returns the state of a file. It returns the zero State for file systems of other machines or programs (NFS, SMB,
// 9P, FUSE), since the times that these report are not reliable: some always say now, and some miss the writes of others.
func StateOf(f *os.File, path string) (target.State, error) {
	host, err := kernel.StatHost(f)
	if err != nil {
		return target.State{}, tried.Errorf("stat the file system of %s: %w", path, err)
	}
	switch int64(host.Type) { //nolint:unconvert // it is narrower on other machines
	case unix.FUSE_SUPER_MAGIC, unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC,
		unix.V9FS_MAGIC, unix.CEPH_SUPER_MAGIC, unix.AFS_SUPER_MAGIC, unix.CODA_SUPER_MAGIC:
		return target.State{}, nil
	}
	const asked = unix.STATX_MTIME | unix.STATX_CTIME | unix.STATX_INO | unix.STATX_BTIME
	var st unix.Statx_t
	if err := kernel.Retry(func() error { return unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, asked, &st) }); err != nil {
		return target.State{}, tried.Errorf("stat %s: %w", path, err)
	}
	if st.Mask&unix.STATX_BTIME == 0 {
		st.Btime = unix.StatxTimestamp{}
	}
	s := target.State{Modified: nanoseconds(st.Mtime), Changed: nanoseconds(st.Ctime), Born: nanoseconds(st.Btime), Inode: st.Ino}
	return s, nil
}

func nanoseconds(t unix.StatxTimestamp) int64 { return t.Sec*1e9 + int64(t.Nsec) }
