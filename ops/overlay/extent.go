package overlay

import "fmt"

// Kind says where the bytes of an extent come from.
type Kind uint8

// The kinds of extents.
const (
	Base      Kind = iota // the base, at Src
	SpillKind             // the spill, at Src
	Zero                  // nowhere; they are zero
	Free                  // nowhere; nobody needs them, and they read as zero
)

func (k Kind) String() string {
	if names := [...]string{"base", "spill", "zero", "free"}; int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// An Extent is the run of bytes [Off, Off+Len) of the virtual disk, which come from one place.
type Extent struct {
	Off, Len int64
	Kind     Kind
	Src      int64 // byte offset in the base or the spill of the first byte; 0 for Zero and Free
}

// End returns the offset right behind the extent.
func (e Extent) End() int64 { return e.Off + e.Len }

// Unchanged reports whether the extent shows the bytes of the base that lie at the same offset.
func (e Extent) Unchanged() bool { return e.Kind == Base && e.Src == e.Off }

func (e Extent) String() string {
	if e.sourced() {
		return fmt.Sprintf("[%d, %d) %s %d", e.Off, e.End(), e.Kind, e.Src)
	}
	return fmt.Sprintf("[%d, %d) %s", e.Off, e.End(), e.Kind)
}

// A Range is the run of bytes [Off, Off+Len).
type Range struct{ Off, Len int64 }

// End returns the offset right behind the range.
func (r Range) End() int64 { return r.Off + r.Len }

func (e Extent) sourced() bool { return e.Kind == Base || e.Kind == SpillKind }

// clip returns the part of the extent within [lo, hi), which may be empty.
func (e Extent) clip(lo, hi int64) Extent {
	lo, hi = max(lo, e.Off), min(hi, e.End())
	if e.sourced() {
		e.Src += lo - e.Off
	}
	e.Off, e.Len = lo, max(0, hi-lo)
	return e
}

// continues reports whether f can be merged with e: it begins where e ends, and so do its bytes at their source.
func (e Extent) continues(f Extent) bool {
	return e.End() == f.Off && e.Kind == f.Kind && (!e.sourced() || e.Src+e.Len == f.Src)
}
