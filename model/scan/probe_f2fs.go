package scan

import (
	"hash/crc32"

	"shunt/model"
)

// The f2fs superblock lies at 1 KiB:
//
//	0   0xF2F52010             20  log2 blocks per segment   108 UUID
//	12  log2 sectors per block 36  blocks (8)                124 label (1024, UTF-16)
//	16  log2 block size        76  checkpoint, block (4)
//	2201 path of the first of several devices (64)
//
// Two checkpoint packs lie one segment apart. The one with the higher version is valid:
//
//	0  version (8)   8 user blocks (8)   16 valid blocks (8)   132 flags: 1 unmounted   164 checksum offset
//
// The checksum is a plain CRC-32 that starts with the magic number. Source: the kernel's
// Documentation/filesystems/f2fs.rst and include/linux/f2fs_fs.h.
//
// readF2FS reads the superblock and the valid checkpoint.
func readF2FS(s *superblock) bool {
	logBlock, logSegment, blocks := s.u32(16), s.u32(20), s.u64(36)
	block := uint64(1) << logBlock
	if logBlock < 12 || logBlock > 16 || logSegment > 16 || blocks > 1<<46 || !s.sized(block, blocks*block, unknown) {
		return false
	}
	s.fs.Label = wideText(le, s.b[124:124+1024])
	if s.b[2201] != 0 {
		s.fs.Elsewhere, s.fs.Size = model.SpansDevices, 0 // the blocks are those of all devices
		return true
	}
	first := s.u32(76) * block
	best, second := f2fsCheckpoint(s.w, first, block), f2fsCheckpoint(s.w, first+block<<logSegment, block)
	if best == nil || second != nil && le.Uint64(second) > le.Uint64(best) {
		best = second
	}
	if best == nil {
		s.fs.Dirty = noCheckpoint
		return true
	}
	if user, valid := le.Uint64(best[8:]), le.Uint64(best[16:]); valid <= user && user <= blocks {
		s.sized(block, blocks*block, (user-valid)*block)
	}
	s.fs.Dirty = marks(best[132]&1 == 0, false, "")
	if s.off != f2fsAt {
		s.fs.Dirty = "needs a check: its first superblock is damaged"
	}
	return true
}

// There are two superblocks, one in each of the first two blocks. The kernel uses the second one if the first is damaged.
const (
	f2fsAt    = 1024
	f2fsMagic = "\x10\x20\xf5\xf2"
)

// noCheckpoint is the reason for an f2fs without a whole checkpoint.
const noCheckpoint model.Reason = "no valid checkpoint"

// f2fsCheckpoint returns the checkpoint block at off, or nil if its checksum does not match.
func f2fsCheckpoint(w *window, off, block uint64) []byte {
	b := w.at(int64(off), int(block))
	if b == nil {
		return nil
	}
	at := uint64(le.Uint32(b[164:]))
	if at < 168 || at > block-4 || plainCRC(0xF2F52010, crc32.IEEETable, b[:at]) != le.Uint32(b[at:]) {
		return nil
	}
	return b
}
