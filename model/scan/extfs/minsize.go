package extfs

// MinSize estimates the smallest size in bytes to which resize2fs could shrink the file system. It is meant to
// lie a little above the minimum that the tool works out for itself and insists on (resize2fs -P); it never exceeds
// Size.
func (s Superblock) MinSize() int64 {
	// resize2fs takes the count of free clusters for one of blocks, so file systems with clusters hardly shrink.
	data := s.Blocks - s.FreeBlocks/s.ClusterBlocks
	data -= min(data, s.overhead(s.Groups()))
	inodes := uint64(s.Inodes - s.FreeInodes)
	groups := max(1, ceilDiv(inodes, uint64(s.InodesPerGroup)))
	need := s.need(groups, data)
	// More groups bring more metadata, which may need one more group: this settles within a few rounds.
	for range 64 {
		more := ceilDiv(need, s.BlocksPerGroup)
		if more <= groups {
			break
		}
		groups = more
		need = s.need(groups, data)
	}
	if need >= s.Blocks {
		return s.Size()
	}
	if s.Incompat&IncompatExtents != 0 {
		// Blocks that are moved may lie in more pieces afterwards, which needs more extents.
		perBlock := uint64(s.BlockSize)/12 - 1
		need += min((s.Blocks-need)/500, max(ceilDiv(data, perBlock), inodes))
	}
	need += data / 100
	return int64(min(s.FirstBlock+need, s.Blocks)) * s.BlockSize
}

// need is how many blocks a file system of that many groups takes if it holds data blocks of data.
func (s Superblock) need(groups, data uint64) uint64 {
	const tail = 50 // blocks that a last group must have beside its metadata
	flex := s.flexible(groups)
	need := data + s.overhead(flex) + tail + 2*s.ClusterBlocks
	if s.flexSize > 1 && groups <= s.flexSize {
		need += s.overhead(groups) // what resize2fs keeps for moving the tables of the first flexible group
	}
	return max(need, (groups-1)*s.BlocksPerGroup+2+s.ITableBlocks()+tail)
}

// flexible is the number of groups whose metadata may have to be kept when only the first ones are: those of a flexible
// group are in one place.
func (s Superblock) flexible(groups uint64) uint64 {
	if s.flexSize <= 1 {
		return groups
	}
	return max(groups, min((groups/s.flexSize+1)*s.flexSize, s.Groups()))
}

// overhead is how many blocks of metadata that many groups have.
func (s Superblock) overhead(groups uint64) uint64 {
	total := groups * (2 + s.ITableBlocks())
	if s.Incompat&IncompatMetaBG != 0 {
		return total + s.copies(groups)*(1+min(s.FirstMetaBG, s.DescBlocks())) + 3*ceilDiv(groups, s.DescsPerBlock())
	}
	// resize2fs turns descriptor blocks that are no longer needed into reserved ones, so a copy keeps its length.
	return total + s.copies(groups)*(1+s.DescBlocks()+s.ReservedGDT)
}

// copies is how many of the first groups carry a superblock.
func (s Superblock) copies(groups uint64) uint64 {
	switch {
	case s.Compat&CompatSparseSuper2 != 0:
		return min(groups, 3)
	case s.ROCompat&ROCompatSparseSuper == 0:
		return groups
	}
	n := min(groups, 2)
	for _, base := range []uint64{3, 5, 7} {
		for p := base; p < groups; p *= base {
			n++
		}
	}
	return n
}
