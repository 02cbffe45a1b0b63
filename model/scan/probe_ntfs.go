package scan

import (
	"fmt"
	"io"
	"iter"
	"math/bits"

	"shunt/geometry"
	"shunt/model"
)

// An NTFS volume begins with a boot sector:
//
//	3   "NTFS    "           40 sectors (8)        64 MFT record size: clusters, or -log2 of bytes (1)
//	11  bytes per sector     48 MFT, cluster (8)   72 serial (8)
//	13  sectors per cluster  56 MFT copy (8)
//
// The number of sectors does not include the backup boot sector behind the volume. MFT records begin with "FILE". The
// last two bytes of each 512 are replaced by a check value, the update sequence number. Attributes follow each other from
// the offset at 20: type (4), length (4), non-resident (1), name length (1), ... A resident attribute stores the length
// of its value at 16 and the offset at 20. A non-resident one stores the offset of its runs at 32 and its length at 48.
// Source: the documentation of the Linux-NTFS project ("NTFS Documentation").
const (
	mftLog    = 2
	mftVolume = 3
	mftRoot   = 5
	mftBitmap = 6

	attrVolumeName = 0x60
	attrVolumeInfo = 0x70
	attrData       = 0x80
	attrIndexRoot  = 0x90
	attrIndexAlloc = 0xA0

	ntfsStride = 512
)

// ntfs is the geometry of an NTFS volume, in bytes.
type ntfs struct {
	w               *window
	sector, cluster int64
	size            int64 // with the backup boot sector
	clusters        int64
	mft             int64 // where the MFT begins
	record          int64 // length of an MFT record
}

// readNTFS reads the boot sector and the system files of NTFS.
func readNTFS(s *superblock) bool {
	v, ok := ntfsShape(s)
	if !ok {
		return false
	}
	s.fs.Size, s.fs.BlockSize = geometry.Bytes(v.size), geometry.Bytes(v.cluster)
	s.fs.UUID = fmt.Sprintf("%016X", s.u64(72))
	volume := v.mftRecord(mftVolume)
	if volume == nil {
		s.fs.Dirty = "its master file table cannot be read"
		return true
	}
	name := resident(attribute(volume, attrVolumeName, ""))
	s.fs.Label = wideText(le, name[:min(2*128, len(name))])
	if info := resident(attribute(volume, attrVolumeInfo, "")); len(info) >= 12 && info[10]&1 != 0 {
		s.fs.Dirty = "marked for a check by Windows"
	}
	if trait, why := v.trait(); trait != model.NoTrait {
		s.fs.Trait, s.fs.Dirty = trait, why
	}
	if used := v.used(); used >= 0 {
		s.fs.Used = geometry.Bytes(used)
		// ntfsresize needs the used space, and a little more for the new positions of moved pieces in the MFT.
		s.fs.Min = geometry.Bytes(used + 64<<10)
	}
	return true
}

// ntfsShape reads the geometry from a boot sector. ok is false if it is impossible.
func ntfsShape(s *superblock) (v ntfs, ok bool) {
	v.w, v.sector = s.w, int64(s.u16(11))
	if v.sector < 256 || v.sector > 4096 || bits.OnesCount64(uint64(v.sector)) != 1 {
		return v, false
	}
	switch n := s.b[13]; {
	case n == 0 || n > 128 && n < 244: // 244 stands for 2^12 sectors
		return v, false
	case n > 128:
		v.cluster = v.sector << (256 - int(n))
	default:
		v.cluster = v.sector * int64(n)
	}
	sectors, mft := s.u64(40), s.u64(48)
	if bits.OnesCount64(uint64(v.cluster)) != 1 || sectors == 0 || sectors > 1<<50 || mft > 1<<40 {
		return v, false
	}
	v.size = (int64(sectors) + 1) * v.sector
	v.clusters = int64(sectors) * v.sector / v.cluster
	v.mft = int64(mft) * v.cluster
	switch n := int8(s.b[64]); {
	case n > 0:
		v.record = int64(n) * v.cluster
	case n >= -16 && n <= -8:
		v.record = 1 << -n
	}
	return v, v.record >= 256 && v.record <= 64<<10 && v.mft < v.size
}

// mftRecord returns an MFT record with a low number, or nil if it cannot be read.
func (v ntfs) mftRecord(number int64) []byte {
	return unfix(v.w.at(v.mft+number*v.record, int(v.record)), "FILE")
}

// unfix returns a copy of an MFT or index record with the bytes put back that the update sequence replaced. It returns
// nil if raw is not a valid record with this magic word.
func unfix(raw []byte, magic string) []byte {
	if len(raw) < 48 || string(raw[:4]) != magic {
		return nil
	}
	b := append([]byte(nil), raw...)
	at, count := int(le.Uint16(b[4:])), int(le.Uint16(b[6:]))
	if count < 1 || (count-1)*ntfsStride > len(b) || at+2*count > len(b) {
		return nil
	}
	for i := 1; i < count; i++ {
		end := i*ntfsStride - 2
		if b[end] != b[at] || b[end+1] != b[at+1] {
			return nil
		}
		copy(b[end:end+2], raw[at+2*i:])
	}
	return b
}

// attribute returns the first attribute of this type and name in an MFT record, or nil if there is none.
func attribute(record []byte, kind uint32, name string) []byte {
	if len(record) < 24 {
		return nil
	}
	at := int(le.Uint16(record[20:]))
	for at+24 <= len(record) {
		a := record[at:]
		found, length := le.Uint32(a), le.Uint32(a[4:])
		if found == 0xFFFFFFFF || length < 24 || int64(length) > int64(len(a)) {
			return nil
		}
		a = a[:length]
		begin := int(le.Uint16(a[10:]))
		end := begin + 2*int(a[9])
		if found == kind && end <= len(a) && wideText(le, a[begin:end]) == name {
			return a
		}
		at += int(length)
	}
	return nil
}

// resident returns the value of a resident attribute, or nil if the attribute is not one.
func resident(a []byte) []byte {
	if len(a) < 24 || a[8] != 0 {
		return nil
	}
	length, off := int64(le.Uint32(a[16:])), int64(le.Uint16(a[20:]))
	if off+length > int64(len(a)) {
		return nil
	}
	return a[off : off+length]
}

// used counts the used bytes in $Bitmap and adds the backup boot sector. It returns -1 if the bitmap is damaged or too
// large to be read here.
func (v ntfs) used() int64 {
	a := attribute(v.mftRecord(mftBitmap), attrData, "")
	need := (v.clusters + 7) / 8
	if len(a) < 64 || int64(le.Uint64(a[48:])) < need || need > maxTable {
		return -1
	}
	counter := bitCounter{limit: v.clusters}
	for off, n := range v.runs(a) {
		if !v.w.stream(off, min(n, need), counter.add) {
			return -1
		}
		if need -= min(n, need); counter.limit <= 0 {
			return counter.ones*v.cluster + v.sector
		}
	}
	return -1
}

// An NTFSMap says where an NTFS volume stores which of its clusters are used. Positions are bytes from its start.
type NTFSMap struct {
	Clusters, Cluster int64 // how many there are, and the bytes of each
	Bitmap            []Run // $Bitmap, a bit for each cluster; longer than needed
	System            []Run // of other files that every volume has
}

// A Run is a run of bytes.
type Run struct{ Off, Len int64 }

// MapNTFS finds the bitmap of the NTFS volume in the n bytes at off. ok is false if it is not found, if the version of the
// volume is not known, or if Windows has left a mark that the volume needs care.
func MapNTFS(r io.ReaderAt, off, n int64) (m NTFSMap, ok bool, err error) {
	w := newWindow(r, off, n)
	v, ok := ntfsShape(&superblock{w: w, b: w.at(0, ntfsStride), order: le})
	if !ok {
		return m, false, w.err
	}
	m.Clusters, m.Cluster = v.clusters, v.cluster
	info := resident(attribute(v.mftRecord(mftVolume), attrVolumeInfo, ""))
	if len(info) < 12 || info[8] != 3 && info[8] != 1 || le.Uint16(info[10:]) != 0 {
		return m, false, w.err
	}
	bitmap := attribute(v.mftRecord(mftBitmap), attrData, "")
	need := (v.clusters + 7) / 8
	if len(bitmap) < 64 || int64(le.Uint64(bitmap[48:])) < need {
		return m, false, w.err
	}
	for at, length := range v.runs(bitmap) {
		m.Bitmap = append(m.Bitmap, Run{at, length})
		need -= length
	}
	for number := range int64(mftBitmap) {
		for at, length := range v.runs(attribute(v.mftRecord(number), attrData, "")) {
			m.System = append(m.System, Run{at, length})
		}
	}
	return m, need <= 0, w.err
}

// runs yields the positions and lengths of the pieces of a non-resident attribute, in bytes. It stops at a hole and at a
// damaged run. The first byte of a run holds the widths of the two numbers that follow: the run's length, and its
// distance from the start of the previous run, both in clusters.
func (v ntfs) runs(a []byte) iter.Seq2[int64, int64] {
	return func(yield func(off, n int64) bool) {
		if len(a) < 64 || a[8] == 0 || int(le.Uint16(a[32:])) >= len(a) {
			return
		}
		lcn := int64(0)
		for b := a[le.Uint16(a[32:]):]; len(b) > 0; {
			nLen, offLen := int(b[0]&0x0F), int(b[0]>>4)
			if nLen == 0 || nLen > 7 || offLen == 0 || offLen > 7 || len(b) < 1+nLen+offLen {
				return
			}
			n := signed(b[1 : 1+nLen])
			lcn += signed(b[1+nLen : 1+nLen+offLen])
			if n <= 0 || lcn < 0 || lcn >= v.clusters || n > v.clusters-lcn || !yield(lcn*v.cluster, n*v.cluster) {
				return
			}
			b = b[1+nLen+offLen:]
		}
	}
}

// signed decodes a little-endian two's complement number of up to 7 bytes.
func signed(b []byte) (x int64) {
	for i, c := range b {
		x |= int64(c) << (8 * i)
	}
	shift := 64 - 8*len(b)
	return x << shift >> shift
}
