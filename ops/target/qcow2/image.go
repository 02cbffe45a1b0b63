package qcow2

import (
	"io"
	"sync"
)

// A Store is the file that holds an image. Reads behind its end return io.EOF.
type Store interface {
	io.ReaderAt

	// Size returns the length of the file in bytes.
	Size() int64
	// Data finds the next run [start, end) at or after off that may hold anything but zeros. If there is none, start and end
	// are both Size().
	Data(off int64) (start, end int64, err error)
}

// A Backing is the disk that an image shows where it has no clusters of its own.
type Backing interface {
	Store
}

// An Image is an open image, read only. ReadAt and Data may be called from several goroutines at once.
type Image struct {
	*Header
	Snapshots []Snapshot

	store         Store
	backing       Backing // nil without one
	snapshotTable int64   // its length in bytes
	l1            []uint64

	mu       sync.Mutex
	tables   cache // L2 tables by their offset in the file
	unpacked cache // decompressed clusters by their place on the disk
}

// Memory that the images of a chain keep in all of what they have read, in bytes.
const (
	tableMemory    = 32 << 20
	unpackedMemory = 16 << 20
)

// Open reads the header, the snapshot table and the active L1 table of an image. backing is nil for an image without a
// backing file. It fails with *Refused or *Corrupt, or with the error of a read.
func Open(store Store, backing Backing) (*Image, error) {
	h, err := readHeader(store)
	if err != nil {
		return nil, err
	}
	return open(h, store, backing, 1)
}

// open opens an image that is one of so many in its chain.
func open(h *Header, store Store, backing Backing, chain int64) (*Image, error) {
	im := &Image{Header: h, store: store, backing: backing, tables: newCache(tableMemory / chain), unpacked: newCache(unpackedMemory / chain)}
	var err error
	if im.Snapshots, im.snapshotTable, err = h.readSnapshots(store); err != nil {
		return nil, err
	}
	im.l1, err = im.readTable(h.l1)
	return im, err
}

// readTable reads a table of words.
func (im *Image) readTable(t table) ([]uint64, error) {
	b := make([]byte, t.entries*8)
	if err := readFull(im.store, b, t.off); err != nil {
		return nil, err
	}
	return words(b), nil
}

func words(b []byte) []uint64 {
	list := make([]uint64, len(b)/8)
	for i := range list {
		list[i] = be.Uint64(b[i*8:])
	}
	return list
}

// Size returns the length of the disk in bytes.
func (im *Image) Size() int64 { return im.Header.Size }

// entry returns the entry of cluster g of the disk.
func (im *Image) entry(g int64) (entry, error) {
	per := im.perL2()
	off, err := im.checkL1(im.l1[g/per], int(g/per))
	if off == 0 || err != nil {
		return entry{}, err
	}
	table, err := im.l2(off)
	if err != nil {
		return entry{}, err
	}
	e := im.entryIn(table, g%per)
	if err := im.checkEntry(e); err != nil {
		return entry{}, corrupt("the entry of disk byte %d %s", g*im.cluster(), err)
	}
	return e, nil
}

func (h *Header) entryIn(table []byte, i int64) entry {
	n := int64(h.l2Entry())
	e := entry{word: be.Uint64(table[i*n:])}
	if e.word == copied {
		e.word = 0 // a mark without a cluster, which QEMU ignores
	}
	if h.Extended {
		if e.word&compressed == 0 {
			e.word &^= readsZero // the second word says that; QEMU ignores this bit
		}
		e.parts = be.Uint64(table[i*n+8:])
	}
	return e
}

// l2 returns the bytes of the L2 table at off. They must not be changed.
func (im *Image) l2(off int64) ([]byte, error) {
	im.mu.Lock()
	b := im.tables.get(off)
	im.mu.Unlock()
	if b != nil {
		return b, nil
	}
	b = make([]byte, im.cluster())
	if err := readFull(im.store, b, off); err != nil {
		return nil, err
	}
	im.mu.Lock()
	im.tables.put(off, b)
	im.mu.Unlock()
	return b, nil
}

// A cache keeps byte slices until they take more than most bytes. Then it drops those that were not used of late.
type cache struct {
	most, held int64
	old, young map[int64][]byte
}

func newCache(most int64) cache {
	return cache{most: most / 2, old: map[int64][]byte{}, young: map[int64][]byte{}}
}

func (c *cache) get(key int64) []byte {
	if b := c.young[key]; b != nil {
		return b
	}
	b := c.old[key]
	if b != nil {
		c.put(key, b)
	}
	return b
}

func (c *cache) put(key int64, b []byte) {
	if c.held > c.most {
		c.old, c.young, c.held = c.young, map[int64][]byte{}, 0
	}
	c.young[key] = b
	c.held += int64(len(b))
}
