package scan

import "slices"

// readBtrfsTree reads the chunks and how much of each is used. ok is false if the trees are damaged or very large.
func readBtrfsTree(s *superblock) (t btrfsTree, ok bool) {
	const (
		systemAt   = 811
		systemMost = 2048
		extentTree = 2
		groupTree  = 11
		ownGroups  = 8 // a tree of its own holds the items about chunks
	)
	t = btrfsTree{w: s.w, node: s.u32(148), nodes: map[uint64][]byte{}}
	n := int(s.u32(160))
	if t.node < 4096 || t.node > 64<<10 || n > systemMost || systemAt+n > len(s.b) {
		return t, false
	}
	for b := s.b[systemAt : systemAt+n]; len(b) >= 17; {
		used, ok := t.addChunk(btrfsKeyAt(b).offset, b[17:])
		if !ok {
			return t, false
		}
		b = b[17+used:]
	}
	system := len(t.chunks)
	all := btrfsTree{w: t.w, node: t.node}
	ok = t.each(s.u64(88), btrfsChunkKey, btrfsMostLevels, func(k btrfsKey, item []byte) bool {
		_, ok := all.addChunk(k.offset, item)
		return ok
	})
	if !ok || system == 0 || len(all.chunks) > btrfsMostNodes/2 {
		return t, false
	}
	t.chunks = all.chunks
	object := uint64(extentTree)
	if s.u64(180)&ownGroups != 0 {
		object = groupTree
	}
	item := t.find(s.u64(80), btrfsKey{object: object, kind: btrfsRootKey})
	if len(item) < 184 {
		return t, false
	}
	root := le.Uint64(item[176:])
	for i := range t.chunks {
		c := &t.chunks[i]
		item := t.find(root, btrfsKey{c.logical, btrfsGroupKey, c.length})
		if len(item) < 8 || le.Uint64(item) > c.length {
			return t, false
		}
		c.used = le.Uint64(item)
	}
	return t, true
}

// least estimates the smallest size in bytes to which the kernel shrinks a btrfs of this size on one device. It moves the
// chunks that lie behind the new end into the free space of those that stay, or into new ones where the device has room.
// It does not join chunks that stay.
func (t btrfsTree) least(size uint64) uint64 {
	step := max(size/512, 1<<20)
	least := size
	for to := size; to > step && t.fits(to); to -= step {
		least = to
	}
	return min(size, least+least/32) // the pieces of free space may not fit those that move
}

// A btrfsClass is the chunks of one kind, in bytes of their address space.
type btrfsClass struct {
	copies  uint64
	largest uint64 // the longest chunk
	stays   uint64 // chunks that stay
	free    uint64 // in these
	evicted uint64 // used in the others
}

// fits reports whether all chunks find a place below the new end.
func (t btrfsTree) fits(end uint64) bool {
	const (
		reserved = 1 << 20  // the kernel puts nothing there
		metadata = 4        // the kind of a chunk
		working  = 12 << 20 // what the kernel needs of metadata chunks to move others
		scraps   = 12 << 20 // extents move as a whole, so that some free space stays in each chunk
	)
	classes, taken, moves := map[uint64]*btrfsClass{}, uint64(reserved), false
	for _, c := range t.chunks {
		k := classes[c.kind]
		if k == nil {
			k = &btrfsClass{copies: uint64(len(c.places))}
			classes[c.kind] = k
		}
		k.largest = max(k.largest, c.length)
		if slices.ContainsFunc(c.places, func(at uint64) bool { return at > end || end-at < c.length }) {
			k.evicted, moves = k.evicted+c.used, true
			continue
		}
		free := c.length - c.used
		k.stays, k.free = k.stays+c.length, k.free+free-min(free/4, scraps)
		taken += c.length * k.copies
	}
	for kind, k := range classes {
		switch {
		case moves && kind&metadata != 0 && k.stays > 0 && k.free < working:
			return false
		case k.stays == 0:
			taken += max(k.evicted, k.largest) * k.copies // at least one chunk of each kind stays
		case k.evicted > k.free:
			taken += max(k.evicted-k.free, k.largest) * k.copies
		}
	}
	return taken <= end
}
