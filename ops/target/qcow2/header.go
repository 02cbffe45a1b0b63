package qcow2

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"shunt/model/safetext"
)

var be = binary.BigEndian

// Limits of the format, and of QEMU, which refuses to open what lies beyond.
const (
	magic          = 0x514649fb
	sectorLen      = 512
	minClusterBits = 9
	maxClusterBits = 21
	maxL1          = 32 << 20 // bytes
	maxRefTable    = 8 << 20  // bytes
	maxSnapshots   = 65536
	maxBackingName = 1023
	maxOffset      = 1 << 56 // of the file
	oldHeader      = 72      // bytes of a header of version 2
	minHeader      = 104     // bytes of a header of version 3
)

// Features of version 3. A bit that is not listed must not be ignored if it is incompatible.
const (
	incDirty       = 1 << iota // refcounts may be wrong: a writer with lazy refcounts did not close the image
	incCorrupt                 // QEMU found damage
	incDataFile                // clusters lie in another file
	incCompression             // compressed clusters are not deflate
	incExtendedL2
	incKnown = iota
)

const (
	compLazy       = 1 << 0
	autoBitmaps    = 1 << 0 // the bitmaps are consistent with the disk
	autoRawDataset = 1 << 1 // the data file can be read as a raw image
)

// Numbers of compression methods.
const (
	methodDeflate = 0
	methodZstd    = 1
)

// A Header is the decoded first cluster of an image. Its offsets have been checked to be aligned and possible, not to lie
// within the file.
type Header struct {
	Version      int
	ClusterBits  int
	Size         int64 // of the disk, in bytes
	RefcountBits int
	Lazy         bool // refcounts are written late
	Dirty        bool // refcounts may be wrong
	Marked       bool // QEMU has marked the image as corrupt
	Extended     bool // L2 entries have a second word
	Compression  string

	Backing       string // the name of the backing file, "" without one
	BackingFormat string // "" if the image does not say

	dataFile  string // "" if the image does not name one
	l1        table
	refTable  table // in entries
	snapshots table
	auto      uint64
	bitmaps   *bitmapsExtension
	sector    [sectorLen]byte // as read
}

// A table is a run of entries in the file.
type table struct {
	off     int64
	entries int
}

func (h *Header) cluster() int64 { return 1 << h.ClusterBits }

// l2Entry is the length of an entry of an L2 table in bytes.
func (h *Header) l2Entry() int {
	if h.Extended {
		return 16
	}
	return 8
}

// perL2 is the number of clusters that one L2 table maps.
func (h *Header) perL2() int64 { return h.cluster() / int64(h.l2Entry()) }

// perBlock is the number of clusters that one refcount block counts.
func (h *Header) perBlock() int64 { return h.cluster() * 8 / int64(h.RefcountBits) }

// clusters is the number of clusters of the disk. The last one may be cut short.
func (h *Header) clusters() int64 { return ceil(h.Size, h.cluster()) }

func ceil(n, unit int64) int64 { return (n + unit - 1) / unit }

// readHeader decodes cluster 0. It fails with *Refused or *Corrupt.
func readHeader(r io.ReaderAt) (*Header, error) {
	h := &Header{}
	if err := readFull(r, h.sector[:], 0); err != nil {
		return nil, err
	}
	b := h.sector[:]
	if be.Uint32(b) != magic {
		return nil, corrupt("it does not begin with the magic number of a qcow2 image")
	}
	if v := be.Uint32(b[4:]); v != 2 && v != 3 {
		return nil, &Refused{
			Why: fmt.Sprintf("has version %d of the format", v), Do: "this program knows versions 2 and 3; convert it with `qemu-img convert`",
		}
	}
	h.Version = int(be.Uint32(b[4:]))
	bits := be.Uint32(b[20:])
	if bits < minClusterBits || bits > maxClusterBits {
		return nil, corrupt("its clusters would have 2^%d bytes", bits)
	}
	h.ClusterBits, h.RefcountBits, h.Compression = int(bits), 16, "zlib"
	length := int64(oldHeader)
	if h.Version == 3 {
		var err error
		if length, err = h.third(b); err != nil {
			return nil, err
		}
	}
	if err := h.fields(b); err != nil {
		return nil, err
	}
	if err := h.extensions(r, length); err != nil {
		return nil, err
	}
	return h, h.refuse(r, b, length)
}

// third decodes the fields that only version 3 has, and returns the length of the header.
func (h *Header) third(b []byte) (int64, error) {
	length := int64(be.Uint32(b[100:]))
	if length < minHeader || length > h.cluster() {
		return 0, corrupt("its header would be %d bytes long", length)
	}
	order := be.Uint32(b[96:])
	if order > 6 {
		return 0, corrupt("its refcounts would have 2^%d bits", order)
	}
	h.RefcountBits = 1 << order
	inc := be.Uint64(b[72:])
	h.Dirty, h.Marked, h.Extended = inc&incDirty != 0, inc&incCorrupt != 0, inc&incExtendedL2 != 0
	h.Lazy = be.Uint64(b[80:])&compLazy != 0
	if h.auto = be.Uint64(b[88:]); h.auto&autoRawDataset != 0 && inc&incDataFile == 0 {
		return 0, corrupt("it says that its data lies raw in another file, and names none")
	}
	method := byte(methodDeflate)
	if length > minHeader {
		method = b[104]
	}
	if (method != methodDeflate) != (inc&incCompression != 0) {
		return 0, corrupt("its header contradicts itself about the kind of compression")
	}
	switch method {
	case methodDeflate:
	case methodZstd:
		h.Compression = "zstd"
	default:
		return 0, &Refused{Why: fmt.Sprintf("uses compression number %d", method), Do: "this program knows zlib and zstd; convert it with `qemu-img convert`"}
	}
	const leastExtended = 14 // cluster bits: 32 parts of 512 bytes
	if h.Extended && h.ClusterBits < leastExtended {
		return 0, corrupt("it has extended L2 entries, but clusters of %d bytes", h.cluster())
	}
	return length, nil
}

// fields decodes what all versions have.
func (h *Header) fields(b []byte) error {
	size := be.Uint64(b[24:])
	if size > 1<<62 {
		return corrupt("its disk would be %d bytes long", size)
	}
	h.Size = int64(size)
	var err error
	read := func(what string, off, n, entry, most int) table {
		t := table{off: int64(be.Uint64(b[off:]) & (1<<63 - 1)), entries: n}
		switch {
		case err != nil:
		case int64(n)*int64(entry) > int64(most):
			err = corrupt("its %s would have %d entries", what, n)
		case be.Uint64(b[off:]) > 1<<63-1, t.off%h.cluster() != 0, n > 0 && (t.off >= maxOffset || t.off == 0):
			err = corrupt("its %s would lie at byte %d", what, be.Uint64(b[off:]))
		}
		return t
	}
	entries := int64(be.Uint32(b[56:])) * h.cluster() / 8
	h.l1 = read("L1 table", 40, int(be.Uint32(b[36:])), 8, maxL1)
	h.refTable = read("refcount table", 48, int(min(entries, 1<<31)), 8, maxRefTable)
	h.snapshots = read("snapshot table", 64, int(be.Uint32(b[60:])), 1, maxSnapshots)
	if err != nil {
		return err
	}
	if need := ceil(h.clusters(), h.perL2()); int64(h.l1.entries) < need {
		return corrupt("its L1 table has %d entries, and its size needs %d", h.l1.entries, need)
	}
	if h.refTable.entries == 0 {
		return corrupt("it has no refcount table")
	}
	return nil
}

// refuse fails for images that cannot even be read.
func (h *Header) refuse(r io.ReaderAt, b []byte, length int64) error {
	if be.Uint32(b[32:]) != 0 {
		return &Refused{Why: "is encrypted, so its partitions cannot be read", Do: "convert it to an image without encryption with `qemu-img convert`"}
	}
	if h.Version < 3 {
		return nil
	}
	inc := be.Uint64(b[72:])
	if inc&incDataFile != 0 {
		where, do := "another file", "edit that file if it is raw, or convert the image with `qemu-img convert`"
		if h.dataFile != "" {
			where = "another file, " + safetext.Printable(h.dataFile)
		}
		if h.auto&autoRawDataset != 0 {
			do = "that one is a raw image, which can be edited as long as its size stays"
		}
		return &Refused{Why: "keeps its data in " + where, Do: do}
	}
	if unknown := inc &^ (1<<incKnown - 1); unknown != 0 {
		bit := bits.TrailingZeros64(unknown)
		name := h.featureName(r, length, bit)
		return &Refused{Why: fmt.Sprintf("needs the feature %s, which this program does not know", name), Do: "convert it with `qemu-img convert`"}
	}
	return nil
}

// readFull reads exactly len(p) bytes at off. Bytes behind the end of the file read as zero, as for QEMU, which leaves files
// whose last cluster is cut short.
func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n < len(p) && (err == io.EOF || err == io.ErrUnexpectedEOF || err == nil) { //nolint:errorlint // as io.ReaderAt says
		err = nil
	}
	if n == len(p) {
		err = nil
	}
	clear(p[n:])
	return err
}
