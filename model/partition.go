package model

import (
	"cmp"
	"fmt"

	"shunt/geometry"
)

// PartID identifies a partition as long as a queue lives. Numbers shift when a logical partition is deleted; an ID never
// does. Scanned partitions get 1, 2, …, and the queue hands out IDs for new ones.
type PartID int

// Role is a partition's place in an MBR; on GPT every partition is primary.
type Role int

// The roles.
const (
	Primary Role = iota
	Extended
	Logical
)

func (r Role) String() string { return word(r, "primary", "extended", "logical") }

// PartType is a partition's type in the table: "0x83" on MBR, an upper-case GUID on GPT.
type PartType string

// Partition is one entry of the table and its contents.
type Partition struct {
	ID     PartID
	Number int // what users and the kernel call it; 1-based; logicals from 5
	Role   Role
	Span   geometry.Span
	Type   PartType
	Name   string // GPT name, "" on MBR
	UUID   string // PARTUUID; "" for a new partition until the table is written
	// Attributes are the raw GPT attribute bits.
	Attributes uint64
	// Active is the 0x80 flag of an MBR entry.
	Active bool
	// EBR is the sector of a logical partition's boot record, 0 for other partitions. It lies before Span.Start and outside
	// every other partition of the chain.
	EBR geometry.Sector
	FS  Filesystem
	// Pinned says that it belongs to an ISO image, or the like, that begins with sector 0: neither it nor its entry changes.
	Pinned bool
	// Use is how the running system uses the partition.
	Use Use
}

// Ref returns the name that users know the partition by: "p1".
func (p Partition) Ref() string { return fmt.Sprintf("p%d", p.Number) }

func byPosition(a, b Partition) int {
	return cmp.Or(
		cmp.Compare(a.Span.Start, b.Span.Start),
		cmp.Compare(b.Span.End, a.Span.End),
		cmp.Compare(a.Number, b.Number),
	)
}
