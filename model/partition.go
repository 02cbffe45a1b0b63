package model

import (
	"cmp"
	"fmt"

	"shunt/geometry"
)

// PartID identifies a partition during the life of a queue. Numbers change when a logical partition is deleted; an ID
// never does. A scan hands out 1, 2, …, and the queue hands out IDs for new partitions.
type PartID int

// Role is the place of a partition in an MBR. On a GPT every partition is primary.
type Role int

// The places of a partition in an MBR.
const (
	Primary Role = iota
	Extended
	Logical
)

func (r Role) String() string { return word(r, "primary", "extended", "logical") }

// PartType is the type of a partition in the table: "0x83" on an MBR, an upper-case GUID on a GPT.
type PartType string

// Partition is one entry of the table with its contents.
type Partition struct {
	ID     PartID
	Number int // as users and the kernel count: from 1, logical ones from 5
	Role   Role
	Span   geometry.Span
	Type   PartType
	Name   string // GPT name, "" on MBR
	UUID   string // PARTUUID; "" for a new partition until the table is written
	// Attributes are the raw GPT attribute bits.
	Attributes uint64
	// Active is the 0x80 flag of an MBR entry.
	Active bool
	// EBR is the sector of a logical partition's boot record, or 0. It is before Span.Start and outside every other
	// partition of the chain.
	EBR geometry.Sector
	// Mirror is its entry in the hybrid MBR of a GPT.
	Mirror Mirror
	FS     Filesystem
	// Pinned says that it belongs to an ISO image, or the like, that begins with sector 0: neither it nor its entry changes.
	Pinned bool
	// Use is how the running system uses the partition.
	Use Use
}

// Mirror is an entry of sector 0 that repeats a partition of a GPT, for systems that only read the MBR. A GPT with such
// entries is called hybrid. The zero value means that there is none.
type Mirror struct {
	Slot   int      // from 1 to 4
	Type   PartType // of an MBR; it does not follow the type of the partition
	Active bool
}

// Ref returns the short name of the partition for users: "p1", or "the disk" for what covers a disk without a table.
func (p Partition) Ref() string {
	if p.Number == 0 {
		return "the disk"
	}
	return fmt.Sprintf("p%d", p.Number)
}

func byPosition(a, b Partition) int {
	return cmp.Or(
		cmp.Compare(a.Span.Start, b.Span.Start),
		cmp.Compare(b.Span.End, a.Span.End),
		cmp.Compare(a.Number, b.Number),
	)
}
