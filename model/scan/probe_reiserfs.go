package scan

import (
	"encoding/binary"
	"math/bits"

	"shunt/geometry"
	"shunt/model"
)

// The ReiserFS superblock lies at 64 KiB; integers are little-endian:
//
//	0  blocks   44 block size (2)             52 "ReIsErFs", "ReIsEr2Fs" or "ReIsEr3Fs"   84  UUID
//	4  free     50 1 unmounted, 2 mounted (2) 62 errors (2)                               100 label (16)
//
//	16 number of the journal's device, 0 if it is inside (4)
//
// UUID and label are there from version 3.6 on, which the last two magic words stand for. Source: reiserfsprogs.
const reiserAt = 64 << 10

// probeReiser recognises ReiserFS.
func probeReiser(w *window) (model.Filesystem, bool) {
	b := w.at(reiserAt, 512)
	if b == nil {
		return model.Filesystem{}, false
	}
	old := string(b[52:60]) == "ReIsErFs"
	if !old && string(b[52:61]) != "ReIsEr2Fs" && string(b[52:61]) != "ReIsEr3Fs" {
		return model.Filesystem{}, false
	}
	blocks, free := int64(binary.LittleEndian.Uint32(b)), int64(binary.LittleEndian.Uint32(b[4:]))
	block := binary.LittleEndian.Uint16(b[44:])
	if blocks == 0 || block < 512 || bits.OnesCount16(block) != 1 {
		return model.Filesystem{}, false
	}
	fs := model.Filesystem{
		Kind: model.ReiserFS, Size: geometry.Bytes(blocks * int64(block)), Used: -1, BlockSize: geometry.Bytes(block),
	}
	if free <= blocks {
		fs.Used = geometry.Bytes((blocks - free) * int64(block))
	}
	if binary.LittleEndian.Uint32(b[16:]) != 0 {
		fs.Elsewhere = model.JournalElsewhere
	}
	if !old {
		fs.UUID, fs.Label = uuidText(b[84:100]), text(b[100:116])
	}
	fs.Dirty = marks(binary.LittleEndian.Uint16(b[50:]) != 1, binary.LittleEndian.Uint16(b[62:]) != 0, "has errors")
	return fs, true
}
