package fsys

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math/bits"

	"shunt/model"
)

// The AGF of an XFS is the second sector of each allocation group. It names the root of a btree that lists the group's free
// extents in the order of their places. All numbers are big-endian, except the checksums of version 5:
//
//	AGF    0 "XAGF"   4 version   8 group   12 blocks   16 root   28 levels   48 blocks in the free list   56 longest
//	       52 free blocks   60 blocks of btrees   64 UUID   216 checksum
//	block  0 "AB3B", "ABTB" before version 5   4 level (2)   6 records (2)   12 right neighbour   then from version 5 on
//	       16 own place in sectors of 512 bytes (8)   32 UUID   48 group   52 checksum
//	leaf   records: first block (4), blocks (4)
//	node   room for as many keys (8) as there is, then as many addresses (4)
//
// A cleanly unmounted file system counts as free in its superblock what all of this adds up to. Source: "XFS Algorithms &
// Data Structures", chapters "AG Free Space Management" and "Superblocks".
const (
	xfsIncompat   = 0x1 | 0x2 | 0x4 | 0x8 | 0x20 | 0x40 | 0x80 // ftype, spinodes, meta_uuid, bigtime, nrext64, exchange, parent
	xfsROCompat   = 0x1 | 0x2 | 0x4 | 0x8                      // finobt, rmapbt, reflink, inobtcnt
	xfsMetaUUID   = 0x4
	xfsMostLevels = 16
)

// xfsMap reads the free extents of an XFS.
type xfsMap struct {
	r                io.ReaderAt
	list             *freeList
	block, sector    int64 // bytes
	blocks, agBlocks int64
	ags              int64
	logged, logFrom  int64 // blocks of the log, and the first one
	uuid             []byte
	sums             bool // version 5
	buf              []byte
	total            int64 // free blocks of all groups, with those in their lists
}

// xfsFree adds the free extents of an XFS.
func xfsFree(r *io.SectionReader, _ model.Filesystem, list *freeList) error {
	sb := make([]byte, 512)
	if err := readFull(r, sb, 0); err != nil {
		return err
	}
	u16 := func(at int) int64 { return int64(binary.BigEndian.Uint16(sb[at:])) }
	u32 := func(at int) int64 { return int64(binary.BigEndian.Uint32(sb[at:])) }
	u64 := func(at int) int64 { return int64(binary.BigEndian.Uint64(sb[at:]) & (1<<62 - 1)) }
	x := xfsMap{
		r: r, list: list, block: u32(xfsBlockSizeAt), sector: u16(xfsSectorSizeAt), blocks: u64(8), agBlocks: u32(xfsAGBlocksAt),
		ags: u32(xfsAGCountAt), logged: u32(96), uuid: sb[32:48], sums: u16(xfsVersionAt)&15 == xfsVersion5,
	}
	agBits := min(sb[124], 32)
	x.logFrom = u64(48)>>agBits*x.agBlocks + u64(48)&(1<<agBits-1)
	if !x.possible(sb) || x.blocks > r.Size()/x.block {
		return errDoubt
	}
	if x.sums {
		sector := make([]byte, x.sector)
		if err := readFull(r, sector, 0); err != nil {
			return err
		}
		if !xfsSumOK(sector, xfsSumAt) || u32(216)&^xfsIncompat != 0 || u32(212)&^xfsROCompat != 0 {
			return errDoubt
		}
		if u32(216)&xfsMetaUUID != 0 {
			x.uuid = sb[248:264]
		}
	}
	x.buf = make([]byte, max(x.block, x.sector))
	for ag := range x.ags {
		if err := x.group(ag); err != nil {
			return err
		}
	}
	if x.total != u64(144) || list.touches(x.logFrom*x.block, (x.logFrom+x.logged)*x.block) {
		return errDoubt
	}
	return nil
}

// possible reports whether the numbers of the superblock allow a look at the groups.
func (x *xfsMap) possible(sb []byte) bool {
	power := func(n, least, most int64) bool { return n >= least && n <= most && bits.OnesCount64(uint64(n)) == 1 }
	version := binary.BigEndian.Uint16(sb[xfsVersionAt:]) & 15
	return string(sb[:4]) == "XFSB" && power(x.block, 512, 64<<10) && power(x.sector, 512, 32<<10) && x.sector <= x.block &&
		(version == 4 || version == xfsVersion5) && x.blocks > 0 && x.agBlocks > 0 && (x.blocks-1)/x.agBlocks == x.ags-1 && sb[126] == 0 && x.logged > 0 && x.logFrom+x.logged <= x.blocks
}

// xfsSumOK reports whether the checksum at a place of b is right.
func xfsSumOK(b []byte, at int) bool {
	table := crc32.MakeTable(crc32.Castagnoli)
	sum := crc32.Update(crc32.Checksum(b[:at], table), table, make([]byte, 4))
	return crc32.Update(sum, table, b[at+4:]) == binary.LittleEndian.Uint32(b[at:])
}

// group adds the free extents of one group.
func (x *xfsMap) group(ag int64) error {
	b := x.buf[:x.sector]
	start := ag * x.agBlocks
	if err := readFull(x.r, b, start*x.block+x.sector); err != nil {
		return err
	}
	u32 := func(at int) int64 { return int64(binary.BigEndian.Uint32(b[at:])) }
	length := min(x.agBlocks, x.blocks-start)
	root, levels, free, longest := u32(16), u32(28), u32(52), u32(56)
	x.total += free + u32(48) + u32(60)
	if string(b[:4]) != "XAGF" || u32(4) != 1 || u32(8) != ag || u32(12) != length || levels < 1 || levels > xfsMostLevels || free > length ||
		x.sums && (!bytes.Equal(b[64:80], x.uuid) || !xfsSumOK(b, 216)) {
		return errDoubt
	}
	at := root
	for level := levels - 1; level > 0; level-- {
		n, err := x.node(ag, at, level)
		if err != nil {
			return err
		}
		at = n.first
	}
	used := max(1, (4*x.sector+x.block-1)/x.block) // the group's own headers
	left, found := free, int64(0)
	for {
		n, err := x.node(ag, at, 0)
		if err != nil {
			return err
		}
		for recs := n.body; len(recs) > 0; recs = recs[8:] {
			from, count := int64(binary.BigEndian.Uint32(recs)), int64(binary.BigEndian.Uint32(recs[4:]))
			if from < used || count < 1 || from+count > length || count > left || from <= root && root < from+count {
				return errDoubt
			}
			x.list.add((start+from)*x.block, (start+from+count)*x.block)
			used, left, found = from+count, left-count, max(found, count)
		}
		if at = n.right; at == 1<<32-1 {
			break
		}
		if len(n.body) == 0 {
			return errDoubt
		}
	}
	if left != 0 || found != longest {
		return errDoubt
	}
	return nil
}

// xfsNode is a block of the btree.
type xfsNode struct {
	body  []byte // the records of a leaf; valid until the next block is read
	right int64
	first int64 // the first address in a node
}

// node reads a block of the btree of free extents.
func (x *xfsMap) node(ag, at, level int64) (n xfsNode, err error) {
	const record, address = 8, 4
	if at <= 0 || at >= x.agBlocks {
		return n, errDoubt
	}
	b := x.buf[:x.block]
	off := (ag*x.agBlocks + at) * x.block
	if err := readFull(x.r, b, off); err != nil {
		return n, err
	}
	magic, head := "ABTB", int64(16)
	if x.sums {
		magic, head = "AB3B", 56
		if int64(binary.BigEndian.Uint64(b[16:])) != off/512 || !bytes.Equal(b[32:48], x.uuid) ||
			int64(binary.BigEndian.Uint32(b[48:])) != ag || !xfsSumOK(b, 52) {
			return n, errDoubt
		}
	}
	count := int64(binary.BigEndian.Uint16(b[6:]))
	if string(b[:4]) != magic || int64(binary.BigEndian.Uint16(b[4:])) != level {
		return n, errDoubt
	}
	n.right = int64(binary.BigEndian.Uint32(b[12:]))
	if level == 0 {
		if head+count*record > x.block {
			return n, errDoubt
		}
		n.body = b[head : head+count*record]
		return n, nil
	}
	most := (x.block - head) / (record + address)
	if count < 1 || count > most {
		return n, errDoubt
	}
	n.first = int64(binary.BigEndian.Uint32(b[head+most*record:]))
	return n, nil
}
