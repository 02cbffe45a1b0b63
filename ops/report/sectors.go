package report

import (
	"fmt"
	"strconv"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

// A Sector is one sector of a target as it is now.
type Sector struct {
	At    geometry.Sector
	Data  []byte // nil if it cannot be read
	Means string // what lies there: "GPT header", "superblock of ext4, sector 2 of p1"
	Err   string // why it cannot be read, or ""
}

// Title is the line above the bytes of a sector.
func (s Sector) Title() string { return "Sector " + geometry.Grouped(s.At) + ": " + s.Means }

// HexRow formats at most n bytes as offset, bytes and characters, in the width of n bytes.
func HexRow(off int, data []byte, n int) string {
	chars := make([]byte, len(data))
	for i, c := range data {
		if chars[i] = c; c < ' ' || c > '~' {
			chars[i] = '.'
		}
	}
	return fmt.Sprintf("%08x %-*s  %s", off, 3*n-1, fmt.Sprintf("% x", data), chars)
}

// Hex formats bytes in rows of n.
func Hex(data []byte, n int) (rows []string) {
	for off := 0; off < len(data); off += n {
		rows = append(rows, HexRow(off, data[off:min(off+n, len(data))], n))
	}
	return rows
}

// SectorAt parses a position on a disk: the number of a sector ("2048", "2,048", "0x800"), an offset with a unit ("1MiB"), a partition
// ("p2" for its first sector), or "end" for the last sector.
func SectorAt(text string, d model.Disk) (geometry.Sector, error) {
	text = strings.TrimSpace(text)
	at, err := geometry.Sector(0), error(nil)
	if n, ok := strings.CutPrefix(text, "p"); ok {
		number, _ := strconv.Atoi(n) // 0 is no partition either
		p, there := d.ByNumber(number)
		if !there {
			return 0, fmt.Errorf("there is no partition %q", text)
		}
		return p.Span.Start, nil
	}
	switch n, notNumber := strconv.ParseInt(ungrouped(text), 0, 64); {
	case text == "end":
		return d.Sectors - 1, nil
	case notNumber == nil:
		at = geometry.Sector(n)
	default:
		var b geometry.Bytes
		if b, err = geometry.ParseSize(text, d.SectorSize); err != nil {
			return 0, fmt.Errorf("%q is no position: use a sector such as 2048 or 0x800, an offset such as 1MiB, a partition such as p2, or end", text)
		}
		at = d.SectorSize.Down(b)
	}
	if at < 0 || at >= d.Sectors {
		return 0, fmt.Errorf("sector %s is not on the disk: the last one is %s", geometry.Grouped(at), geometry.Grouped(d.Sectors-1))
	}
	return at, nil
}

// ungrouped returns a number without the separators that geometry.Grouped sets. Other texts stay as they are.
func ungrouped(text string) string {
	plain := strings.ReplaceAll(text, ",", "")
	if n, err := strconv.ParseInt(plain, 10, 64); err == nil && geometry.Grouped(n) == text {
		return plain
	}
	return text
}
