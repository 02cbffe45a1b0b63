package target

// Kind says what sort of target it is.
type Kind string

// The kinds.
const (
	KindRaw   Kind = "raw image"    // a file
	KindBlock Kind = "block device" // a whole one
)

// Identity is what is known about a target without reading it, for the journal and to find out whether it changed
// since. Two values can be compared with ==. A copy of an image has another Dev and Inode, so these alone do not say
// that it is not the image a journal belongs to.
type Identity struct {
	Kind     Kind   `json:"kind"`
	Path     string `json:"path"` // absolute, without symbolic links
	Dev      uint64 `json:"dev"`  // device number of the host file system
	Inode    uint64 `json:"inode"`
	Size     int64  `json:"size"`     // bytes
	Modified int64  `json:"modified"` // time of the last change of contents, in nanoseconds since 1970; 0 for devices
	// Device is the number of a block device; Serial is what names its hardware for good, and Backing the file behind
	// a loop device, "" where there is none.
	Device  uint64 `json:"device,omitempty"`
	Serial  string `json:"serial,omitempty"`
	Backing string `json:"backing,omitempty"`
}

// State is what the host says about a file that differs after a change by anybody. The zero State says that the host
// keeps no account. Two values can be compared with ==.
//
// Programs that may write to the file can put Modified back. Changed cannot be put back, but changes for other reasons too:
// another mode, another name. The cookie that statx(2) counts changes with is not here: kernels keep it to themselves.
type State struct {
	Modified int64 // contents, in nanoseconds since 1970
	Changed  int64 // contents or attributes, likewise
	Born     int64 // likewise, 0 where it is not known
	Inode    uint64
}

// Known reports whether the host keeps account.
func (s State) Known() bool { return s != State{} }

// Place is where what belongs to a target is kept.
type Place struct {
	// Beside is a path without an ending. It is the same whenever and by whatever name the target is opened; in particular a
	// loop device shares it with its image file.
	Beside string
	// Image is the file at Beside as it was opened or looked at, nil for a device that shows none.
	Image *ImageFile
}

// ImageFile identifies a file, and names its owner.
type ImageFile struct {
	Dev, Inode uint64
	UID, GID   uint32
}

// Part is a partition as the kernel knows it.
type Part struct {
	Number     int
	Start, Len int64 // bytes
}

// Loop is a loop device that is set up.
type Loop struct {
	Node string // "/dev/loop0"
	// File is the name of the file behind the device, as the device has it. The file can have been moved since.
	File string
	// Offset and Limit are the part of the file that is shown, in bytes; the Limit 0 is all that follows.
	Offset, Limit int64
	ReadOnly      bool
	// Passing says that it goes away after its last use.
	Passing bool
}

// Whole reports whether the device shows the file from its start to its end.
func (l Loop) Whole() bool { return l.Offset == 0 && l.Limit == 0 }
