package scan

import (
	"encoding/binary"

	"shunt/geometry"
	"shunt/model"
)

const mdMagic = 0xA92B4EFC

// probeRAID recognises members of Linux software RAID. Their superblocks lie at the end (versions 0.90 and 1.0), so
// that a mirrored file system can be read from a single member, or at 0 or 4 KiB (1.1 and 1.2).
// Source: "RAID superblock formats" in the Linux Raid Wiki.
func probeRAID(w *window) (model.Filesystem, bool) {
	const end = 64 << 10
	version := ""
	switch {
	case mdVersion1(w, 0):
		version = "1.1"
	case mdVersion1(w, 4096):
		version = "1.2"
	case mdVersion1(w, (w.n/512-16)/8*8*512):
		version = "1.0"
	case mdVersion0(w, w.n/end*end-end):
		version = "0.90"
	default:
		return model.Filesystem{}, false
	}
	return model.Filesystem{
		Kind: model.RAID, Notes: "member of a Linux RAID, metadata " + version,
		Size: geometry.Bytes(w.n), Used: geometry.Bytes(w.n), Elsewhere: model.ArrayElsewhere,
	}, true
}

// mdVersion1 looks for a version 1 superblock, which tells its own sector at 144: the one at the end of a whole
// disk is not one of the disk's last partition.
func mdVersion1(w *window, off int64) bool {
	b := w.at(off, 256)
	return b != nil && binary.LittleEndian.Uint32(b) == mdMagic && binary.LittleEndian.Uint32(b[4:]) == 1 &&
		binary.LittleEndian.Uint64(b[144:]) == uint64(off/512)
}

// mdVersion0 looks for a version 0.90 superblock. It tells how many KiB of the member are in use (at 32, 0 for
// linear and striped sets), which must end in front of it.
func mdVersion0(w *window, off int64) bool {
	b := w.at(off, 256)
	return b != nil && binary.LittleEndian.Uint32(b) == mdMagic && binary.LittleEndian.Uint32(b[4:]) == 0 &&
		int64(binary.LittleEndian.Uint32(b[32:]))<<10 <= off
}
