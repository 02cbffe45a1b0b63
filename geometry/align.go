package geometry

import "fmt"

// Alignment says to which grid the positions that shunt chooses are rounded.
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

// String is the word for a that the command line takes.
func (a Alignment) String() string {
	switch a {
	case AlignMiB:
		return "mib"
	case AlignCylinder:
		return "cylinder"
	case AlignNone:
		return "none"
	}
	return fmt.Sprintf("Alignment(%d)", int(a))
}

// ParseAlignment reads the words String prints.
func ParseAlignment(word string) (Alignment, error) {
	for _, a := range []Alignment{AlignMiB, AlignCylinder, AlignNone} {
		if word == a.String() {
			return a, nil
		}
	}
	return AlignMiB, fmt.Errorf("alignment %q is not known: use mib, cylinder or none", word)
}

// Grain is the distance of two neighbouring grid lines in sectors, at least 1; z must be Valid. Grid lines run
// through sector 0.
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

// Up is the first grid line at or after x.
func (a Alignment) Up(x Sector, z SectorSize) Sector {
	g := int64(a.Grain(z))
	return Sector(-floorDiv(-int64(x), g) * g)
}

// Down is the last grid line at or before x.
func (a Alignment) Down(x Sector, z SectorSize) Sector {
	g := int64(a.Grain(z))
	return Sector(floorDiv(int64(x), g) * g)
}

// Nearest is the grid line closest to x; halfway it is the lower one.
func (a Alignment) Nearest(x Sector, z SectorSize) Sector {
	lo, hi := a.Down(x, z), a.Up(x, z)
	if hi-x < x-lo {
		return hi
	}
	return lo
}
