package model

import "shunt/geometry"

// Filesystem is what lies in a partition, as its superblock tells.
type Filesystem struct {
	Kind  FSKind
	Label string
	UUID  string
	// Size is what the file system believes its own size to be, 0 if unknown.
	Size geometry.Bytes
	// Used is how much of it holds data, or -1 if the superblock does not tell.
	Used geometry.Bytes
	// Min is the smallest size it could be shrunk to as far as the superblock tells, 0 if unknown.
	Min geometry.Bytes
	// Max is the largest size it could be grown to as it was made, 0 if nothing but its kind bounds that.
	Max       geometry.Bytes
	BlockSize geometry.Bytes
	// Dirty is why the file system's own data on free space cannot be trusted ("journal needs recovery",
	// "has errors", "not unmounted cleanly").
	Dirty Reason
	// Elsewhere is which part of it, or of what it belongs to, lies on other devices.
	Elsewhere Elsewhere
	// Trait is what forbids edits that its kind allows.
	Trait Trait
	// Notes are further things worth telling ("LUKS1", "an old FAT boot sector is in front of it").
	Notes string
}

// Trait is something about one file system that others of its kind do not have, and that forbids edits.
type Trait uint8

// The traits.
const (
	NoTrait     Trait = iota
	Hibernated        // a system that sleeps in it will go on with the old layout in its memory
	OpenJournal       // its journal holds changes that only the system it belongs to can make
	Unread            // it could not be read, or was not recognised; Notes says so after "it"
	OldForm           // the tools of today only use it as it is: LUKS1, swap space of a foreign machine
)

// Known reports whether there is a file system or another recognised content.
func (f Filesystem) Known() bool { return f.Kind != Unformatted }

// Unused is the free space inside a file system of which usage is known, else -1.
func (f Filesystem) Unused() geometry.Bytes {
	if f.Used < 0 || f.Size == 0 {
		return -1
	}
	return f.Size - f.Used
}
