package scan

import (
	"encoding/binary"

	"shunt/model"
)

// lvmMostText is the most of a volume group's metadata that is read, in bytes: of a group of some hundred volumes.
const lvmMostText = 256 << 10

// lvmElsewhere tells whether the volume group of a physical volume has others. lists is what follows the size in its label:
// pairs of offset and length (8 each) of the data areas, then of the metadata areas, each ended by a pair of zeroes, then a
// version (4) and flags (4); flag 1 says that it is in use. What cannot be read is taken for a group with others, as
// nothing says that it has none.
func lvmElsewhere(w *window, lists []byte) model.Elsewhere {
	u64 := func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) }
	next := func() (off, n int64) {
		if len(lists) < 16 {
			return 0, 0
		}
		off, n = u64(lists), u64(lists[8:])
		lists = lists[16:]
		return off, n
	}
	for off, _ := next(); off != 0; off, _ = next() {
	}
	area, size := next()
	if area == 0 {
		if len(lists) >= 8 && binary.LittleEndian.Uint32(lists[4:])&1 == 0 {
			return model.WholeHere // no group has taken it
		}
		return model.VolumesElsewhere
	}
	head := w.at(area, 512)
	if head == nil || string(head[4:20]) != " LVM2 x[5A%r0N*>" {
		return model.VolumesElsewhere
	}
	at, n := u64(head[40:]), u64(head[48:])
	switch {
	case at == 0:
		return model.WholeHere
	case n < 1 || n > lvmMostText || at < 512 || at >= size || n > size-512:
		return model.VolumesElsewhere
	}
	// The text lies in a ring behind the area's first sector.
	text, first := make([]byte, n), min(n, size-at)
	if area > w.n-size || !w.read(text[:first], area+at) || first < n && !w.read(text[first:], area+512) {
		return model.VolumesElsewhere
	}
	if lvmVolumes(text) == 1 {
		return model.WholeHere
	}
	return model.VolumesElsewhere
}

// lvmVolumes counts the physical volumes in the text of a volume group: the sections in the section "physical_volumes",
// which is one of the group's. Sections are `name { … }`.
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
