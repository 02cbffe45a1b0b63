package ops

import (
	"slices"

	"shunt/geometry"
)

// Renews reports whether applying a queue writes a new image, which takes the name of the present one, because the format of
// that can neither change its size nor give room back.
func Renews(q Queue) bool { return firstRenewing(q) >= 0 }

// firstRenewing returns the index of the first operation that makes a new image necessary, or -1.
func firstRenewing(q Queue) int {
	if !q.Initial().Image.Renews {
		return -1
	}
	sized := q.Preview().Sectors != q.Initial().Sectors
	return slices.IndexFunc(q.Ops(), func(op Operation) bool {
		switch op.(type) {
		case Sparsify:
			return true
		case ImageSize:
			return sized
		}
		return false
	})
}

// newImage says what that costs.
func newImage(m Medium) string {
	if m.Holds == 0 {
		return "writes a new image"
	}
	return "writes a new image of about " + geometry.FormatBytes(m.Holds)
}
