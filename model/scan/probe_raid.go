package scan

import (
	"encoding/binary"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

const mdMagic = 0xA92B4EFC

// probeRAID recognises members of Linux software RAID. Their superblocks lie at the end (versions 0.90 and 1.0), so
// that a mirrored file system can be read from a single member, or at 0 or 4 KiB (1.1 and 1.2). Of version 1 the array's UUID
// lies at 16 and its name (32) follows; version 0.90 has its UUID in four numbers at 20, 52, 56 and 60.
// Source: "RAID superblock formats" in the Linux Raid Wiki.
func probeRAID(w *window) (model.Filesystem, bool) {
	const end = 64 << 10
	fs := model.Filesystem{Kind: model.RAID, Size: geometry.Bytes(w.n), Used: geometry.Bytes(w.n), Elsewhere: model.ArrayElsewhere}
	for _, place := range []struct {
		version string
		at      int64
	}{{"1.1", 0}, {"1.2", 4096}, {"1.0", (w.n/512 - 16) / 8 * 8 * 512}} {
		if mdVersion1(w, place.at) {
			b := w.at(place.at, 256)
			fs.Notes, fs.UUID, fs.Label = "metadata "+place.version, uuidText(b[16:32]), text(b[32:64])
			return fs, true
		}
	}
	if at := w.n/end*end - end; mdVersion0(w, at) {
		b := w.at(at, 256)
		id := slices.Concat(b[20:24], b[52:64])
		for i := 0; i < len(id); i += 4 {
			slices.Reverse(id[i : i+4]) // four numbers of 32 bits
		}
		fs.Notes, fs.UUID = "metadata 0.90", uuidText(id)
		return fs, true
	}
	return fs, false
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
