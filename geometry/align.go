package geometry

import (
	"fmt"
	"slices"
)

// Alignment is the grid to which shunt rounds the positions that it chooses.
type Alignment int

// The alignments a user can ask for. The zero value is the default.
const (
	AlignMiB      Alignment = iota // whole mebibytes
	AlignCylinder                  // whole cylinders of 255 heads and 63 sectors
	AlignNone                      // every sector
)

// Cylinder geometry used for AlignCylinder and for the CHS bytes of new MBR entries.
const (
	Heads           = 255
	SectorsPerTrack = 63
)

var alignments = [...]string{AlignMiB: "mib", AlignCylinder: "cylinder", AlignNone: "none"}

// String returns the word for a that the command line takes.
func (a Alignment) String() string {
	if a < 0 || int(a) >= len(alignments) {
		return fmt.Sprintf("Alignment(%d)", int(a))
	}
	return alignments[a]
}

// ParseAlignment reads the words that String returns.
func ParseAlignment(word string) (Alignment, error) {
	if i := slices.Index(alignments[:], word); i >= 0 {
		return Alignment(i), nil
	}
	return AlignMiB, fmt.Errorf("alignment %q is not known: use mib, cylinder or none", word)
}

// Grain returns the distance of two neighbouring grid lines in sectors, at least 1. z must be Valid. Sector 0 is a grid
// line.
func (a Alignment) Grain(z SectorSize) Sector {
	switch a {
	case AlignMiB:
		return Sector(int64(MiB) / int64(z))
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

// Nearest returns the grid line closest to x, the lower one if two are as close.
func (a Alignment) Nearest(x Sector, z SectorSize) Sector {
	lo, hi := a.Down(x, z), a.Up(x, z)
	if hi-x < x-lo {
		return hi
	}
	return lo
}
