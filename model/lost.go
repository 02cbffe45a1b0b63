package model

import "shunt/geometry"

// Trust says how sure it is that something was a partition.
type Trust int

// The degrees of trust, in ascending order.
const (
	Doubtful Trust = iota // something speaks against it
	Likely                // its first structure is plausible, and nothing speaks against it
	Sure                  // a second structure, or a checksum, agrees with the first one
)

func (t Trust) String() string { return word(t, "doubtful", "likely", "sure") }

// A Lost is a partition that the table does not list, as far as its contents or the remains of a table show it.
type Lost struct {
	Span geometry.Span // on the disk
	// FS is what is there. If Headless is set, only its kind, size, UUID and label are known.
	FS    Filesystem
	Trust Trust
	Why   []string // what speaks for it and against it, for people
	// Open says that nothing tells its length: Span ends where something else begins.
	Open bool
	// Headless says that its first superblock is gone, and that a copy elsewhere was found.
	Headless bool
	// ESP says that it is an EFI system partition by its files.
	ESP bool
	// Entry is its entry in an old table: its zero value has no Type. Span is that of the entry then.
	Entry Partition
	// Listed is the kind of that table.
	Listed TableKind
	// Inside is the number, from 1, of the lost partition that it lies in, or 0. It is a file there, or what is left of
	// older contents.
	Inside int
	// Stays says why it cannot be a partition again as things are.
	Stays Reason
}

// Returns reports whether it is to be put back into the table if nobody chooses: it is no doubtful find, lies in no other
// one, and is in the way of nothing.
func (l Lost) Returns() bool {
	return l.Trust >= Likely && l.Inside == 0 && l.Stays.OK()
}

// LostID returns the identity of what begins at a sector and is no partition. It is below 0.
func LostID(at geometry.Sector) PartID { return PartID(-at - 1) }

// LostAt returns the sector of an identity below 0.
func (id PartID) LostAt() geometry.Sector { return geometry.Sector(-id - 1) }
