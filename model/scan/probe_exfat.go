package scan

import (
	"iter"

	"shunt/geometry"
	"shunt/model"
)

// An exFAT volume begins with a boot sector:
//
//	3   "EXFAT   "         80  FAT offset (4)            100 serial (4)
//	64  partition offset   84  FAT length (4)            106 flags (2): 2 dirty, 4 media failure
//	72  volume length      88  cluster heap offset (4)   108 log2 bytes per sector
//	                       92  clusters (4)              109 log2 sectors per cluster
//	                       96  root cluster (4)          110 number of FATs
//
// Offsets and lengths count sectors. Sector 11 repeats the checksum of sectors 0 to 10. The root directory has 32-byte
// entries: 0x81 is the allocation bitmap (first cluster at 20, length at 24), 0x83 is the label (length at 1, UTF-16 from
// 2). Source: Microsoft, "exFAT file system specification".
const (
	exfatBitmap     = 0x81
	exfatLabel      = 0x83
	exfatSumSectors = 11
)

// exfat is the geometry of an exFAT volume. Offsets and lengths are bytes in the window.
type exfat struct {
	w               *window
	sector, cluster int64
	size            int64
	tables          int64
	heap            int64 // start of cluster 2
	clusters        int64
}

// badBootSum is the reason for an exFAT whose boot sectors were changed.
const badBootSum model.Reason = "boot sector checksum does not match"

// readExFAT reads the boot sector and the root directory of exFAT.
func readExFAT(s *superblock) bool {
	length, sector, cluster := s.u64(72), s.b[108], s.b[109]
	if string(s.b[510:]) != bootMark || sector < 9 || sector > 12 || cluster > 25-sector || length == 0 || length > 1<<50 {
		return false
	}
	x := exfat{w: s.w, sector: 1 << sector, cluster: 1 << (sector + cluster), clusters: int64(s.u32(92))}
	x.size, x.tables, x.heap = int64(length)*x.sector, int64(s.u32(80))*x.sector, int64(s.u32(88))*x.sector
	root := int64(s.u32(96))
	if x.clusters == 0 || x.heap+x.clusters*x.cluster > x.size || root < 2 || root >= x.clusters+2 {
		return false
	}
	s.fs.Size, s.fs.BlockSize, s.fs.UUID = geometry.Bytes(x.size), geometry.Bytes(x.cluster), serialText(uint32(s.u32(100)))
	s.fs.Dirty = marks(s.u16(106)&2 != 0, s.u16(106)&4 != 0, "has I/O errors")
	if s.fs.Dirty.OK() && !x.sumOK() {
		s.fs.Dirty = badBootSum
	}
	for e := range x.w.entries(x.chain(root), x.cluster) {
		switch {
		case e[0] == exfatLabel:
			s.fs.Label = wideText(le, e[2:2+2*min(e[1], 11)])
		case e[0] == exfatBitmap && e[1]&1 == 0:
			s.fs.Used = x.used(int64(le.Uint32(e[20:])), le.Uint64(e[24:]))
		}
	}
	return true
}

// sumOK verifies the checksum of the main boot region.
func (x exfat) sumOK() bool {
	b := x.w.at(0, int((exfatSumSectors+1)*x.sector))
	if b == nil {
		return false
	}
	sum := uint32(0)
	for i, c := range b[:exfatSumSectors*x.sector] {
		if i != 106 && i != 107 && i != 112 { // flags and percentage change without the checksum
			sum = (sum<<31 | sum>>1) + uint32(c)
		}
	}
	return le.Uint32(b[exfatSumSectors*x.sector:]) == sum
}

// used counts the used bytes in the allocation bitmap that begins at cluster first. It returns -1 if the bitmap cannot be
// read.
func (x exfat) used(first int64, length uint64) geometry.Bytes {
	if length > maxTable || int64(length)*8 < x.clusters {
		return -1
	}
	counter := bitCounter{limit: x.clusters}
	for at := range x.chain(first) {
		if !x.w.stream(at, x.cluster, counter.add) {
			return -1
		}
		if counter.limit <= 0 {
			return geometry.Bytes(x.size - (x.clusters-counter.ones)*x.cluster)
		}
	}
	return -1
}

// chain yields the positions of the clusters in a chain, in bytes.
func (x exfat) chain(first int64) iter.Seq[int64] {
	return x.w.chain(x.tables, first, x.clusters, 1<<32-1, func(cluster int64) int64 { return x.heap + (cluster-2)*x.cluster })
}
