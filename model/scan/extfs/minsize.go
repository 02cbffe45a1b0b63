package extfs

// MinSize estimates the smallest size in bytes to which resize2fs can shrink the file system. resize2fs computes a
// minimum from the same numbers and refuses anything smaller, so MinSize follows it even where it is too careful. The
// result is a little above the tool's minimum (resize2fs -P) and never exceeds Size.
//
// resize2fs keeps as many groups as inodes and data need, and only the last of these may be shorter. With flexible groups
// it also keeps all metadata in the flexible group of the last one. It counts metadata in the first flexible group twice,
// and puts no data between the first few groups and the end of that flexible group.
func (s Superblock) MinSize() int64 {
	if s.ClusterBlocks > 1 {
		return s.Size() // resize2fs does not resize file systems with clusters
	}
	data := s.Blocks - s.FreeBlocks
	data -= min(data, s.overhead(s.Groups()))
	inodes := uint64(s.Inodes - s.FreeInodes)
	first := max(1, ceilDiv(inodes, uint64(s.InodesPerGroup)))
	groups := s.groupsFor(data, first)

	filled := s.capacity(0, first-1)
	if groups > first {
		filled = s.capacity(0, first) + s.capacity(s.flexible(first), groups-1)
	}
	tail := s.overhead(s.flexible(groups))
	if s.flexSize == 1 || groups > s.flexSize {
		tail -= s.overhead(groups - 1)
	}
	need := s.FirstBlock + (groups-1)*s.BlocksPerGroup + tail + max(beside, data-min(data, filled))
	if need >= s.Blocks {
		return s.Size()
	}
	if s.Incompat&IncompatExtents != 0 {
		// Moved blocks may lie in more pieces than before, and more pieces need more extents.
		perBlock := uint64(s.BlockSize)/12 - 1
		need += min((s.Blocks-need)/500, max(ceilDiv(data, perBlock), inodes))
	}
	need += data / 100
	return int64(min(need, s.Blocks)) * s.BlockSize
}

// groupsFor returns how many groups can hold that many blocks of data beside their metadata, at least first. Metadata
// that does not fit into the first groups is not counted against the groups behind them.
func (s Superblock) groupsFor(data, first uint64) uint64 {
	charged := s.overhead(s.flexible(first))
	start := first*s.BlocksPerGroup - min(first*s.BlocksPerGroup, charged)
	groups := first
	for range 64 { // it settles within a few rounds if there is anything to shrink at all
		need := data + s.overhead(s.flexible(groups)) - charged
		if need <= start {
			return groups
		}
		more := first + ceilDiv(need-start, s.BlocksPerGroup)
		if more <= groups {
			return groups
		}
		groups = more
		if groups >= s.Groups() {
			break
		}
	}
	return max(first, s.Groups())
}

// capacity returns how many blocks of data fit into the groups [a, b).
func (s Superblock) capacity(a, b uint64) uint64 {
	if b <= a {
		return 0
	}
	blocks, overhead := (b-a)*s.BlocksPerGroup, s.overhead(b)-s.overhead(a)
	return blocks - min(blocks, overhead)
}

// flexible returns how many groups' metadata may have to stay when only the first groups are kept. A flexible group
// stores the metadata of all its groups in one place.
func (s Superblock) flexible(groups uint64) uint64 {
	if s.flexSize <= 1 {
		return groups
	}
	return max(groups, min((groups/s.flexSize+1)*s.flexSize, s.Groups()))
}

// beside is the number of blocks that a last group must have beside its metadata. resize2fs makes no shorter one.
const beside = 50

// LeastGroup returns the length in blocks of the shortest last group, if that has no copy of the superblock.
func (s Superblock) LeastGroup() uint64 { return 2 + s.ITableBlocks() + beside }

// overhead returns the number of metadata blocks in the first groups.
func (s Superblock) overhead(groups uint64) uint64 {
	total := groups * (2 + s.ITableBlocks())
	if s.Incompat&IncompatMetaBG != 0 {
		return total + s.copies(groups)*(1+min(s.FirstMetaBG, s.DescBlocks())) + 3*ceilDiv(groups, s.DescsPerBlock())
	}
	// resize2fs reserves descriptor blocks that are no longer needed, so the copies do not get shorter.
	return total + s.copies(groups)*(1+s.DescBlocks()+s.ReservedGDT)
}

// copies returns how many of the first groups have a copy of the superblock.
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
