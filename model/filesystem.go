package model

import "shunt/geometry"

// Filesystem holds what a superblock says about the contents of a partition.
type Filesystem struct {
	Kind  FSKind
	Label string
	UUID  string
	// Size is the size according to the superblock, or 0 if unknown.
	Size geometry.Bytes
	// Used is the space that holds data, or -1 if unknown. Of contents that were not recognised it is an upper limit.
	Used geometry.Bytes
	// Min is the smallest size after a shrink according to the superblock, or 0 if unknown.
	Min geometry.Bytes
	// Max is the largest size after growing with the present parameters, or 0 if only its kind limits the size.
	Max       geometry.Bytes
	BlockSize geometry.Bytes
	// Group is the size of the groups in which the file system numbers its blocks. A last group may be shorter, down to
	// LeastGroup. 0 means that every whole block can be used.
	Group, LeastGroup geometry.Bytes
	// Step is the smallest amount of more room that it can use, if that is larger than a block.
	Step geometry.Bytes
	// Dirty is the reason why the file system's own record of free space cannot be trusted ("journal needs recovery",
	// "has errors", "not unmounted cleanly").
	Dirty Reason
	// Elsewhere says which part of the file system is on another device.
	Elsewhere Elsewhere
	// Trait forbids edits that the kind of file system allows.
	Trait Trait
	// Features are properties that decide what its tools can do.
	Features Features
	// Also is a kind of contents that has a signature there too, or "". In a member of an array it is the file system that
	// shows through; elsewhere it is left over from older contents.
	Also FSKind
	// Notes holds other remarks ("LUKS1", "an old FAT boot sector is in front of it").
	Notes string
}

// Trait is a property of one particular file system that forbids edits.
type Trait uint8

// Properties that forbid edits.
const (
	NoTrait     Trait = iota
	Hibernated        // a hibernated system in it will resume with the old layout in its memory
	OpenJournal       // its journal holds changes that only the system it belongs to can make
	Unread            // it could not be read or recognised; Notes follows "it"
	Anchored          // it names places on the disk and has to stay where it is; Notes follows "it" if nothing else is known
	Divided           // a table inside it divides it into parts; Notes follows "it" if nothing else is known
	OldForm           // the tools of today only use it as it is: LUKS1, swap space of a foreign machine
)

// Features is a set of properties of one particular file system that decide what its tools can do.
type Features uint8

// Properties that decide what tools can do.
const (
	Unreplayed   Features = 1 << iota // its journal or log holds changes that are not in their places yet
	Clusters                          // ext4 allocates its space in clusters of several blocks
	Spared                            // nothing is recognised, but a copy of a superblock lies there; Notes follows "it"
	StableInodes                      // ext4 relies on the numbers of its inodes
)

// Has reports whether one of the features is there.
func (f Features) Has(feature Features) bool { return f&feature != 0 }

// Checked returns the file system after a check that found nothing wrong, or corrected it.
func (f Filesystem) Checked() Filesystem {
	f.Dirty, f.Features = "", f.Features&^Unreplayed
	return f
}

// Known reports whether the contents were recognised.
func (f Filesystem) Known() bool { return f.Kind != Unformatted }

// Filling returns the size of the file system after it was made to fill n bytes as well as its blocks and groups allow.
func (f Filesystem) Filling(n geometry.Bytes) geometry.Bytes {
	if f.BlockSize > 0 {
		n -= n % f.BlockSize
	}
	if f.Group > 0 && n > f.Group && n%f.Group < f.LeastGroup {
		n -= n % f.Group
	}
	return n
}

// Unused returns the free space inside the file system, or -1 if unknown.
func (f Filesystem) Unused() geometry.Bytes {
	if f.Used < 0 || f.Size == 0 {
		return -1
	}
	return f.Size - f.Used
}

// What contents without a kind are called.
const (
	UnknownWord = "unknown"     // there is something, and shunt does not know what
	BlankWord   = "unformatted" // there is nothing
)

// Word names the contents: "ext4", "unknown", "unformatted".
func (f Filesystem) Word() string {
	switch {
	case f.Known():
		return string(f.Kind)
	case f.Trait == NoTrait:
		return BlankWord
	}
	return UnknownWord
}

// Amount says how much data contents without a kind hold: "up to 12.0 MiB of data". It is "" for other contents.
func (f Filesystem) Amount() string {
	switch {
	case f.Known() || f.Trait == NoTrait:
		return ""
	case f.Used < 0:
		return "how much is not known"
	}
	return "up to " + geometry.FormatBytes(f.Used) + " of data"
}

// Second says what the other signature means: "the ext4 that shows through belongs to the array or is left over". It is ""
// if there is none.
func (f Filesystem) Second() string {
	switch {
	case f.Also == Unformatted:
		return ""
	case f.Elsewhere == WholeHere:
		return "it also has a signature of " + string(f.Also) + " that is left over from older contents"
	}
	return "the " + string(f.Also) + " that shows through belongs to all its members, or is left over: nothing here changes it"
}

// Described is like Word, with the amount of contents without a kind: "unknown, up to 12.0 MiB of data".
func (f Filesystem) Described() string {
	if much := f.Amount(); much != "" {
		return f.Word() + ", " + much
	}
	return f.Word()
}
