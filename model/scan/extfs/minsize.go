package extfs

// MinSize estimates the smallest size in bytes to which resize2fs can shrink the file system when it is forced to try, and
// run a second time where OneRun is larger. It never exceeds Size. Unforced, resize2fs refuses more than it must: its own
// minimum (resize2fs -P) counts the metadata of a flexible group twice.
func (s Superblock) MinSize() int64 { return s.least(func(groups uint64) uint64 { return groups }) }

// OneRun is like MinSize, for a single run of resize2fs. A flexible group stores the metadata of all its groups in one
// place. If some of these groups go and that place stays, a run frees it but puts nothing there.
func (s Superblock) OneRun() int64 { return s.least(s.flexible) }

// least returns the size in bytes in which the data fits, with an inode for each file, beside the metadata of as many
// groups as remain. charged returns how many groups' metadata take room if only the first ones remain.
func (s Superblock) least(charged func(groups uint64) uint64) int64 {
	if s.ClusterBlocks > 1 {
		return s.Size() // resize2fs does not resize file systems with clusters
	}
	data := s.Blocks - s.FreeBlocks
	data -= min(data, s.overhead(s.Groups()))
	inodes := uint64(s.Inodes - s.FreeInodes)
	data += s.fragments(data, inodes)
	need := func(groups uint64) uint64 {
		return data + s.copies(groups)*s.copyBlocks() + charged(groups)*(2+s.ITableBlocks()) + s.metaBlocks(groups)
	}
	groups := max(1, ceilDiv(inodes, uint64(s.InodesPerGroup)))
	for groups < s.Groups() { // it settles within a few rounds, as metadata is a small part of a group
		more := ceilDiv(need(groups), s.BlocksPerGroup)
		if more <= groups {
			break
		}
		groups = more
	}
	groups = min(groups, s.Groups())
	blocks := s.FirstBlock + max(need(groups), (groups-1)*s.BlocksPerGroup+s.shortest(groups-1))
	return int64(min(blocks, s.Blocks)) * s.BlockSize
}

// fragments estimates how many blocks the extent trees need in addition after that much data has moved together, as moved
// blocks may lie in more pieces than before.
func (s Superblock) fragments(data, inodes uint64) uint64 {
	if s.Incompat&IncompatExtents == 0 {
		return 0
	}
	perBlock := uint64(s.BlockSize)/12 - 1
	return min(s.FreeBlocks/500, max(ceilDiv(data, perBlock), inodes))
}

// shortest returns the fewest blocks that resize2fs leaves in a last group.
func (s Superblock) shortest(group uint64) uint64 {
	n := 2 + s.ITableBlocks()
	if s.HasSuper(group) {
		n += 1 + s.DescBlocks() + s.ReservedGDT // resize2fs counts them even where they lie elsewhere
	}
	if group > 0 {
		n += beside
	}
	return n
}

// flexible returns how many groups' metadata lie where the first groups are. A flexible group stores the metadata of all
// its groups in one place.
func (s Superblock) flexible(groups uint64) uint64 {
	return max(groups, min(ceilDiv(groups, s.flexSize)*s.flexSize, s.Groups()))
}

// beside is the number of blocks that a last group must have beside its metadata. resize2fs makes no shorter one.
const beside = 50

// LeastGroup returns the length in blocks of the shortest last group, if that has no copy of the superblock.
func (s Superblock) LeastGroup() uint64 { return 2 + s.ITableBlocks() + beside }

// overhead returns the number of metadata blocks in the first groups.
func (s Superblock) overhead(groups uint64) uint64 {
	return groups*(2+s.ITableBlocks()) + s.copies(groups)*s.copyBlocks() + s.metaBlocks(groups)
}

// copyBlocks returns how long a copy of the superblock is with the group descriptors that go with it.
func (s Superblock) copyBlocks() uint64 {
	if s.Incompat&IncompatMetaBG != 0 {
		return 1 + min(s.FirstMetaBG, s.DescBlocks())
	}
	// resize2fs reserves descriptor blocks that are no longer needed, so the copies do not get shorter.
	return 1 + s.DescBlocks() + s.ReservedGDT
}

// metaBlocks returns how many blocks of group descriptors lie elsewhere, three copies of each.
func (s Superblock) metaBlocks(groups uint64) uint64 {
	if s.Incompat&IncompatMetaBG == 0 {
		return 0
	}
	return 3 * ceilDiv(groups, s.DescsPerBlock())
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
