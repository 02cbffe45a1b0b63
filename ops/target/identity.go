package target

// Kind says what sort of target it is.
type Kind string

// The kinds.
const (
	KindRaw   Kind = "raw image"    // a file
	KindBlock Kind = "block device" // a whole one
)

// Identity is what is known of a target without reading it, for the journal and for finding out whether it changed
// since. Two values can be compared with ==. A copy of an image has another Dev and Inode, so these alone do not tell
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
