package scan

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf16"

	"shunt/geometry"
	"shunt/model"
)

// probeSquashFS recognises squashfs 3 and 4 by the superblock in the first sector: "hsqs", block size (4) at 12, or at
// 32 before version 4, major version (2) at 28, bytes used (8) at 40, or at 63. Big-endian images of old versions
// begin with "sqsh". Source: "Squashfs Binary Format".
func probeSquashFS(w *window) (model.Filesystem, bool) {
	b := w.at(0, 96)
	if b == nil {
		return model.Filesystem{}, false
	}
	order := binary.ByteOrder(binary.LittleEndian)
	switch string(b[:4]) {
	case "hsqs":
	case "sqsh":
		order = binary.BigEndian
	default:
		return model.Filesystem{}, false
	}
	block, used := order.Uint32(b[12:]), order.Uint64(b[40:])
	switch order.Uint16(b[28:]) {
	case 4:
	case 3:
		block, used = order.Uint32(b[51:]), order.Uint64(b[63:])
	default:
		return model.Filesystem{}, false
	}
	if used < 96 || used > 1<<62 {
		return model.Filesystem{}, false
	}
	fs := model.Filesystem{Kind: model.SquashFS, Size: geometry.Bytes(used), Used: geometry.Bytes(used)}
	if bits.OnesCount32(block) == 1 {
		fs.BlockSize = geometry.Bytes(block)
	}
	return fs, true
}

const (
	isoAt       = 32 << 10
	isoSector   = 2048
	isoMostDesc = 16
)

// probeISO9660 recognises CD-ROM images. From 32 KiB on there is one volume descriptor in each 2 KiB: kind (1),
// "CD001", label (32) at 40, sectors (4) at 80, escape sequences at 88, sector size (2) at 128, dates of creation at
// 813 and of modification at 830; kind 1 is the primary one, 2 with an escape sequence of "%/@", "%/C" or "%/E" has
// its names in UTF-16 (Joliet), 255 is the last. Source: ECMA-119.
func probeISO9660(w *window) (model.Filesystem, bool) {
	primary := w.at(isoAt, isoSector)
	if primary == nil || string(primary[:6]) != "\x01CD001" {
		return model.Filesystem{}, false
	}
	sector := int64(binary.LittleEndian.Uint16(primary[128:]))
	size := geometry.Bytes(int64(binary.LittleEndian.Uint32(primary[80:])) * sector)
	return model.Filesystem{
		Kind: model.ISO9660, Label: isoLabel(w, primary), UUID: isoUUID(primary),
		Size: size, Used: size, BlockSize: geometry.Bytes(sector),
	}, true
}

// isoLabel is the label of the primary descriptor. If there is a Joliet one that says the same, its 16 letters are
// better, since they are not limited to ASCII; what it had no room for still comes from the primary one.
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
		units := make([]uint16, 0, 16)
		for j := 40; j < 72; j += 2 {
			if u := binary.BigEndian.Uint16(b[j:]); u != 0 {
				units = append(units, u)
			}
		}
		wide := string(utf16.Decode(units))
		plain := ascii(wide)
		if n := min(len(label), len(plain)); strings.EqualFold(plain[:n], label[:n]) {
			return clean(wide + label[n:])
		}
	}
	return label
}

// ascii is s with an underscore for every letter that a primary descriptor cannot hold.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r > '~' {
			return '_'
		}
		return r
	}, s)
}

// isoUUID is the date of modification, else of creation, which is what identifies an image.
func isoUUID(b []byte) string {
	for _, at := range []int{830, 813} {
		d := b[at : at+17]
		if string(d[:16]) == strings.Repeat("0", 16) && d[16] == 0 || strings.ContainsFunc(string(d[:16]), func(r rune) bool { return r < '0' || r > '9' }) {
			continue
		}
		s := string(d)
		return strings.Join([]string{s[:4], s[4:6], s[6:8], s[8:10], s[10:12], s[12:14], s[14:16]}, "-")
	}
	return ""
}
