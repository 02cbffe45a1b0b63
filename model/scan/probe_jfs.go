package scan

import (
	"encoding/binary"
	"math/bits"

	"shunt/geometry"
	"shunt/model"
)

// The JFS superblock lies at 32 KiB; integers are little-endian:
//
//	0   "JFS1"               40  state: 0 clean                     136 UUID
//	8   size, in sectors (8) 64  log device of the last mount       152 label (16)
//	16  block size           72  log: length (24 bits), address (40 bits), in blocks
//	24  sector size
//	36  flags: 0x800 the log is inside, whatever is at 64
//
// The size is that of the aggregate, behind which lie the work space of jfs_fsck and the log. The block map's first page, at
// 64 KiB, begins with the number of blocks (8) and of free ones (8). Source: "JFS Layout", jfsutils.
const (
	jfsAt    = 32 << 10
	jfsMapAt = 64 << 10
)

// probeJFS recognises JFS.
func probeJFS(w *window) (model.Filesystem, bool) {
	b := w.at(jfsAt, 512)
	if b == nil || string(b[:4]) != "JFS1" {
		return model.Filesystem{}, false
	}
	u32 := func(off int) uint64 { return uint64(binary.LittleEndian.Uint32(b[off:])) }
	sectors, block, sector := binary.LittleEndian.Uint64(b[8:]), u32(16), u32(24)
	if block < 512 || block > 4096 || bits.OnesCount64(block) != 1 || sector < 512 || sector > block || bits.OnesCount64(sector) != 1 ||
		sectors == 0 || sectors > 1<<52 {
		return model.Filesystem{}, false
	}
	fs := model.Filesystem{
		Kind: model.JFS, Label: text(b[152:168]), UUID: uuidText(b[136:152]),
		Size: geometry.Bytes(sectors * sector), Used: -1, BlockSize: geometry.Bytes(block),
	}
	const logInside = 0x800
	if u32(36)&logInside == 0 {
		fs.Elsewhere = model.JournalElsewhere
	} else {
		logBlocks, logAt := u32(72)&(1<<24-1), u32(72)>>24<<32|u32(76)
		if end := geometry.Bytes((logAt + logBlocks) * block); logAt < 1<<40 && end > fs.Size {
			fs.Size = end
		}
	}
	if free := w.at(jfsMapAt, 16); free != nil && binary.LittleEndian.Uint64(free) == sectors*sector/block {
		if n := binary.LittleEndian.Uint64(free[8:]); n <= sectors*sector/block {
			fs.Used = fs.Size - geometry.Bytes(n*block)
		}
	}
	fs.Dirty = marks(u32(40) != 0, u32(40)&2 != 0, "has errors")
	return fs, true
}
