package scan

import (
	"hash/crc32"
	"math/bits"

	"shunt/geometry"
	"shunt/model"
)

// The bcachefs superblock lies at 4 KiB. Block and bucket sizes count sectors of 512 bytes:
//
//	0   checksum (16)    72  label (32)        122 number of this device (1)
//	16  version (2)      104 own sector (8)    123 devices (1)
//	24  magic (16)       120 block size (2)    124 fields, in units of 8 bytes (4)
//	56  UUID             240 magic (16)        144 flags: bit 0 in use, 1 clean, 2 to 7 kind of checksum, 60 errors
//
// Fields follow from 752 on: length in units of 8 bytes (4), kind (4), content. Two kinds list the devices. Kind 1 has 56
// bytes for each device. Kind 11 begins with the bytes for each device (2), and its list begins at 16. The entry of a
// device has the number of buckets (8) at 16 and the bucket size (2) at 26. The checksum covers everything behind it.
// Source: Linux, fs/bcachefs/bcachefs_format.h.
const (
	bcachefsAt     = 4096
	bcachefsFields = 752
	// mostBcachefs is the size in bytes of the longest superblock that is read completely.
	mostBcachefs = 64 << 10
	// bcacheMagic is shared by bcache and bcachefs. Only bcachefs has bcachefsMagic.
	bcacheMagic   = "\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81"
	bcachefsMagic = "\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef"
)

// readBcachefs reads the superblock of bcachefs. Size is the size of this one device. The superblock does not store the
// usage.
func readBcachefs(s *superblock) bool {
	block, number, devices := s.u16(120)*512, s.b[122], s.b[123]
	if string(s.b[24:40]) != string(s.b[240:256]) || s.u64(104) != bcachefsAt/512 || number >= devices ||
		bits.OnesCount64(block) != 1 || block > 64<<10 {
		return false
	}
	s.fs.BlockSize = geometry.Bytes(block)
	if devices > 1 {
		s.fs.Elsewhere = model.SpansDevices
	}
	const inUse, clean, errors = 1 << 0, 1 << 1, 1 << 60
	flags := s.u64(144)
	s.fs.Dirty = marks(flags&inUse != 0 && flags&clean == 0, flags&errors != 0, "has errors")
	n := bcachefsFields + 8*s.u32(124)
	if n > mostBcachefs {
		return true
	}
	b := s.w.at(bcachefsAt, int(n))
	if b == nil {
		return false
	}
	s.fs.Size = bcachefsDevice(b[bcachefsFields:], int(number))
	const crc32c = 1
	if flags>>2&0x3F == crc32c && uint64(crc32.Checksum(b[16:], castagnoli)) != s.u32(0) {
		s.fs.Dirty = badSum
	}
	return true
}

// bcachefsDevice returns the size of a device according to the superblock's fields, or 0 if they do not list it.
func bcachefsDevice(fields []byte, number int) (size geometry.Bytes) {
	for len(fields) >= 8 {
		n := 8 * int64(le.Uint32(fields))
		if n < 8 || n > int64(len(fields)) {
			break
		}
		field, list, each := fields[:n], 8, 56
		fields = fields[n:]
		switch kind := le.Uint32(field[4:]); {
		case kind == 1:
		case kind == 11 && n >= 16:
			list, each = 16, int(le.Uint16(field[8:]))
		default:
			continue
		}
		const head = 28
		if at := list + number*each; each >= head && at+head <= len(field) {
			if buckets := le.Uint64(field[at+16:]); buckets <= 1<<40 {
				size = geometry.Bytes(buckets * uint64(le.Uint16(field[at+26:])) * 512)
			}
		}
	}
	return size
}

// readBcache reads the superblock of bcache: version (8) at 16. Versions 0, 3 and 5 are caches, all others are devices
// that a cache speeds up.
func readBcache(s *superblock) bool {
	switch s.u64(16) {
	case 0, 3, 5:
		s.fs.Elsewhere = model.CacheOfOthers
	default:
		s.fs.Elsewhere = model.CachedElsewhere
	}
	return true
}
