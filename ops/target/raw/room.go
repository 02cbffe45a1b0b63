package raw

import (
	"fmt"

	"golang.org/x/sys/unix"

	"shunt/ops/target/internal/kernel"
)

// Room is Hosted.Room.
func (r *file) Room() (free int64, shares bool, err error) {
	var st unix.Statfs_t
	if err := kernel.Retry(func() error { return unix.Fstatfs(int(r.Read.Fd()), &st) }); err != nil {
		return 0, false, fmt.Errorf("ask for the free space at %s: %w", r.Given, err)
	}
	unit := st.Frsize
	if unit <= 0 {
		unit = st.Bsize
	}
	return int64(st.Bavail) * unit, sharesBlocks(st), nil
}

// sharesBlocks reports whether a file system is of a kind that copies by sharing blocks.
func sharesBlocks(st unix.Statfs_t) bool {
	const (
		bcachefs = 0xca451a4e
		ocfs2    = 0x7461636f
	)
	switch uint32(st.Type) {
	case unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, bcachefs, ocfs2:
		return true
	}
	return false
}
