package scan

// readHFSPlus reads the volume header of an HFS+, which is big-endian: attributes (4) at 4, of which bit 8 is set after
// unmounting and bit 11 means damage, 40 block size (4), 44 blocks (4), 48 free ones (4). Source: Apple, Technical Note
// TN1150.
func readHFSPlus(s *superblock) bool {
	block := s.u32(40)
	s.sized(block, s.u32(44)*block, s.u32(48)*block)
	s.fs.Dirty = marks(s.u32(4)&(1<<8) == 0, s.u32(4)&(1<<11) != 0, "has errors")
	return true
}

// readAPFS reads the superblock of an APFS container: 36 block size (4), 40 blocks (8), 72 UUID.
// Source: Apple, "Apple File System Reference".
func readAPFS(s *superblock) bool {
	if block := s.u32(36); block >= 4096 && block <= 64<<10 {
		s.sized(block, times(s.u64(40), block), unknown)
	}
	return true
}
