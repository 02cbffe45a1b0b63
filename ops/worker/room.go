package worker

import (
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/ops/target"
	"shunt/ops/txn"
)

// warnings are what may go wrong in the commit that the rehearsal cannot try. They are guesses: what cannot be found
// out gives none.
func (w *process) warnings(tx *txn.Transaction) []string {
	if w.target.Fixed() {
		return nil // a device has its room
	}
	copies, rest, err := tx.Fills()
	if err != nil {
		w.logf("how much room the commit takes is not known: %v", err)
		return nil
	}
	need := rest
	if !sharesBlocks(w.job.Path) {
		need += copies
	}
	free, err := target.FreeSpace(filepath.Dir(w.job.Path))
	if err != nil {
		w.logf("%v", err)
		return nil
	}
	if need <= free {
		return nil
	}
	return []string{fmt.Sprintf(
		"The commit may take %s of room on the file system of the image, where %s are free. If it runs out, the commit is "+
			"interrupted and can be finished after making room, or rolled back.",
		geometry.FormatBytes(geometry.Bytes(need)), geometry.FormatBytes(geometry.Bytes(free)))}
}

// sharesBlocks reports whether the file system of a path is of a kind that copies by sharing blocks.
func sharesBlocks(path string) bool {
	const (
		bcachefs = 0xca451a4e
		ocfs2    = 0x7461636f
	)
	var st unix.Statfs_t
	if unix.Statfs(path, &st) != nil {
		return false
	}
	switch uint32(st.Type) {
	case unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, bcachefs, ocfs2:
		return true
	}
	return false
}

// advised tells those whose journal has no room what can be done.
func advised(err error) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return fmt.Errorf("%w; make room there, or choose another directory with --journal", err)
	}
	return err
}
