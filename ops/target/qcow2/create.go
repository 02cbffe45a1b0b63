package qcow2

import (
	"context"
	"fmt"
	"io"
	"os"

	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/internal/copying"
)

// Images are made as qemu-img makes them: version 3, clusters of 64 KiB, counts of 16 bits.
const (
	newClusterBits = 16
	newCountBits   = 16
	newHeader      = 112 // bytes of the header, with the kind of compression
)

// newMethods holds the number of each way to compress; "" is for an image that is not compressed.
var newMethods = map[string]byte{"": methodDeflate, "zlib": methodDeflate, "zstd": methodZstd}

// create writes an image to an empty file. The tables and the header come last: an image that is not complete is not an image.
//
//	header | L1 table | clusters, with an L2 table behind each 512 MiB of the disk | refcount blocks | refcount table
func create(ctx context.Context, f *os.File, n target.New) error {
	return createWith(ctx, f, n, newClusterBits)
}

func createWith(ctx context.Context, f *os.File, n target.New, clusterBits int) error {
	out := copying.NewOut(f)
	defer out.Close()
	m, err := newMaker(out, n, clusterBits)
	if err != nil {
		return err
	}
	if n.Content != nil {
		job := copying.Job{Unit: m.cluster(), Heavy: n.Compression != "", Put: m.put}
		if job.Make, err = packer(n.Compression, m.cluster()); err != nil {
			return err
		}
		if err := copying.Pieces(ctx, n, job); err != nil {
			return err
		}
	}
	if err := m.finish(); err != nil {
		return err
	}
	if err := f.Truncate(m.next); err != nil { // the last cluster may be cut short
		return tried.Errorf("make the file %d bytes long: %w", m.next, tried.Cause(err))
	}
	return nil
}

// A maker writes a new image.
type maker struct {
	*Header
	f      io.WriterAt
	method byte

	l1    []uint64
	index int    // of the L2 table that is being filled, -1 before the first
	l2    []byte // that table
	uses  []uint16
	next  int64 // the first cluster that is free, in bytes
	spot  int64 // where the next compressed cluster begins, if there is room
	ahead struct {
		off int64
		b   []byte
	} // bytes that are not written yet
}

func newMaker(f io.WriterAt, n target.New, clusterBits int) (*maker, error) {
	h := &Header{
		Version: 3, ClusterBits: clusterBits, Size: n.Size, RefcountBits: newCountBits, Backing: n.Backing, BackingFormat: n.BackingFormat,
	}
	m := &maker{Header: h, f: f, index: -1}
	method, known := newMethods[n.Compression]
	switch entries := ceil(h.clusters(), h.perL2()); {
	case !known:
		return nil, fmt.Errorf("there is no compression %q: use zlib or zstd", n.Compression)
	case n.Backing != "" && n.Content != nil:
		return nil, fmt.Errorf("an image with a backing file is made empty")
	case n.Size <= 0 || n.Size%sectorLen != 0:
		return nil, fmt.Errorf("a qcow2 image of %d bytes is not possible: use a multiple of %d", n.Size, sectorLen)
	case entries*8 > maxL1:
		return nil, fmt.Errorf("a qcow2 image with clusters of 64 KiB has at most 2 PiB")
	case len(n.Backing) > maxBackingName:
		return nil, fmt.Errorf("the path of the backing file has %d bytes, and qcow2 has room for %d: use a shorter one", len(n.Backing), maxBackingName)
	default:
		m.l1 = make([]uint64, entries)
	}
	m.method = method
	m.next = m.cluster()
	h.l1 = table{off: m.take(ceil(int64(len(m.l1))*8, m.cluster())), entries: len(m.l1)}
	m.use(0, 1)
	return m, nil
}

// take returns the place of n new clusters.
func (m *maker) take(n int64) int64 {
	off := m.next
	m.next += n * m.cluster()
	m.use(off, n*m.cluster())
	return off
}

// use counts the clusters of a run of bytes once more.
func (m *maker) use(off, n int64) {
	for g := off / m.cluster(); g <= (off+n-1)/m.cluster(); g++ {
		for int64(len(m.uses)) <= g {
			m.uses = append(m.uses, 0)
		}
		m.uses[g]++
	}
}

// put writes a piece of the disk. made is what packer returned.
func (m *maker) put(off int64, p []byte, made any) error {
	list, _ := made.([][]byte)
	c := m.cluster()
	for i, b := range list {
		if b == nil {
			continue // it reads as zero without an entry
		}
		// The L2 table of what went before has its place first, so that plain clusters lie in one run.
		if err := m.open((off + int64(i)*c) / c); err != nil {
			return err
		}
		word, err := m.store(b)
		if err != nil {
			return err
		}
		m.refer((off+int64(i)*c)/c, word)
	}
	return m.flush() // p is not valid any longer
}

// store writes a cluster, compressed if it is shorter than one, and returns its entry.
func (m *maker) store(b []byte) (word uint64, err error) {
	n, c := int64(len(b)), m.cluster()
	if n == c {
		off := m.take(1)
		return uint64(off) | copied, m.write(b, off)
	}
	// A compressed cluster can reach into the next one if that one is new, too.
	if end := ceil(m.spot, c) * c; m.spot == end || m.spot+n > end && m.next != end {
		m.spot = m.next
	}
	off := m.spot
	m.spot += n
	m.next = max(m.next, ceil(m.spot, c)*c)
	sectors := (off+n-1)/sectorLen - off/sectorLen
	m.use(off, n)
	x := 62 - (m.ClusterBits - 8)
	return compressed | uint64(sectors)<<x | uint64(off), m.write(b, off)
}

// open makes the L2 table for cluster g of the disk the one that is filled. Clusters come in order.
func (m *maker) open(g int64) error {
	i := int(g / m.perL2())
	if i == m.index {
		return nil
	}
	if err := m.endTable(); err != nil {
		return err
	}
	m.index, m.l2 = i, make([]byte, m.cluster())
	return nil
}

// refer sets the entry of cluster g of the disk.
func (m *maker) refer(g int64, word uint64) { be.PutUint64(m.l2[g%m.perL2()*8:], word) }

// endTable writes the L2 table that was filled.
func (m *maker) endTable() error {
	if m.index < 0 {
		return nil
	}
	off := m.take(1)
	m.l1[m.index] = uint64(off) | copied
	return m.write(m.l2, off)
}

// write writes b, together with what follows it in the file and in memory. b must stay as it is until flush.
func (m *maker) write(b []byte, off int64) error {
	a := &m.ahead
	if off == a.off+int64(len(a.b)) {
		if n := len(a.b); n > 0 && n+len(b) <= cap(a.b) && &a.b[:n+1][n] == &b[0] {
			a.b = a.b[:n+len(b)]
			return nil
		}
	}
	err := m.flush()
	a.off, a.b = off, b
	return err
}

func (m *maker) flush() error {
	a := &m.ahead
	if len(a.b) == 0 {
		return nil
	}
	_, err := m.f.WriteAt(a.b, a.off)
	a.b = nil
	if err != nil {
		return tried.Errorf("write byte %d of the file: %w", a.off, tried.Cause(err))
	}
	return nil
}

// finish writes the tables and the header.
func (m *maker) finish() error {
	if err := m.endTable(); err != nil {
		return err
	}
	if err := m.write(bytesOf(m.l1), m.l1Offset()); err != nil {
		return err
	}
	if err := m.countAll(); err != nil {
		return err
	}
	header, err := m.header()
	if err == nil {
		err = m.write(header, 0)
	}
	if err != nil {
		return err
	}
	return m.flush()
}

func (m *maker) l1Offset() int64 { return m.Header.l1.off }

// countAll writes the refcount blocks and their table, which are counted too.
func (m *maker) countAll() error {
	c, per := m.cluster(), m.perBlock()
	blocks, tables := int64(0), int64(0)
	for {
		all := m.next/c + blocks + tables
		b := ceil(all, per)
		t := ceil(b*8, c)
		if b == blocks && t == tables {
			break
		}
		blocks, tables = b, t
	}
	at := m.take(blocks)
	m.refTable = table{off: m.take(tables), entries: int(tables * c / 8)}
	list := make([]uint64, blocks)
	for i := range blocks {
		list[i] = uint64(at + i*c)
		b := make([]byte, c)
		for j, n := range m.uses[i*per : min((i+1)*per, int64(len(m.uses)))] {
			setCount(b, int64(j), m.RefcountBits, uint64(n))
		}
		if err := m.write(b, at+i*c); err != nil {
			return err
		}
	}
	return m.write(bytesOf(list), m.refTable.off)
}

// header returns the bytes of the header, its extensions and the name of the backing file.
func (m *maker) header() ([]byte, error) {
	b := make([]byte, newHeader)
	for off, n := range map[int]uint32{0: magic, 4: 3, 20: uint32(m.ClusterBits), 36: uint32(len(m.l1)), 96: 4, 100: newHeader} {
		be.PutUint32(b[off:], n)
	}
	for off, n := range map[int]int64{24: m.Size, 40: m.l1Offset(), 48: m.refTable.off} {
		be.PutUint64(b[off:], uint64(n))
	}
	be.PutUint32(b[56:], uint32(int64(m.refTable.entries)*8/m.cluster()))
	if b[104] = m.method; m.method != methodDeflate {
		be.PutUint64(b[72:], incCompression)
	}
	if m.BackingFormat != "" {
		b = be.AppendUint32(be.AppendUint32(b, extFormat), uint32(len(m.BackingFormat)))
		b = append(b, m.BackingFormat...)
		b = append(b, make([]byte, -len(b)&7)...)
	}
	b = append(b, make([]byte, 8)...) // the end of the extensions
	if m.Backing != "" {
		be.PutUint64(b[8:], uint64(len(b)))
		be.PutUint32(b[16:], uint32(len(m.Backing)))
		b = append(b, m.Backing...)
	}
	if int64(len(b)) > m.cluster() {
		return nil, fmt.Errorf("the header would have %d bytes", len(b))
	}
	return b, nil
}

func bytesOf(list []uint64) []byte {
	b := make([]byte, 0, len(list)*8)
	for _, word := range list {
		b = be.AppendUint64(b, word)
	}
	return b
}
