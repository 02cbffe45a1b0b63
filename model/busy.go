package model

// UseKind says how the running system uses a partition.
type UseKind int

// How the running system can use a partition.
const (
	Unused    UseKind = iota
	Mounted           // its file system is mounted
	SwapSpace         // the kernel swaps to it
	Held              // another block device is built on it
	Shared            // it is a device of a mounted btrfs, and the mount cannot be seen
	Occupied          // it is in use in some way
)

// Use describes how the running system uses a partition or a whole disk. The zero value means that it does not.
type Use struct {
	Kind UseKind
	// Place is the mount point of a mounted partition, or the holder of a held one: "/dev/md0", "device mapper vg-root",
	// "loop device /dev/loop3".
	Place string
	// By is the program that sees the mount if this process does not see it, for example "sh (pid 77)", or "".
	By string
	// ReadOnly says that the partition is mounted read-only.
	ReadOnly bool
	// Through says that the mounted device is a loop device for a part of the image. Such a device cannot become longer.
	Through bool
}

// Access says whether a loop device or a mount can be written to.
type Access int

// What a loop device or a mount allows.
const (
	ReadOnly Access = iota // nothing is written, not even to replay a journal
	ReadWrite
)

// Busy reports whether the system uses the partition. Its contents may then change at any time and must be left alone.
func (u Use) Busy() bool { return u.Kind != Unused }

// GrowsAt returns the mount point at which the kernel can grow the file system, or "" if it cannot.
func (u Use) GrowsAt() string {
	if u.Kind != Mounted || u.ReadOnly || u.Through || u.By != "" {
		return ""
	}
	return u.Place
}

// useWords holds for each kind of use the words that follow "it is", and the command that ends the use.
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

// Way returns the advice that ends the use: "unmount it first".
func (u Use) Way() string { return useWords[u.Kind].end }

// InUse returns d with the uses of its partitions, keyed by partition number. An extended partition is never marked,
// because operations look at the logical partitions inside it.
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

// Steady returns d without everything that changes by itself. File systems in use keep only their kind, all uses look the
// same, and the amount of unknown contents, which depends on the holes of the image, is left out. Two scans of an unedited
// disk have the same Steady.
func (d Disk) Steady() Disk {
	parts := d.Partitions()
	if d.Whole.Trait == Unread {
		d.Whole.Used = -1
	}
	for i := range parts {
		if parts[i].FS.Trait == Unread {
			parts[i].FS.Used = -1
		}
		if parts[i].Use.Busy() {
			parts[i].FS = Filesystem{Kind: parts[i].FS.Kind}
			parts[i].Use = Use{Kind: Occupied}
		}
	}
	return d.owning(parts)
}
