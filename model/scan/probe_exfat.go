package scan

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"

	"shunt/geometry"
	"shunt/model"
)

// An exFAT volume begins with a boot sector; integers are little-endian:
//
//	3   "EXFAT   "         80  FAT offset (4)            100 serial (4)
//	64  partition offset   84  FAT length (4)            106 flags (2): 2 dirty, 4 media failure
//	72  volume length      88  cluster heap offset (4)   108 log2 bytes per sector
//	                       92  clusters (4)              109 log2 sectors per cluster
//	                       96  root cluster (4)          110 number of FATs
//
// Offsets and lengths count sectors. Sector 11 repeats the checksum of sectors 0 to 10. The root directory
// holds 32-byte entries: 0x81 the allocation bitmap (first cluster at 20, length at 24), 0x83 the label (length at
// 1, UTF-16 from 2). Source: Microsoft, "exFAT file system specification".
const (
	exfatEntrySize  = 32
	exfatBitmap     = 0x81
	exfatLabel      = 0x83
	exfatSumSectors = 11
)

type exfat struct {
	sector, cluster int64 // bytes
	size            int64
	tables          int64
	heap            int64 // start of cluster 2
	clusters        int64
	root            int64 // cluster
}

// probeExFAT recognises exFAT.
func probeExFAT(w *window) (model.Filesystem, bool) {
	b := w.at(0, 512)
	if b == nil || string(b[3:11]) != "EXFAT   " || b[510] != bootMark[0] || b[511] != bootMark[1] {
		return model.Filesystem{}, false
	}
	u32 := func(off int) int64 { return int64(binary.LittleEndian.Uint32(b[off:])) }
	length := binary.LittleEndian.Uint64(b[72:])
	if b[108] < 9 || b[108] > 12 || b[109] > 25-b[108] || length == 0 || length > 1<<50 {
		return model.Filesystem{}, false
	}
	x := exfat{sector: 1 << b[108]}
	x.cluster = x.sector << b[109]
	x.size, x.tables, x.heap = int64(length)*x.sector, u32(80)*x.sector, u32(88)*x.sector
	x.clusters, x.root = u32(92), u32(96)
	if x.clusters == 0 || x.heap+x.clusters*x.cluster > x.size || x.root < 2 || x.root >= x.clusters+2 {
		return model.Filesystem{}, false
	}
	fs := model.Filesystem{
		Kind: model.ExFAT, Size: geometry.Bytes(x.size), Used: -1,
		BlockSize: geometry.Bytes(x.cluster),
		UUID:      serialText(uint32(u32(100))),
	}
	flags := binary.LittleEndian.Uint16(b[106:])
	fs.Dirty = marks(flags&2 != 0, flags&4 != 0, "has I/O errors")
	if fs.Dirty.OK() && !x.sumOK(w) {
		fs.Dirty = "boot sector checksum does not match"
	}
	x.readRoot(w, &fs)
	return fs, true
}

// sumOK verifies the checksum of the main boot region.
func (x exfat) sumOK(w *window) bool {
	b := w.at(0, int((exfatSumSectors+1)*x.sector))
	if b == nil {
		return false
	}
	sum := uint32(0)
	for i, c := range b[:exfatSumSectors*x.sector] {
		if i != 106 && i != 107 && i != 112 { // flags and percentage change without the checksum
			sum = (sum<<31 | sum>>1) + uint32(c)
		}
	}
	return binary.LittleEndian.Uint32(b[exfatSumSectors*x.sector:]) == sum
}

// readRoot takes the label and what is used from the root directory.
func (x exfat) readRoot(w *window, fs *model.Filesystem) {
	at := x.root
	for range maxChain {
		off := x.offset(at)
		for n := min(x.cluster, 32<<10); n >= exfatEntrySize; off, n = off+exfatEntrySize, n-exfatEntrySize {
			e := w.at(off, exfatEntrySize)
			if e == nil || e[0] == 0 {
				return
			}
			switch e[0] {
			case exfatLabel:
				fs.Label = utf16Text(e[2:], int(min(e[1], 11)))
			case exfatBitmap:
				if e[1]&1 == 0 {
					fs.Used = x.used(w, int64(binary.LittleEndian.Uint32(e[20:])), binary.LittleEndian.Uint64(e[24:]))
				}
			}
		}
		next, ok := x.next(w, at)
		if !ok {
			return
		}
		at = next
	}
}

// used counts the allocation bitmap that begins at a cluster, or is -1.
func (x exfat) used(w *window, at int64, length uint64) geometry.Bytes {
	if length > maxTable || int64(length)*8 < x.clusters {
		return -1
	}
	counter := bitCounter{limit: x.clusters}
	for range maxChain {
		if at < 2 || at >= x.clusters+2 || !w.stream(x.offset(at), x.cluster, counter.add) {
			return -1
		}
		if counter.limit <= 0 {
			return geometry.Bytes(x.size - (x.clusters-counter.ones)*x.cluster)
		}
		next, ok := x.next(w, at)
		if !ok {
			return -1
		}
		at = next
	}
	return -1
}

func (x exfat) offset(cluster int64) int64 { return x.heap + (cluster-2)*x.cluster }

// next is the cluster that follows one in its chain; ok is false at the end.
func (x exfat) next(w *window, cluster int64) (next int64, ok bool) {
	b := w.at(x.tables+cluster*4, 4)
	if b == nil {
		return 0, false
	}
	next = int64(binary.LittleEndian.Uint32(b))
	return next, next >= 2 && next < x.clusters+2
}

// utf16Text decodes up to n little-endian UTF-16 units, as far as b has them.
func utf16Text(b []byte, n int) string {
	units := make([]uint16, 0, n)
	for i := 0; i < n && 2*i+1 < len(b); i++ {
		u := binary.LittleEndian.Uint16(b[2*i:])
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return strings.TrimRight(clean(string(utf16.Decode(units))), " ")
}
