package scan

import (
	"hash/crc32"
	"slices"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan/lvmtext"
)

// readLVM reads the label of an LVM2 physical volume. It is in one of the first four sectors: own sector number (8) at 8,
// checksum (4), offset of the content (4), "LVM2 001". The content is a UUID of 32 letters and the size of the volume in
// bytes (8). The checksum covers the sector from byte 20 on. Source: lvm2, man page pvck(8) and lib/format_text.
func readLVM(s *superblock) bool {
	at := s.u32(20)
	if string(s.b[24:32]) != "LVM2 001" || at < 32 || at > 512-40 || s.u64(8) != uint64(s.off/512) ||
		uint64(LVMSum(s.b[20:])) != s.u32(16) {
		return false
	}
	content := s.b[at:]
	s.fs.UUID = lvmUUID(content[:32])
	s.fillWindow()
	if size := lvmSize(content); size > 0 && size <= 1<<62 {
		s.fs.Size, s.fs.Used = geometry.Bytes(size), geometry.Bytes(size)
	}
	s.fs.Min = s.fs.Size
	s.lvmContent(string(content[:32]), content[40:])
	return true
}

// lvmSize returns the length of a volume in bytes. After pvresize(8) the recorded one can be too small by two metadata areas,
// and the second lies at the end.
func lvmSize(content []byte) uint64 {
	size := le.Uint64(content[32:])
	const pair = 16
	for at, lists := 40, 0; lists < 2 && at+pair <= len(content); at += pair {
		off, n := le.Uint64(content[at:]), le.Uint64(content[at+8:])
		switch {
		case off == 0:
			lists++
		case lists == 1 && off <= 1<<62 && n <= 1<<62:
			size = max(size, off+n)
		}
	}
	return size
}

// LVMSum returns LVM's checksum of b: a CRC-32 with a start value of its own that inverts no bits at either end.
func LVMSum(b []byte) uint32 { return plainCRC(0xF597A6CF, crc32.IEEETable, b) }

// lvmUUID formats the 32 letters of a UUID as the LVM tools do: in groups of 6-4-4-4-4-4-6.
func lvmUUID(b []byte) string {
	if slices.ContainsFunc(b, func(c byte) bool { return c <= ' ' || c > '~' }) {
		return ""
	}
	groups := []string{string(b[:6])}
	for at := 6; at < 26; at += 4 {
		groups = append(groups, string(b[at:at+4]))
	}
	return strings.Join(append(groups, string(b[26:])), "-")
}

// lvmMostText is the length in bytes of the longest volume group metadata that is read. A group of some hundred volumes
// needs that much.
const lvmMostText = 256 << 10

// lvmAreas returns the metadata areas of a physical volume. lists begins behind the size in the label: a list of data areas
// and a list of metadata areas, each of pairs of offset and length (8 each) and ended by a pair of zeros, then version (4)
// and flags (4). inGroup is the flag that the volume belongs to a group.
func lvmAreas(lists []byte) (areas [][2]int64, inGroup bool) {
	next := func() (off, n int64) {
		if len(lists) < 16 {
			return 0, 0
		}
		off, n = int64(le.Uint64(lists)), int64(le.Uint64(lists[8:]))
		lists = lists[16:]
		return off, n
	}
	for off, _ := next(); off != 0; off, _ = next() {
	}
	for off, n := next(); off != 0; off, n = next() {
		areas = append(areas, [2]int64{off, n})
	}
	return areas, len(lists) < 8 || le.Uint32(lists[4:])&1 != 0
}

// lvmContent sets what the volume holds, as far as its volume group's metadata say. If they cannot be read, the group
// counts as one with other volumes.
func (s *superblock) lvmContent(uuid string, lists []byte) {
	areas, inGroup := lvmAreas(lists)
	text, ok := s.lvmText(areas)
	switch {
	case ok && text == nil, len(areas) == 0 && !inGroup:
		s.fs.Used, s.fs.Min = geometry.Bytes(le.Uint64(lists)), 0 // the position of the first extent
		return
	case !ok:
		s.fs.Elsewhere = model.VolumesElsewhere
		return
	}
	g, err := lvmtext.Parse(text)
	if err != nil || g.Volumes() != 1 {
		s.fs.Elsewhere = model.VolumesElsewhere
		return
	}
	v, err := g.Volume(uuid)
	if err != nil {
		return
	}
	end := geometry.Bytes(v.Start + v.End*v.Extent)
	s.fs.Used, s.fs.Min = geometry.Bytes(v.Start+v.Taken*v.Extent), end
	if len(areas) > 1 {
		// The second area lies behind the extents, and both ends of it on whole MiB if possible.
		const unit = geometry.MiB
		tail := max(unit, geometry.Bytes(areas[1][1])/unit*unit)
		s.fs.Used += tail
		s.fs.Min = (end+unit-1)/unit*unit + tail
	}
}

// lvmText returns the text of the first metadata area that LVM keeps up to date; nil if the volume belongs to no group. ok
// is false if it cannot be read.
func (s *superblock) lvmText(areas [][2]int64) (text []byte, ok bool) {
	const ignored = 1
	for _, area := range areas {
		at, size := area[0], area[1]
		head := s.w.at(at, 512)
		if head == nil || string(head[4:20]) != " LVM2 x[5A%r0N*>" {
			return nil, false
		}
		from, n := int64(le.Uint64(head[40:])), int64(le.Uint64(head[48:]))
		switch {
		case le.Uint32(head[60:])&ignored != 0:
			continue
		case from == 0:
			return nil, true
		case n < 1 || n > lvmMostText || from < 512 || from >= size || n > size-512 || at > s.w.n-size:
			return nil, false
		}
		// The text is in a ring buffer behind the area's first sector.
		text, first := make([]byte, n), min(n, size-from)
		ok := s.w.read(text[:first], at+from) && (first == n || s.w.read(text[first:], at+512))
		return text, ok
	}
	return nil, false
}
