package ops

import "shunt/geometry"

// Medium says how a target moves data. The zero value copies all of it.
type Medium struct {
	// Grain is the distance in bytes by whose multiples data moves without being copied. It is 0 if all data is copied.
	Grain geometry.Bytes
	// Below returns how many bytes of a run of the present disk come from a backing file. Those are copied if they move. It
	// may be nil.
	Below func(off, n geometry.Bytes) geometry.Bytes
	// Holds is how much data the disk holds, for an image that a new one may have to replace.
	Holds geometry.Bytes
}

// aligned reports whether data moves by a distance without being copied.
func (m Medium) aligned(by geometry.Bytes) bool { return m.Grain > 0 && by%m.Grain == 0 }

// copied returns how many of n used bytes in [off, off+length) of the present disk are copied if they move.
func (m Medium) copied(off, length, n geometry.Bytes) geometry.Bytes {
	if m.Below == nil {
		return 0
	}
	return min(n, m.Below(off, length))
}

// A transfer is data that one operation moves or copies.
type transfer struct {
	copies geometry.Bytes
	spared bool // something moves without being copied
	below  bool // what is copied comes from the backing file
	about  bool // what is copied is an estimate
	odd    bool // something moves by a distance that is no multiple of the grain
}

// Copies says that n bytes are copied; about says that n is an estimate.
func Copies(n geometry.Bytes, about bool) string {
	if about {
		return "copies about " + geometry.FormatBytes(n)
	}
	return "copies " + geometry.FormatBytes(n)
}

// words says what the transfer costs, or returns "".
func (t transfer) words(m Medium) string {
	if t.copies == 0 {
		if t.spared {
			return "no data is copied"
		}
		return ""
	}
	text := Copies(t.copies, t.about)
	if t.odd {
		text += " (none, if it moves by a multiple of " + geometry.FormatBytes(m.Grain) + ")"
	} else if t.below {
		text += " from the backing file"
	}
	return text
}

// Align returns the grid to use on the target for one that was chosen: data must not be copied only because of the grid.
func (m Medium) Align(a geometry.Alignment) geometry.Alignment {
	switch {
	case a == geometry.AlignMiB && m.Grain > geometry.MiB:
		return geometry.AlignTwoMiB
	case a == geometry.AlignTwoMiB && m.Grain <= geometry.MiB:
		return geometry.AlignMiB
	}
	return a
}
