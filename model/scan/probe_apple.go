package scan

// readHFSPlus reads the volume header of HFS+, which is big-endian: attributes (4) at 4, block size (4) at 40, blocks (4)
// at 44, free blocks (4) at 48. Attribute bit 8 is set by unmounting, bit 11 means damage. Source: Apple, Technical Note
// TN1150.
func readHFSPlus(s *superblock) bool {
	block := s.u32(40)
	s.sized(block, s.u32(44)*block, s.u32(48)*block)
	s.fs.Dirty = marks(s.u32(4)&(1<<8) == 0, s.u32(4)&(1<<11) != 0, "has errors")
	return true
}

// readAPFS reads the superblock of an APFS container: block size (4) at 36, blocks (8) at 40, UUID at 72. Source: Apple,
// "Apple File System Reference".
func readAPFS(s *superblock) bool {
	if block := s.u32(36); block >= 4096 && block <= 64<<10 {
		s.sized(block, times(s.u64(40), block), unknown)
	}
	return true
}
