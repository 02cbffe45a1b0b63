package scan

import (
	"fmt"
	"io"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// mostBlank is how many bytes of a disk are read to learn that partitions hold nothing.
const mostBlank = 1 << 30

// A holed is a disk that knows its holes. Data returns the next bytes at or behind off that may not be zero; start is the
// size of the disk if there are none.
type holed interface {
	Data(off int64) (start, end int64, err error)
}

// blankness looks for anything but holes and zeros where no signature was found.
type blankness struct {
	r    io.ReaderAt
	left int64 // bytes that may still be read
}

// of returns fs, or, if that says that there is nothing in the n bytes at off although there may be something, what to say
// instead.
func (b *blankness) of(fs model.Filesystem, off, n int64) model.Filesystem {
	if fs != (model.Filesystem{}) {
		return fs
	}
	h, _ := b.r.(holed)
	for at := off; at < off+n; {
		from, to := at, off+n
		if h != nil {
			start, end, err := h.Data(at)
			if err == nil {
				from, to = min(start, to), min(end, to)
			}
		}
		if to-from > b.left {
			notes := fmt.Sprintf("may hold something: only %s of the disk were read to see", geometry.FormatBytes(mostBlank))
			return model.Filesystem{Trait: model.Unread, Notes: notes}
		}
		b.left -= to - from
		w, data := newWindow(b.r, 0, off+n), false
		read := w.stream(from, to-from, func(piece []byte) { data = data || slices.ContainsFunc(piece, nonZero) })
		switch {
		case data:
			return strange
		case !read:
			return unreadable(w.err)
		}
		at = max(to, at+1)
	}
	return fs
}
