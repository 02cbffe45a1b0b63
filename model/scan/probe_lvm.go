package scan

import (
	"hash/crc32"
	"slices"
	"strings"

	"shunt/geometry"
	"shunt/model"
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
	s.fs.Elsewhere = lvmElsewhere(s.w, content[40:])
	return true
}

// lvmSize returns the length of a volume in bytes. After pvresize(8) the recorded one can be too small by two metadata areas,
// the second of which lies at the end.
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

// lvmElsewhere reports whether the volume group of a physical volume has other physical volumes. lists begins behind the
// size in the label: a list of data areas and a list of metadata areas, each of pairs of offset and length (8 each) and
// ended by a pair of zeros, then version (4) and flags (4). Flag 1 means that the volume belongs to a group. If something
// cannot be read, the group counts as one with other volumes.
func lvmElsewhere(w *window, lists []byte) model.Elsewhere {
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
	area, size := next()
	if area == 0 {
		if len(lists) >= 8 && le.Uint32(lists[4:])&1 == 0 {
			return model.WholeHere
		}
		return model.VolumesElsewhere
	}
	head := w.at(area, 512)
	if head == nil || string(head[4:20]) != " LVM2 x[5A%r0N*>" {
		return model.VolumesElsewhere
	}
	at, n := int64(le.Uint64(head[40:])), int64(le.Uint64(head[48:]))
	switch {
	case at == 0:
		return model.WholeHere
	case n < 1 || n > lvmMostText || at < 512 || at >= size || n > size-512:
		return model.VolumesElsewhere
	}
	// The text is in a ring buffer behind the area's first sector.
	text, first := make([]byte, n), min(n, size-at)
	if area > w.n-size || !w.read(text[:first], area+at) || first < n && !w.read(text[first:], area+512) ||
		lvmVolumes(text) != 1 {
		return model.VolumesElsewhere
	}
	return model.WholeHere
}

// lvmVolumes counts the physical volumes in the metadata text of a volume group: the sections inside "physical_volumes",
// which is itself a section of the group's. Sections look like `name { … }`.
func lvmVolumes(text []byte) int {
	depth, within, count := 0, -1, 0
	name, quoted, comment := "", false, false
	from := -1 // where a word begins
	for i, c := range text {
		switch {
		case comment:
			comment = c != '\n'
			continue
		case quoted:
			quoted = c != '"' || text[i-1] == '\\'
			continue
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c == '+':
			if from < 0 {
				from = i
			}
			continue
		}
		if from >= 0 {
			name, from = string(text[from:i]), -1
		}
		switch c {
		case '#':
			comment = true
		case '"':
			quoted = true
		case '{':
			if depth == within {
				count++
			}
			if depth++; depth == 2 && name == "physical_volumes" {
				within = depth
			}
		case '}':
			if depth == within {
				within = -1
			}
			depth--
		}
	}
	return count
}
