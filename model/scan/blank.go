package scan

import (
	"io"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

const (
	// mostBlank is how many bytes of a disk are read to learn that something holds nothing.
	mostBlank = 1 << 30
	// mostWeighed is how many bytes of a disk are read to learn how much of what is not recognised is data.
	mostWeighed = 64 << 20
)

// A holed is a disk that knows its holes. Data returns the next bytes at or behind off that may not be zero; start is the
// size of the disk if there are none.
type holed interface {
	Data(off int64) (start, end int64, err error)
}

// blankness looks for anything but holes and zeros where no signature was found.
type blankness struct {
	r io.ReaderAt
	// Bytes that may still be read: left until the first data is found, weighed afterwards.
	left, weighed int64
}

func newBlankness(r io.ReaderAt) *blankness { return &blankness{r, mostBlank, mostWeighed} }

// unseen is what there is where only zeroes were read, but not everything was read.
var unseen = unread("may hold something: only %s of the disk were read to find out", geometry.FormatBytes(mostBlank))

// Unseen reports whether what was read is blank, and the rest was not read.
func Unseen(fs model.Filesystem) bool { return fs == unseen }

// Whole returns what is on a disk of n bytes without a partition table. It reads at most that many bytes to learn that the
// disk holds nothing.
func Whole(r io.ReaderAt, n, most int64) model.Filesystem {
	b := &blankness{r, most, 0}
	return b.of(Probe(r, 0, n), 0, n)
}

// of returns fs, or, if nothing was recognised in the n bytes at off, whether there is something, and how much at most.
func (b *blankness) of(fs model.Filesystem, off, n int64) model.Filesystem {
	if fs != (model.Filesystem{}) && fs != strange {
		return fs
	}
	s := sample{w: newWindow(b.r, 0, off+n), found: fs == strange}
	for at := off; at < off+n; {
		from, to, known := b.data(at, off+n)
		s.holes = s.holes || known && (from > at || to < off+n)
		if !s.found && to-from > b.left {
			return unseen
		}
		if !s.take(b, from, to) {
			return unreadable(s.w.err)
		}
		at = max(to, at+1)
	}
	if !s.found {
		return fs
	}
	fs = strange
	if copied := backup(newWindow(b.r, off, n)); copied != "" {
		fs.Notes, fs.Features = fs.Notes+"; "+copied, fs.Features|model.Spared
	}
	if !s.skipped || s.holes {
		fs.Used = geometry.Bytes(min(s.data, n))
	}
	return fs
}

// data returns the next bytes at or behind at, and before end, that may not be zero. known says that the disk knows its
// holes.
func (b *blankness) data(at, end int64) (from, to int64, known bool) {
	if h, ok := b.r.(holed); ok {
		if from, to, err := h.Data(at); err == nil {
			return min(from, end), min(to, end), true
		}
	}
	return at, end, false
}

// A sample adds up the data of a window.
type sample struct {
	w       *window
	found   bool  // there is data
	holes   bool  // the disk says that a part is a hole
	data    int64 // bytes of pages that are not zero, and of all that was not read
	skipped bool  // not all was read
}

// take adds the bytes from, to. It reads them as long as b allows that, and reports whether they could be read.
func (s *sample) take(b *blankness, from, to int64) bool {
	const piece = 1 << 20
	for at := from; at < to; at += piece {
		budget, n := &b.left, min(piece, to-at)
		if s.found {
			budget = &b.weighed
		}
		if n > *budget {
			s.data, s.skipped = s.data+to-at, true
			return true
		}
		*budget -= n
		ok := s.w.stream(at, n, func(block []byte) {
			for page := range slices.Chunk(block, pageSize) {
				if slices.ContainsFunc(page, nonZero) {
					s.found = true
					s.data += int64(len(page))
				}
			}
		})
		if !ok {
			return false
		}
	}
	return true
}
