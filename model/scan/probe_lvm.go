package scan

import (
	"encoding/binary"
	"hash/crc32"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// lvmSectors is how many sectors of 512 bytes are searched for the label of a physical volume.
const lvmSectors = 4

// probeLVM recognises an LVM2 physical volume. One of the first four sectors holds a label: "LABELONE", own sector
// number (8), checksum (4), offset of the content (4), "LVM2 001"; the content is a UUID of 32 letters and the size
// of the volume in bytes (8). The checksum covers the sector from byte 20 on. Source: lvm2, man page pvck(8) and the
// text of its labels.
func probeLVM(w *window) (model.Filesystem, bool) {
	for i := range int64(lvmSectors) {
		b := w.at(i*512, 512)
		if b == nil {
			return model.Filesystem{}, false
		}
		at := int64(binary.LittleEndian.Uint32(b[20:]))
		if string(b[:8]) != "LABELONE" || string(b[24:32]) != "LVM2 001" || at < 32 || at > 512-40 ||
			binary.LittleEndian.Uint64(b[8:]) != uint64(i) || LVMSum(b[20:]) != binary.LittleEndian.Uint32(b[16:]) {
			continue
		}
		size := binary.LittleEndian.Uint64(b[at+32:])
		if size == 0 || size > 1<<62 {
			size = uint64(w.n)
		}
		return model.Filesystem{
			Kind: model.LVM2, UUID: lvmUUID(b[at : at+32]),
			Size: geometry.Bytes(size), Used: geometry.Bytes(size), Elsewhere: lvmElsewhere(w, b[at+40:]),
		}, true
	}
	return model.Filesystem{}, false
}

// LVMSum returns LVM's checksum of b: a CRC-32 with a start value of its own and without inversions.
func LVMSum(b []byte) uint32 {
	const start = 0xF597A6CF
	return ^crc32.Update(^uint32(start), crc32.IEEETable, b)
}

// lvmUUID groups the letters as the LVM tools do: 6-4-4-4-4-4-6.
func lvmUUID(b []byte) string {
	for _, c := range b {
		if c <= ' ' || c > '~' {
			return ""
		}
	}
	return string(slices.Concat(b[:6], []byte("-"), b[6:10], []byte("-"), b[10:14], []byte("-"), b[14:18], []byte("-"),
		b[18:22], []byte("-"), b[22:26], []byte("-"), b[26:32]))
}
