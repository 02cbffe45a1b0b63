package scan

import "sort"

// btrfsTree reads the trees of a btrfs on a single device. Addresses in them are logical, and chunks map these to places on
// the device:
//
//	key   object (8), type (1), offset (8)
//	node  48 own address (8), 96 items (4), 100 level (1), 101 the items
//	item  of a leaf: key, offset behind 101 (4), length (4); of another node: key, address (8), generation (8)
//	chunk 0 length (8), 24 type (8), 44 stripes (2), 48 the stripes: device (8), offset (8), UUID (16)
//
// Source: btrfs documentation, "On-disk Format".
type btrfsTree struct {
	w      *window
	node   uint64 // bytes of a node
	chunks []btrfsChunk
	nodes  map[uint64][]byte // those that were read
}

// A btrfsChunk is a piece of the address space. It lies at one or two places on the device, as a whole at each.
type btrfsChunk struct {
	logical, length, kind uint64
	places                []uint64
	used                  uint64
}

const (
	btrfsHeader = 101
	btrfsItem   = 25
	btrfsPtr    = 33

	btrfsChunkKey = 228
	btrfsGroupKey = 192
	btrfsRootKey  = 132

	btrfsMostNodes  = 1024
	btrfsMostLevels = 8
)

type btrfsKey struct {
	object uint64
	kind   byte
	offset uint64
}

func btrfsKeyAt(b []byte) btrfsKey {
	return btrfsKey{le.Uint64(b), b[8], le.Uint64(b[9:])}
}

func (k btrfsKey) after(o btrfsKey) bool {
	switch {
	case k.object != o.object:
		return k.object > o.object
	case k.kind != o.kind:
		return k.kind > o.kind
	}
	return k.offset > o.offset
}

// addChunk parses a chunk item and adds it. ok is false if that makes no sense.
func (t *btrfsTree) addChunk(logical uint64, b []byte) (n int, ok bool) {
	if len(b) < 48 {
		return 0, false
	}
	c := btrfsChunk{logical: logical, length: le.Uint64(b), kind: le.Uint64(b[24:])}
	stripes := int(le.Uint16(b[44:]))
	n = 48 + 32*stripes
	if stripes < 1 || stripes > 2 || len(b) < n || c.length == 0 || c.length > 1<<50 || logical > 1<<62 {
		return 0, false
	}
	for i := range stripes {
		c.places = append(c.places, le.Uint64(b[48+32*i+8:]))
	}
	t.chunks = append(t.chunks, c)
	return n, true
}

// read returns the node at a logical address, or nil.
func (t *btrfsTree) read(logical uint64) []byte {
	if b, ok := t.nodes[logical]; ok || len(t.nodes) == btrfsMostNodes {
		return b
	}
	for _, c := range t.chunks {
		if logical >= c.logical && logical-c.logical < c.length && c.places[0] < 1<<62 {
			b := make([]byte, 0, t.node)
			collect := func(piece []byte) { b = append(b, piece...) }
			at := int64(c.places[0] + logical - c.logical)
			if !t.w.stream(at, int64(t.node), collect) || le.Uint64(b[48:]) != logical {
				b = nil
			}
			t.nodes[logical] = b
			return b
		}
	}
	return nil
}

// items returns how many items a node has, or 0 if it is damaged.
func (t *btrfsTree) items(b []byte) int {
	size := uint64(btrfsPtr)
	if b[100] == 0 {
		size = btrfsItem
	}
	if n := uint64(le.Uint32(b[96:])); btrfsHeader+n*size <= t.node {
		return int(n)
	}
	return 0
}

// find returns the item with this key in a tree, or nil.
func (t *btrfsTree) find(root uint64, key btrfsKey) []byte {
	for range btrfsMostLevels {
		b := t.read(root)
		if b == nil {
			return nil
		}
		n, size := t.items(b), btrfsPtr
		if b[100] == 0 {
			size = btrfsItem
		}
		i := sort.Search(n, func(i int) bool { return btrfsKeyAt(b[btrfsHeader+i*size:]).after(key) }) - 1
		switch {
		case i < 0:
			return nil
		case b[100] == 0:
			k, item := t.item(b, i)
			if k != key {
				return nil
			}
			return item
		}
		root = le.Uint64(b[btrfsHeader+i*btrfsPtr+17:])
	}
	return nil
}

// item returns item i of a leaf; item is nil if it is damaged.
func (t *btrfsTree) item(b []byte, i int) (k btrfsKey, item []byte) {
	at := b[btrfsHeader+i*btrfsItem:]
	off, length := btrfsHeader+uint64(le.Uint32(at[17:])), uint64(le.Uint32(at[21:]))
	if off+length <= t.node {
		item = b[off : off+length]
	}
	return btrfsKeyAt(at), item
}

// each calls do with all items of a tree that have this type. ok is false if not all can be read.
func (t *btrfsTree) each(root uint64, kind byte, levels int, do func(k btrfsKey, item []byte) bool) (ok bool) {
	b := t.read(root)
	if b == nil || levels == 0 {
		return false
	}
	n := t.items(b)
	for i := range n {
		if b[100] != 0 {
			if !t.each(le.Uint64(b[btrfsHeader+i*btrfsPtr+17:]), kind, levels-1, do) {
				return false
			}
			continue
		}
		k, item := t.item(b, i)
		if item == nil || k.kind == kind && !do(k, item) {
			return false
		}
	}
	return n > 0
}
