package scan

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"shunt/geometry"
	"shunt/model"
)

// An NTFS volume begins with a boot sector; integers are little-endian:
//
//	3   "NTFS    "           40 sectors (8)        64 MFT record size: clusters, or -log2 of bytes (1)
//	11  bytes per sector     48 MFT, cluster (8)   72 serial (8)
//	13  sectors per cluster  56 MFT copy (8)
//
// The sectors do not include the backup boot sector behind the volume. MFT records begin with "FILE"; the last two
// bytes of each 512 were replaced by a check value, the update sequence number. Attributes follow each other from
// the offset at 20: type (4), length (4), non-resident (1), name length (1), ...; a resident one has its value's
// length at 16 and offset at 20, a non-resident one its runs at the offset at 32 and its length at 48.
// Source: the documentation of the Linux-NTFS project ("NTFS Documentation").
const (
	mftVolume = 3
	mftBitmap = 6

	attrVolumeName = 0x60
	attrVolumeInfo = 0x70
	attrData       = 0x80

	ntfsStride = 512
)

type ntfs struct {
	sector, cluster int64
	size            int64 // with the backup boot sector
	clusters        int64
	mft             int64 // byte offset
	record          int64 // length of an MFT record
}

// probeNTFS recognises NTFS.
func probeNTFS(w *window) (model.Filesystem, bool) {
	b := w.at(0, 512)
	if b == nil || string(b[3:11]) != "NTFS    " {
		return model.Filesystem{}, false
	}
	v, ok := ntfsShape(b)
	if !ok {
		return model.Filesystem{}, false
	}
	fs := model.Filesystem{
		Kind: model.NTFS, Size: geometry.Bytes(v.size), Used: -1,
		BlockSize: geometry.Bytes(v.cluster),
		UUID:      fmt.Sprintf("%016X", binary.LittleEndian.Uint64(b[72:])),
	}
	volume := v.mftRecord(w, mftVolume)
	if volume == nil {
		fs.Dirty = "its master file table cannot be read"
		return fs, true
	}
	if name := resident(attribute(volume, attrVolumeName)); name != nil {
		fs.Label = utf16Text(name, 128)
	}
	if info := resident(attribute(volume, attrVolumeInfo)); len(info) >= 12 && info[10]&1 != 0 {
		fs.Dirty = "marked for a check by Windows"
	}
	if trait, why := v.trait(w); trait != model.NoTrait {
		fs.Trait, fs.Dirty = trait, why
	}
	if used := v.used(w); used >= 0 {
		fs.Used = geometry.Bytes(used)
		fs.Min = v.minSize(used)
	}
	return fs, true
}

// ntfsShape reads the geometry from a boot sector.
func ntfsShape(b []byte) (v ntfs, ok bool) {
	u64 := func(off int) uint64 { return binary.LittleEndian.Uint64(b[off:]) }
	v.sector = int64(binary.LittleEndian.Uint16(b[11:]))
	if v.sector < 256 || v.sector > 4096 || bits.OnesCount64(uint64(v.sector)) != 1 {
		return v, false
	}
	switch n := b[13]; {
	case n == 0 || n > 128 && n < 244: // 244 stands for 2^12 sectors
		return v, false
	case n > 128:
		v.cluster = v.sector << (256 - int(n))
	default:
		v.cluster = v.sector * int64(n)
	}
	sectors := u64(40)
	if bits.OnesCount64(uint64(v.cluster)) != 1 || sectors == 0 || sectors > 1<<50 || u64(48) > 1<<40 {
		return v, false
	}
	v.size = (int64(sectors) + 1) * v.sector
	v.clusters = int64(sectors) * v.sector / v.cluster
	v.mft = int64(u64(48)) * v.cluster
	switch n := int8(b[64]); {
	case n > 0:
		v.record = int64(n) * v.cluster
	case n >= -16 && n <= -8:
		v.record = 1 << -n
	}
	return v, v.record >= 256 && v.record <= 64<<10 && v.mft < v.size
}

// mftRecord is one of the first records of the MFT, or nil.
func (v ntfs) mftRecord(w *window, number int64) []byte {
	return unfix(w.at(v.mft+number*v.record, int(v.record)), "FILE")
}

// unfix is a copy of a record that begins with a magic word, with its update sequence undone; nil if it is none.
func unfix(raw []byte, magic string) []byte {
	if len(raw) < 48 || string(raw[:4]) != magic {
		return nil
	}
	b := append([]byte(nil), raw...)
	at, count := int(binary.LittleEndian.Uint16(b[4:])), int(binary.LittleEndian.Uint16(b[6:]))
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

// attribute is the first unnamed attribute of a type in an MFT record, or nil.
func attribute(record []byte, kind uint32) []byte { return named(record, kind, "") }

// named is the first attribute of a type and name in an MFT record, or nil.
func named(record []byte, kind uint32, name string) []byte {
	at := int(binary.LittleEndian.Uint16(record[20:]))
	for at+24 <= len(record) {
		a := record[at:]
		found, length := binary.LittleEndian.Uint32(a), binary.LittleEndian.Uint32(a[4:])
		if found == 0xFFFFFFFF || length < 24 || int64(length) > int64(len(a)) {
			return nil
		}
		a = a[:length]
		if begin, letters := int(binary.LittleEndian.Uint16(a[10:])), int(a[9]); found == kind &&
			begin+2*letters <= len(a) && utf16Text(a[begin:], letters) == name {
			return a
		}
		at += int(length)
	}
	return nil
}

// resident is the value of a resident attribute, or nil.
func resident(a []byte) []byte {
	if len(a) < 24 || a[8] != 0 {
		return nil
	}
	length, off := int64(binary.LittleEndian.Uint32(a[16:])), int64(binary.LittleEndian.Uint16(a[20:]))
	if off+length > int64(len(a)) {
		return nil
	}
	return a[off : off+length]
}

// used counts the clusters in $Bitmap that are in use, in bytes, the backup boot sector included; -1 if it is too
// large to be read here or not understood.
func (v ntfs) used(w *window) int64 {
	record := v.mftRecord(w, mftBitmap)
	if record == nil {
		return -1
	}
	a := attribute(record, attrData)
	if len(a) < 64 || a[8] == 0 {
		return -1
	}
	length := int64(binary.LittleEndian.Uint64(a[48:]))
	need := (v.clusters + 7) / 8
	runs := int(binary.LittleEndian.Uint16(a[32:]))
	if length < need || need > maxTable || runs >= len(a) {
		return -1
	}
	counter := bitCounter{limit: v.clusters}
	lcn := int64(0)
	for a = a[runs:]; counter.limit > 0; {
		n, step, rest, ok := nextRun(a)
		if !ok {
			return -1
		}
		a, lcn = rest, lcn+step
		if lcn < 0 || lcn >= v.clusters || n > v.clusters-lcn {
			return -1
		}
		if !w.stream(lcn*v.cluster, min(n*v.cluster, need), counter.add) {
			return -1
		}
		need -= min(n*v.cluster, need)
	}
	return counter.ones*v.cluster + v.sector
}

// nextRun takes one run off a run list: its length and the distance of its start from the last one's, in clusters.
// ok is false at the end and for a hole.
func nextRun(b []byte) (n, step int64, rest []byte, ok bool) {
	if len(b) == 0 {
		return 0, 0, nil, false
	}
	nLen, offLen := int(b[0]&0x0F), int(b[0]>>4)
	if nLen == 0 || nLen > 7 || offLen == 0 || offLen > 7 || len(b) < 1+nLen+offLen {
		return 0, 0, nil, false
	}
	n, step = signed(b[1:1+nLen]), signed(b[1+nLen:1+nLen+offLen])
	return n, step, b[1+nLen+offLen:], n > 0
}

// signed is a little-endian two's complement number of up to 7 bytes.
func signed(b []byte) (x int64) {
	for i, c := range b {
		x |= int64(c) << (8 * i)
	}
	shift := 64 - 8*len(b)
	return x << shift >> shift
}

// minSize is what ntfsresize should be able to shrink to: all that is used, with some room for what the moved
// pieces need in the MFT.
func (v ntfs) minSize(used int64) geometry.Bytes {
	return geometry.Bytes(used + used/32 + 1<<20)
}
