package target

// Place is where what belongs to a target is kept.
type Place struct {
	// Beside is a path without an ending; see Target.Beside.
	Beside string
	// Image is the file that is, or was when it was looked at, at Beside; nil for a device that shows none.
	Image *ImageFile
}

// ImageFile tells a file from all others, and whose it is.
type ImageFile struct {
	Dev, Inode uint64
	UID, GID   uint32
}

// PlaceOf is the place of a target that is open.
func PlaceOf(t Target) Place { return Place{Beside: t.Beside(), Image: t.Image()} }
