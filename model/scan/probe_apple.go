package scan

import (
	"slices"

	"github.com/google/uuid"
)

// readHFS reads the master directory block of an HFS, which is big-endian: 20 size of blocks (4), 36 label with its length
// in front, 116 what identifies it (8), 124 signature, 126 start (2) and 128 length (2) of an HFS+ inside. Source: Apple,
// "Inside Macintosh: Files".
func readHFS(s *superblock) bool {
	if block := s.u32(20); block == 0 || block%512 != 0 || s.wrapsPlus() {
		return false
	}
	s.fs.UUID, s.fs.Label = appleUUID(s.b[116:124]), text(s.b[37:37+min(s.b[36], 27)])
	return true
}

// wrapsPlus reports whether an HFS is only there to say so to systems that do not know the HFS+ inside.
func (s *superblock) wrapsPlus() bool {
	return slices.Contains([]string{"H+", "HX"}, string(s.b[124:126]))
}

// readHFSPlus reads the volume header of an HFS+, which is big-endian: attributes (4) at 4, where bit 8 is set after
// unmounting and bit 11 means damage, 40 block size (4), 44 blocks (4), 48 free blocks (4), 104 the volume identifier (8).
// Source: Apple, Technical Note TN1150.
func readHFSPlus(s *superblock) bool {
	base := int64(0)
	if string(s.b[:2]) == "BD" {
		if !s.wrapsPlus() {
			return false
		}
		base = int64(s.u16(28)*512 + s.u16(126)*s.u32(20))
		if s.b = s.w.at(base+1024, 512); s.b == nil || !slices.Contains([]string{"H+", "HX"}, string(s.b[:2])) {
			return false
		}
	}
	block := s.u32(40)
	if !s.sized(block, s.u32(44)*block, s.u32(48)*block) {
		return false
	}
	s.fs.Dirty = marks(s.u32(4)&(1<<8) == 0, s.u32(4)&(1<<11) != 0, "has errors")
	s.fs.UUID, s.fs.Label = appleUUID(s.b[104:112]), s.catalogLabel(base)
	return true
}

// catalogLabel returns the name of the root folder, which is the first record in the first leaf of the catalogue's tree.
// The catalogue's first pieces are at 288: start (4) and length (4) of each, in blocks. Its first node has the first leaf (4)
// at 24 and the size of nodes (2) at 32. A leaf's first record is at 14: length (2), parent (4), letters (2), name.
func (s *superblock) catalogLabel(base int64) string {
	block := int64(s.u32(40))
	head := s.w.at(base+int64(s.u32(288))*block, 64)
	if head == nil {
		return ""
	}
	leaf := int64(be.Uint32(head[24:])) * int64(be.Uint16(head[32:]))
	for at := 288; at < 288+8*8; at += 8 {
		start, length := int64(s.u32(at))*block, int64(s.u32(at+4))*block
		if leaf >= length {
			leaf -= length
			continue
		}
		const leafKind, root = 0xFF, 1
		node := s.w.at(base+start+leaf, 512)
		if node == nil || node[8] != leafKind || be.Uint32(node[16:]) != root {
			return ""
		}
		return wideText(be, node[22:min(512, 22+2*int(be.Uint16(node[20:])))])
	}
	return ""
}

// appleUUID makes a UUID of what identifies an HFS or HFS+, as macOS does.
func appleUUID(id []byte) string {
	if !slices.ContainsFunc(id, nonZero) {
		return ""
	}
	return uuid.NewMD5(uuid.MustParse("b3e20f39-f292-11d6-97a4-00306543ecac"), id).String()
}

// readAPFS reads the superblock of an APFS container: 36 block size (4), 40 blocks (8), 72 UUID.
// Source: Apple, "Apple File System Reference".
func readAPFS(s *superblock) bool {
	if block := s.u32(36); block >= 4096 && block <= 64<<10 {
		s.sized(block, times(s.u64(40), block), unknown)
	}
	return true
}
