package target

import "time"

// Kind is a sort of target.
type Kind string

// The kinds.
const (
	KindRaw   Kind = "raw image"    // a file
	KindQcow2 Kind = "qcow2 image"  // a file
	KindBlock Kind = "block device" // a whole one
)

// An Identity describes a target without its contents, to find out whether it has changed. Two values can be compared with
// ==. A copy of an image has another Dev and Inode, but a journal can still belong to it.
type Identity struct {
	Kind     Kind   `json:"kind"`
	Path     string `json:"path"` // absolute, without symbolic links
	Dev      uint64 `json:"dev"`  // device number of the host file system
	Inode    uint64 `json:"inode"`
	Size     int64  `json:"size"`     // bytes
	Modified int64  `json:"modified"` // time of the last change of contents, in nanoseconds since 1970; 0 for devices
	// Device is the number of a block device. Serial names its hardware permanently, and Backing is the file behind a loop
	// device; both are "" if there is none.
	Device  uint64 `json:"device,omitempty"`
	Serial  string `json:"serial,omitempty"`
	Backing string `json:"backing,omitempty"`
}

// A State holds times that the host records for a file. They differ after a change by anybody. The zero State means that
// the host does not record them. Two values can be compared with ==.
//
// Programs that may write to the file can set Modified back. They cannot set Changed back, but it also changes with the
// mode or the name. The change counter of statx(2) would be better, but kernels do not return it to programs.
type State struct {
	Modified int64 // when the contents last changed, in nanoseconds since 1970
	Changed  int64 // when the contents or attributes last changed, likewise
	Born     int64 // when the file was made, likewise; 0 if that is not known
	Inode    uint64
}

// Known reports whether the host records these times.
func (s State) Known() bool { return s != State{} }

// Settled reports whether every write after the moment at changes the times, which were read then. Hosts count time in steps:
// if the last change was in the step of that moment, another one may have followed in the same step.
func (s State) Settled(at time.Time) bool {
	return s.Known() && at.UnixNano()-max(s.Modified, s.Changed) >= int64(Step(s.Modified, s.Changed))
}

// Step returns how far the times of a file, in nanoseconds since 1970, may lie before its last change. Times that are whole
// seconds come from a host that counts seconds (ext4 with small inodes) or two of them (FAT). Others count at least every 20 ms.
func Step(times ...int64) time.Duration {
	for _, t := range times {
		if t%int64(time.Second) != 0 {
			return 20 * time.Millisecond
		}
	}
	return 2 * time.Second
}

// A Place says where the journal and other files that belong to a target are kept.
type Place struct {
	// Beside is a path to which endings are added. It is the same by whatever name the target is opened. A loop device has
	// the same one as its image file.
	Beside string
	// Image is the file at Beside as it was when the target was opened; nil for a device that does not show a file.
	Image *ImageFile
}

// An ImageFile identifies a file and its owner.
type ImageFile struct {
	Dev, Inode uint64
	UID, GID   uint32
}

// A Part is a partition as the kernel knows it.
type Part struct {
	Number     int
	Start, Len int64 // bytes
}

// AnyPart stands for every part of an image, for Mounts.
var AnyPart = Part{Len: -1}

// A Loop describes a loop device that is set up.
type Loop struct {
	Node string // "/dev/loop0"
	// File is the name that the file behind the device had when the device was set up. It may have been moved since.
	File string
	// Offset and Limit say which part of the file is shown, in bytes. The Limit 0 means everything from Offset on.
	Offset, Limit int64
	ReadOnly      bool
	// Passing says that the kernel removes the device after its last use.
	Passing bool
}

// Whole reports whether the device shows the file from its start to its end.
func (l Loop) Whole() bool { return l.Offset == 0 && l.Limit == 0 }
