package fsys

import (
	"io"

	"shunt/model/scan/extfs"
)

// extSpare adds the blocks of inode tables that hold nothing but inodes that were never used. The kernel and e2fsck take
// them for zero before they use them.
func extSpare(r *io.SectionReader, list *freeList) error {
	sb, err := readExt(r, 0)
	if err != nil {
		return err
	}
	e := extMap{sb: sb, r: r}
	perGroup, size := uint64(sb.InodesPerGroup), uint64(sb.InodeSize)
	return e.eachGroup(func(_ uint64, d extfs.Desc) error {
		if d.NeverUsed > perGroup {
			return errDoubt
		}
		used := (perGroup - d.NeverUsed) * size
		first := d.InodeTable + (used+uint64(sb.BlockSize)-1)/uint64(sb.BlockSize)
		end := d.InodeTable + sb.ITableBlocks()
		if end > sb.Blocks || end < d.InodeTable {
			return errDoubt
		}
		if first < end {
			list.add(int64(first)*sb.BlockSize, int64(end)*sb.BlockSize)
		}
		return nil
	})
}
