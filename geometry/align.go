package geometry

import (
	"fmt"
	"slices"
)

// Alignment is the grid to which shunt rounds the positions that it chooses.
type Alignment int

// The alignments that a user can choose. The zero value is the default.
const (
	AlignMiB      Alignment = iota // whole mebibytes
	AlignCylinder                  // whole cylinders of 255 heads and 63 sectors
	AlignNone                      // every sector
	AlignTwoMiB                    // whole pairs of mebibytes, for images with clusters of 2 MiB
)

// The disk geometry that AlignCylinder uses, and the CHS bytes of new MBR entries.
const (
	Heads           = 255
	SectorsPerTrack = 63
)

var alignments = [...]string{AlignMiB: "mib", AlignCylinder: "cylinder", AlignNone: "none", AlignTwoMiB: "2mib"}

// String returns the word for a on the command line.
func (a Alignment) String() string {
	if a < 0 || int(a) >= len(alignments) {
		return fmt.Sprintf("Alignment(%d)", int(a))
	}
	return alignments[a]
}

// ParseAlignment parses a word that String returns.
func ParseAlignment(word string) (Alignment, error) {
	if i := slices.Index(alignments[:], word); i >= 0 {
		return Alignment(i), nil
	}
	return AlignMiB, fmt.Errorf("unknown alignment %q: use mib, 2mib, cylinder or none", word)
}

// Grain returns the distance between two grid lines in sectors, at least 1. z must be Valid. Sector 0 is a grid line.
func (a Alignment) Grain(z SectorSize) Sector {
	switch a {
	case AlignMiB:
		return Sector(int64(MiB) / int64(z))
	case AlignTwoMiB:
		return Sector(2 * int64(MiB) / int64(z))
	case AlignCylinder:
		return Heads * SectorsPerTrack
	case AlignNone:
		return 1
	}
	return 1
}

// Up returns the first grid line at or after x.
func (a Alignment) Up(x Sector, z SectorSize) Sector {
	g := int64(a.Grain(z))
	return Sector(-floorDiv(-int64(x), g) * g)
}

// Down returns the last grid line at or before x.
func (a Alignment) Down(x Sector, z SectorSize) Sector {
	g := int64(a.Grain(z))
	return Sector(floorDiv(int64(x), g) * g)
}

// Nearest returns the grid line closest to x, or the lower one if two are equally close.
func (a Alignment) Nearest(x Sector, z SectorSize) Sector {
	lo, hi := a.Down(x, z), a.Up(x, z)
	if hi-x < x-lo {
		return hi
	}
	return lo
}
