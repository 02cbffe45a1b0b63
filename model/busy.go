package model

// UseKind says how a partition is used on the running system.
type UseKind int

// The kinds of use.
const (
	Unused    UseKind = iota
	Mounted           // its file system is mounted
	SwapSpace         // the kernel swaps to it
	Held              // another block device is built on it
	Shared            // it is a device of a mounted btrfs, and the mount cannot be seen
	Occupied          // it is in use in some way
)

// Use is how the running system uses a partition or a whole disk. The zero value is no use.
type Use struct {
	Kind UseKind
	// Place is the mount point if it is mounted. If it is held, Place is the holder: "/dev/md0", "device mapper vg-root",
	// "loop device /dev/loop3".
	Place string
	// By is the program that sees the mount if this process does not: "sh (pid 77)". "" otherwise.
	By string
	// ReadOnly says that it is mounted for reading only.
	ReadOnly bool
	// Through says that a loop device that shows a part of the image is mounted, which cannot become longer.
	Through bool
}

// Access says whether a loop device or a mount can be written to.
type Access int

// The ways of access.
const (
	ReadOnly Access = iota // nothing is written, not even to replay a journal
	ReadWrite
)

// Busy reports whether there is a use. The contents can change at any time then and must be left alone.
func (u Use) Busy() bool { return u.Kind != Unused }

// GrowsAt returns the mount point if the kernel can grow the file system there, else "".
func (u Use) GrowsAt() string {
	if u.Kind != Mounted || u.ReadOnly || u.Through || u.By != "" {
		return ""
	}
	return u.Place
}

// useWords has for each kind of use the words that follow "it is", and the order that ends the use.
var useWords = [...]struct{ is, end string }{
	Unused:    {"not in use", "stop that first"},
	Mounted:   {"mounted at ", "unmount it first"},
	SwapSpace: {"used as swap", "run swapoff on it first"},
	Held:      {"used by ", "stop that first"},
	Shared:    {"part of a btrfs that is mounted", "unmount it first"},
	Occupied:  {"in use", "stop that first"},
}

// String returns words that follow "it is": "mounted at /mnt", "used as swap".
func (u Use) String() string {
	text := useWords[u.Kind].is
	switch {
	case u.Kind == Held:
		text += u.Place
	case u.Kind == Mounted && u.ReadOnly:
		text = "mounted read-only at " + u.Place
	case u.Kind == Mounted:
		text += u.Place
	}
	if u.Kind == Mounted && u.By != "" {
		text += " by " + u.By
	}
	return text
}

// Way returns the order that ends the use: "unmount it first".
func (u Use) Way() string { return useWords[u.Kind].end }

// InUse returns d with these uses of its partitions, by their numbers. An extended partition is never marked: operations on
// it look at the logical partitions inside.
func (d Disk) InUse(uses map[int]Use) Disk {
	parts := d.Partitions()
	for i := range parts {
		parts[i].Use = Use{}
		if parts[i].Role != Extended {
			parts[i].Use = uses[parts[i].Number]
		}
	}
	return d.owning(parts)
}

// Steady returns d without what changes by itself. File systems in use keep only their kind, and all uses are the same. Two
// scans of a disk that nobody edits have the same Steady.
func (d Disk) Steady() Disk {
	parts := d.Partitions()
	for i := range parts {
		if parts[i].Use.Busy() {
			parts[i].FS = Filesystem{Kind: parts[i].FS.Kind}
			parts[i].Use = Use{Kind: Occupied}
		}
	}
	return d.owning(parts)
}
