package target

// Loop is a loop device that is set up.
type Loop struct {
	Node string // "/dev/loop0"
	// File is the name of the file behind it, as the device tells it. It can have been moved since.
	File string
	// Offset and Limit are the part of the file that is shown, in bytes; the Limit 0 is all that follows.
	Offset, Limit int64
	ReadOnly      bool
	// Passing says that it goes away when nobody uses it any more.
	Passing bool
}

// Whole reports whether the device shows the file from its start to its end.
func (l Loop) Whole() bool { return l.Offset == 0 && l.Limit == 0 }
