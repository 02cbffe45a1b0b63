package scan

import (
	"math/bits"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

// readEROFS reads the superblock of EROFS:
//
//	0  magic          12 block size, as a power of two (1)    48 UUID          80 features that must be known
//	4  checksum       14 upper half of the blocks (2)         64 label (16)    86 further devices (2)
//	8  features       36 blocks (4)
//
// The checksum, if there is one, covers the superblock's block from 1 KiB on. An image is always full. Source: Linux,
// fs/erofs/erofs_fs.h.
func readEROFS(s *superblock) bool {
	const summed, wide = 1 << 0, 1 << 7
	if s.b[12] < 9 || s.b[12] > 16 {
		return false
	}
	block, blocks := uint64(1)<<s.b[12], s.u32(36)
	if s.u32(80)&wide != 0 {
		blocks |= s.u16(14) << 32
	}
	s.sized(block, blocks*block, 0)
	if s.u16(86) != 0 {
		s.fs.Elsewhere = model.SpansDevices // the kernel opens them by the paths that it finds there
	}
	if s.u32(8)&summed != 0 {
		covered := int64(block)
		if covered > s.off {
			covered -= s.off
		}
		b := s.w.at(s.off, int(covered))
		if b == nil || uint64(plainCRC(1<<32-1, castagnoli, b[:4], make([]byte, 4), b[8:])) != s.u32(4) {
			s.fs.Dirty = badSum
		}
	}
	return true
}

// readSquashFS reads the superblock of squashfs 3 or 4: block size (4) at 12, major version (2) at 28, bytes used (8) at
// 40. Before version 4 the block size is at 51 and bytes used at 63. Big-endian images of old versions begin with "sqsh".
// Source: "Squashfs Binary Format".
func readSquashFS(s *superblock) bool {
	if s.b[0] == 's' {
		s.order = be
	}
	block, used := s.u32(12), s.u64(40)
	switch s.u16(28) {
	case 4:
	case 1, 2, 3:
		s.fs.Kind, block, used = "squashfs3", s.u32(51), s.u64(63)
	default:
		return false
	}
	if used < 96 || used > 1<<62 {
		return false
	}
	s.fs.Size, s.fs.Used = geometry.Bytes(used), geometry.Bytes(used)
	if bits.OnesCount64(block) == 1 {
		s.fs.BlockSize = geometry.Bytes(block)
	}
	return true
}

const (
	isoAt       = 32 << 10
	isoSector   = 2048
	isoMostDesc = 16
)

// readISO9660 reads the volume descriptors of a CD-ROM image. They lie in each 2 KiB from 32 KiB on: kind (1), "CD001",
// label (32) at 40, sectors (4) at 80, escape sequences at 88, sector size (2) at 128, date of creation at 813, date of
// modification at 830. Kind 1 is the primary descriptor. Kind 2 with the escape sequence "%/@", "%/C" or "%/E" is a
// Joliet descriptor, which has names in UTF-16. Kind 255 is the last. Source: ECMA-119.
func readISO9660(s *superblock) bool {
	sector := s.u16(128)
	size := geometry.Bytes(s.u32(80) * sector)
	s.fs.Label, s.fs.UUID = isoLabel(s.w, s.b), isoUUID(s.b)
	s.fs.Size, s.fs.Used, s.fs.BlockSize = size, size, geometry.Bytes(sector)
	return true
}

// isoLabel returns the label of the Joliet descriptor, if there is one, else that of the primary one. Where both say the
// same, each has what the other cannot hold: the primary one has twice the letters, and upper-case ASCII alone.
func isoLabel(w *window, primary []byte) string {
	label := text(primary[40:72])
	for i := int64(1); i < isoMostDesc; i++ {
		b := w.at(isoAt+i*isoSector, isoSector)
		if b == nil || string(b[1:6]) != "CD001" || b[0] == 255 {
			break
		}
		if b[0] != 2 || b[88] != '%' || b[89] != '/' || !strings.ContainsRune("@CE", rune(b[90])) {
			continue
		}
		wide := wideText(be, b[40:72])
		if both, same := merged([]rune(wide), label); same {
			return clean(both)
		}
		return wide
	}
	return label
}

// merged takes each letter from wide, or from plain where wide has no more or has but an underscore. An underscore in plain
// stands for any letter. same reports whether they agree in all others, apart from upper case.
func merged(wide []rune, plain string) (both string, same bool) {
	letters := []rune(plain)
	for i, r := range wide[:min(len(wide), len(letters))] {
		switch p := letters[i]; {
		case p == '_', p != r && strings.EqualFold(string(p), string(r)):
			letters[i] = r
		case r != '_' && p != r:
			return "", false
		}
	}
	return string(letters), true
}

// isoUUID returns the date of modification, or else of creation. It identifies an image.
func isoUUID(b []byte) string {
	for _, at := range []int{830, 813} {
		s, zone := string(b[at:at+16]), b[at+16]
		if strings.Trim(s, "0") == "" && zone == 0 || strings.Trim(s, "0123456789") != "" {
			continue
		}
		return strings.Join([]string{s[:4], s[4:6], s[6:8], s[8:10], s[10:12], s[12:14], s[14:16]}, "-")
	}
	return ""
}
