package model

// UseKind says how a partition is used on the running system.
type UseKind int

// The kinds of use.
const (
	Unused    UseKind = iota
	Mounted           // its file system is mounted
	SwapSpace         // the kernel swaps to it
	Held              // another block device is built on it
	Shared            // it is a device of a btrfs that is mounted where that cannot be seen
	Occupied          // it is in use, and how does not matter
)

// Use is what a partition, or a disk as a whole, is used for on the running system. The zero value is no use at all.
type Use struct {
	Kind UseKind
	// Place is the mount point of what is mounted, and what holds the partition of what is held: "/dev/md0",
	// "device mapper vg-root", "loop device /dev/loop3".
	Place string
	// By is the program that sees the mount, where this process does not: "sh (pid 77)". "" otherwise.
	By string
	// ReadOnly says that it is mounted for reading only.
	ReadOnly bool
	// Through says that the mount is of a loop device that shows a part of the image, which cannot become longer.
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

// GrowsAt is where the file system is mounted in such a way that its kernel can grow it, "" if it is not.
func (u Use) GrowsAt() string {
	if u.Kind != Mounted || u.ReadOnly || u.Through || u.By != "" {
		return ""
	}
	return u.Place
}

// String follows "it is": "mounted at /mnt", "used as swap".
func (u Use) String() string {
	switch u.Kind {
	case Mounted:
		text := "mounted at " + u.Place
		if u.ReadOnly {
			text = "mounted read-only at " + u.Place
		}
		if u.By != "" {
			text += " by " + u.By
		}
		return text
	case SwapSpace:
		return "used as swap"
	case Held:
		return "used by " + u.Place
	case Shared:
		return "part of a btrfs that is mounted"
	case Occupied:
		return "in use"
	case Unused:
	}
	return "not in use"
}

// Way is what ends the use, as an order: "unmount it first".
func (u Use) Way() string {
	switch u.Kind {
	case Mounted, Shared:
		return "unmount it first"
	case SwapSpace:
		return "run swapoff on it first"
	case Held, Occupied, Unused:
	}
	return "stop that first"
}

// InUse is d with its partitions marked that are in use, by their numbers; all others are not. An extended partition
// is not marked: operations on it look at the logical partitions inside.
func (d Disk) InUse(uses map[int]Use) Disk {
	parts := d.Partitions()
	for i := range parts {
		parts[i].Use = uses[parts[i].Number]
		if parts[i].Role == Extended {
			parts[i].Use = Use{}
		}
	}
	return d.WithPartitions(parts)
}

// Steady is d without what changes by itself: of file systems in use only the kind counts, and the use itself does not.
// Two scans of a disk that nobody edits have the same Steady.
func (d Disk) Steady() Disk {
	parts := d.Partitions()
	for i := range parts {
		if parts[i].Use.Busy() {
			parts[i].FS = Filesystem{Kind: parts[i].FS.Kind}
			parts[i].Use = Use{Kind: Occupied}
		}
	}
	return d.WithPartitions(parts)
}
