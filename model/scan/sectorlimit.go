package scan

import (
	"io"

	"shunt/geometry"
	"shunt/model"
)

// SectorLimit returns the largest logical sector, in bytes, that a device can have on which fs is used. fs is what Scan found
// in the n bytes of r from off on. The limit is 0 if it is not known, as for volumes whose content cannot be seen.
//
// The kernel reads no less than a sector at a time. ext4, btrfs and others read blocks. FAT, exFAT, NTFS and XFS count in a
// sector size of their own, which is in their superblocks, and no driver mounts them on a device with larger sectors.
func SectorLimit(r io.ReaderAt, off, n int64, fs model.Filesystem) geometry.Bytes {
	w := newWindow(r, off, n)
	const bootSector = 512
	switch fs.Kind {
	case model.FAT12, model.FAT16, model.FAT32:
		if f, ok := newFAT(w); ok {
			return geometry.Bytes(f.SectorSize)
		}
	case model.NTFS, model.BitLocker:
		if b := w.at(0, bootSector); b != nil {
			return geometry.Bytes(le.Uint16(b[11:]))
		}
	case model.ExFAT:
		if b := w.at(0, bootSector); b != nil && b[108] <= 12 {
			return 1 << b[108]
		}
	case model.XFS:
		if b := w.at(0, bootSector); b != nil {
			return geometry.Bytes(be.Uint16(b[102:]))
		}
	case model.Ext2, model.Ext3, model.Ext4, model.Btrfs, model.F2FS, model.Swap, model.ISO9660, model.UDF, model.JFS, model.ReiserFS,
		model.NILFS2, model.Bcachefs, model.SquashFS, model.EROFS:
		return fs.BlockSize
	case model.Unformatted, model.LUKS, model.LVM2, model.SwSuspend, model.HFSPlus, model.APFS, model.ZFS, model.RAID, model.ReFS:
	}
	return 0
}
