// Package geometry does the arithmetic of disks: sectors, spans, alignment, CHS addresses, and the one parser and
// formatter for sizes. It is pure: no I/O, no clock, no randomness.
//
// Invariants: ranges are half-open [Start, End). Lengths are computed, never stored. A Sector always counts the target's
// logical sectors, and Bytes always counts bytes, so the two cannot be mixed up.
package geometry

// Sector is a logical block address or a number of logical sectors on one target.
type Sector int64

// String formats s for people: "1,109,182". Plans and tables have plain digits, as %d prints them.
func (s Sector) String() string { return Grouped(s) }

// Count returns "1 sector" or "2,048 sectors". ParseSize reads it.
func (s Sector) Count() string {
	if s == 1 {
		return "1 sector"
	}
	return s.String() + " sectors"
}

// Bytes is a byte offset or a byte count.
type Bytes int64

// Binary multiples of a byte.
const (
	KiB Bytes = 1 << 10
	MiB Bytes = 1 << 20
	GiB Bytes = 1 << 30
	TiB Bytes = 1 << 40
)

// SectorSize is the size of a logical sector in bytes: 512 or 4096.
type SectorSize int64

// The logical sector sizes of existing disks.
const (
	Sector512  SectorSize = 512
	Sector4096 SectorSize = 4096
)

// Valid reports whether shunt supports the sector size.
func (z SectorSize) Valid() bool { return z == Sector512 || z == Sector4096 }

// Bytes converts a number of sectors to bytes.
func (z SectorSize) Bytes(n Sector) Bytes { return Bytes(n) * Bytes(z) }

// Down returns the number of whole sectors in b bytes.
func (z SectorSize) Down(b Bytes) Sector { return Sector(floorDiv(int64(b), int64(z))) }

// Up returns the smallest number of sectors that can hold b bytes.
func (z SectorSize) Up(b Bytes) Sector { return Sector(-floorDiv(-int64(b), int64(z))) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
