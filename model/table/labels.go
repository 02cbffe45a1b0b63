package table

import (
	"bytes"
	"slices"

	"shunt/geometry"
)

// A label is a partition table that shunt knows by name and leaves alone.
type label struct {
	name string
	// found reports whether it is on a disk. first is sector 0.
	found func(src source, first []byte) bool
	// early labels come before an MBR, as for libblkid. The others count only where an MBR has no entries.
	early bool
}

// labels lists the tables that shunt knows by name. Source: libblkid and libparted, which know the same ones, and the
// headers of the systems that they come from.
var labels = []label{
	{"AIX volume table", starts("\xC9\xC2\xD4\xC1"), true}, // "IBMA" in EBCDIC
	{"SGI disklabel", summed(starts("\x0B\xE5\xA9\x41"), func(b []byte) bool { return sum32(b[:512]) == 0 }), true},
	{"Sun disklabel", summed(at(508, "\xDA\xBE"), func(b []byte) bool { return xor16(b[:512]) == 0 }), true},
	{"PC-98 partition table", pc98, true},
	{"Apple partition map", apple, false},
	{"Amiga rigid disk block", amiga, false},
	{"BSD disklabel", bsd, false},
	{"Ultrix disklabel", ultrix, false},
	{"Atari partition table", atari, false},
	{"DASD volume label", dasd, false},
	{"GNU Parted loop label", starts("GNU Parted Loopback 0"), false},
}

// foreignLabel returns the name of a table that shunt leaves alone, or "". early selects the tables that come before an
// MBR.
func foreignLabel(src source, early bool) string {
	for _, l := range labels {
		if l.early == early && l.found(src, src.first) {
			return l.name
		}
	}
	return ""
}

// bytesAt reads a few bytes of the disk. It returns nil if they are not all there or cannot be read.
func (s source) bytesAt(off, n int64) []byte {
	if off < 0 || off+n > int64(s.z.Bytes(s.sectors)) {
		return nil
	}
	b, err := s.run(geometry.Span{Start: s.z.Down(geometry.Bytes(off)), End: s.z.Up(geometry.Bytes(off + n))})
	if err != nil {
		return nil
	}
	off %= int64(s.z)
	return b[off : off+n]
}

// at finds a signature in sector 0.
func at(off int, magic string) func(source, []byte) bool {
	return func(_ source, first []byte) bool { return bytes.HasPrefix(first[off:], []byte(magic)) }
}

func starts(magic string) func(source, []byte) bool { return at(0, magic) }

// summed finds a signature with a checksum. A wrong checksum is accepted in a sector that cannot be an MBR.
func summed(magic func(source, []byte) bool, whole func(first []byte) bool) func(source, []byte) bool {
	return func(src source, first []byte) bool {
		return magic(src, first) && (whole(first) || !hasSignature(first))
	}
}

// sum32 adds up the big-endian numbers in b.
func sum32(b []byte) (sum uint32) {
	for ; len(b) >= 4; b = b[4:] {
		sum += be.Uint32(b)
	}
	return sum
}

// xor16 combines the big-endian numbers in b with an exclusive or.
func xor16(b []byte) (sum uint16) {
	for ; len(b) >= 2; b = b[2:] {
		sum ^= be.Uint16(b)
	}
	return sum
}

// pc98 finds the table of NEC's PC-9800. Its boot record ends in 55 AA like an MBR, and the entries are in the next
// sector.
func pc98(_ source, first []byte) bool {
	named := func(loader string) bool { return string(first[4:4+len(loader)]) == loader }
	return hasSignature(first) && bootSector(first) == "" && slices.ContainsFunc([]string{"IPL1", "Linux 98", "GRUB/98 "}, named)
}

// apple finds the driver descriptor of block 0 and the first entry of the map in block 1.
func apple(src source, first []byte) bool {
	if string(first[:2]) != "ER" {
		return false
	}
	entry := src.bytesAt(int64(be.Uint16(first[2:])), 4)
	return entry != nil && (string(entry[:2]) == "PM" || string(entry[:2]) == "TS")
}

// amiga finds a rigid disk block, which is in one of the first 16 blocks. Byte 4 holds the number of its words, which add
// up to 0.
func amiga(src source, _ []byte) bool {
	for i := range int64(16) {
		b := src.bytesAt(512*i, 512)
		if b != nil && string(b[:4]) == "RDSK" && sum32(b[:4*min(be.Uint32(b[4:]), 128)]) == 0 {
			return true
		}
	}
	return false
}

// bsd finds a disklabel of 4.4BSD for the whole disk. Its place depends on the machine. The checksum is not compared: the
// one that libparted writes is wrong.
func bsd(src source, _ []byte) bool {
	const magic = "\x57\x45\x56\x82"
	for _, off := range []int64{512, 64, 128} {
		if b := src.bytesAt(off, 136); b != nil && string(b[:4]) == magic && string(b[132:]) == magic {
			return true
		}
	}
	return false
}

func ultrix(src source, _ []byte) bool {
	b := src.bytesAt(16384-72, 8)
	return b != nil && le.Uint32(b) == 0x032957 && le.Uint32(b[4:]) == 1
}

// atari finds the root sector of AHDI. It has no signature: the size of the disk must be possible, and an entry must have
// a name of three letters or digits and be inside the disk. libparted fills an empty table with its own name.
func atari(src source, first []byte) bool {
	const places, entry, count = 0x1C2, 12, 4
	size := be.Uint32(first[places:])
	inside := func(start, n uint32) bool {
		return start > 0 && n > 0 && uint64(start)+uint64(n) <= uint64(size)
	}
	bad, badLen := be.Uint32(first[502:]), be.Uint32(first[506:])
	if hasSignature(first) || src.z != geometry.Sector512 || size < 2 || geometry.Sector(size) > src.sectors ||
		(bad != 0 || badLen != 0) && !inside(bad, badLen) {
		return false
	}
	empty := 0
	for i := range count {
		e := first[places+4+entry*i:]
		alnum := !slices.ContainsFunc(e[1:4], func(b byte) bool {
			return (b < '0' || b > '9') && (b|0x20 < 'a' || b|0x20 > 'z')
		})
		if e[0]&1 != 0 && alnum && inside(be.Uint32(e[4:]), be.Uint32(e[8:])) {
			return true
		}
		if string(e[1:entry]) == "PARTEDATARI" {
			empty++
		}
	}
	return empty == count
}

// dasd finds the volume label of a mainframe disk, in EBCDIC, in the third block. The label of the compatible layout has a
// key in front of its name.
func dasd(src source, _ []byte) bool {
	for _, block := range []int64{4096, 2048, 1024, 512} {
		b := src.bytesAt(2*block, 8)
		if b == nil {
			continue
		}
		if string(b[4:]) == "\xE5\xD6\xD3\xF1" || string(b[:4]) == "\xD3\xD5\xE7\xF1" || string(b[:4]) == "\xC3\xD4\xE2\xF1" {
			return true // VOL1, LNX1, CMS1
		}
	}
	return false
}
