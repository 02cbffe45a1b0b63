package scan

import (
	"encoding/binary"
	"math/bits"

	"shunt/geometry"
	"shunt/model"
)

// probeXFS recognises XFS by its primary superblock in the first sector; integers are big-endian:
//
//	0  "XFSB"        32  UUID                102 sector size (2)   144 free data blocks (8)
//	4  block size    84  AG blocks (4)       108 label (12)
//	8  data blocks   88  AGs (4)             126 being made (1)
//	16 realtime blocks (8)
//	48 first block of the log (8), 0 if that is on another device
//
// Source: "XFS Algorithms & Data Structures", chapter "Superblocks". The free count is exact only after a clean
// unmount.
func probeXFS(w *window) (model.Filesystem, bool) {
	b := w.at(0, 512)
	if b == nil || string(b[:4]) != "XFSB" {
		return model.Filesystem{}, false
	}
	u32 := func(off int) uint64 { return uint64(binary.BigEndian.Uint32(b[off:])) }
	u64 := func(off int) uint64 { return binary.BigEndian.Uint64(b[off:]) }
	block, blocks, free := u32(4), u64(8), u64(144)
	agBlocks, ags := u32(84), u32(88)
	if block < 512 || block > 64<<10 || bits.OnesCount64(block) != 1 || blocks == 0 || blocks > 1<<62/block ||
		ags == 0 || agBlocks == 0 || agBlocks*ags < blocks || agBlocks*(ags-1) >= blocks {
		return model.Filesystem{}, false
	}
	fs := model.Filesystem{
		Kind: model.XFS, Label: text(b[108:120]), UUID: uuidText(b[32:48]),
		Size: geometry.Bytes(blocks * block), Used: -1,
		BlockSize: geometry.Bytes(block),
	}
	if free <= blocks {
		fs.Used = geometry.Bytes((blocks - free) * block)
	}
	switch {
	case u64(48) == 0:
		fs.Elsewhere = model.JournalElsewhere
	case u64(16) != 0:
		fs.Elsewhere = model.RealtimeElsewhere
	}
	if b[126] != 0 {
		fs.Dirty = "it was not made completely"
	}
	return fs, true
}
