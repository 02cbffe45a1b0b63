package model

import "shunt/geometry"

// Filesystem has what a superblock says about the contents of a partition.
type Filesystem struct {
	Kind  FSKind
	Label string
	UUID  string
	// Size is the size according to the superblock, 0 if unknown.
	Size geometry.Bytes
	// Used is how much of it holds data, or -1 if unknown.
	Used geometry.Bytes
	// Min is the smallest size to which it could be shrunk according to the superblock, 0 if unknown.
	Min geometry.Bytes
	// Max is the largest size to which it could be grown with its present parameters, 0 if only its kind limits that.
	Max       geometry.Bytes
	BlockSize geometry.Bytes
	// Dirty is why the file system's own data on free space cannot be trusted ("journal needs recovery",
	// "has errors", "not unmounted cleanly").
	Dirty Reason
	// Elsewhere says which part of it lies on other devices.
	Elsewhere Elsewhere
	// Trait forbids edits that its kind allows.
	Trait Trait
	// Notes are further remarks ("LUKS1", "an old FAT boot sector is in front of it").
	Notes string
}

// Trait is a property of one file system, not of its kind, that forbids edits.
type Trait uint8

// The traits.
const (
	NoTrait     Trait = iota
	Hibernated        // a hibernated system in it will resume with the old layout in its memory
	OpenJournal       // its journal holds changes that only the system it belongs to can make
	Unread            // it could not be read or recognised; Notes follows "it"
	OldForm           // the tools of today only use it as it is: LUKS1, swap space of a foreign machine
)

// Known reports whether the contents are recognised.
func (f Filesystem) Known() bool { return f.Kind != Unformatted }

// Unused returns the free space inside a file system, or -1 if its usage is not known.
func (f Filesystem) Unused() geometry.Bytes {
	if f.Used < 0 || f.Size == 0 {
		return -1
	}
	return f.Size - f.Used
}
