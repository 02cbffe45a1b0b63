package scan

import (
	"errors"
	"io"
	"math/bits"
)

const (
	pageSize = 4096
	// maxPages bounds what is read for one window, allocation tables apart.
	maxPages = 64
	// maxTable is the largest allocation table that is read to count what is used.
	maxTable = 4 << 20
	// maxChain is the most clusters that are followed from one to the next.
	maxChain = 256
)

// window reads the bytes of one partition for the probers. Reading what is not there is no error: it yields
// nothing. The first I/O error is kept.
type window struct {
	r      io.ReaderAt
	off, n int64
	pages  map[int64][]byte
	err    error
}

func newWindow(r io.ReaderAt, off, n int64) *window {
	return &window{r: r, off: off, n: max(0, n), pages: make(map[int64][]byte)}
}

// at is the bytes [off, off+n) of the window, or nil if they do not all lie in it, cannot be read, or too much has
// been read already. The caller must not change them.
func (w *window) at(off int64, n int) []byte {
	if off < 0 || n <= 0 || off > w.n || int64(n) > w.n-off {
		return nil
	}
	first, last := off/pageSize, (off+int64(n)-1)/pageSize
	if first == last {
		page := w.page(first)
		if page == nil {
			return nil
		}
		return page[off%pageSize:][:n]
	}
	if last-first >= maxPages {
		return nil
	}
	out := make([]byte, 0, n)
	for p := first; p <= last; p++ {
		page := w.page(p)
		if page == nil {
			return nil
		}
		from := max(0, off-p*pageSize)
		to := min(int64(len(page)), off+int64(n)-p*pageSize)
		out = append(out, page[from:to]...)
	}
	return out
}

// page is one page of the window, shorter at its end, or nil.
func (w *window) page(p int64) []byte {
	if page, ok := w.pages[p]; ok {
		return page
	}
	if len(w.pages) >= maxPages {
		return nil
	}
	page := make([]byte, min(pageSize, w.n-p*pageSize))
	if !w.read(page, p*pageSize) {
		page = nil
	}
	w.pages[p] = page
	return page
}

// read fills buf from the window's byte off on, which must lie in it.
func (w *window) read(buf []byte, off int64) bool {
	n, err := w.r.ReadAt(buf, w.off+off)
	if n == len(buf) {
		return true
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if w.err == nil {
		w.err = err
	}
	return false
}

// stream hands the bytes [off, off+n) of the window to each in pieces of a multiple of 4 KiB, the last one shorter.
// It reports whether all could be read.
func (w *window) stream(off, n int64, each func(piece []byte)) bool {
	if off < 0 || n < 0 || off > w.n || n > w.n-off {
		return false
	}
	buf := make([]byte, min(n, 64<<10))
	for n > 0 {
		piece := buf[:min(n, int64(len(buf)))]
		if !w.read(piece, off) {
			return false
		}
		each(piece)
		off += int64(len(piece))
		n -= int64(len(piece))
	}
	return true
}

// bitCounter counts the ones among the first limit bits of a bitmap that arrives in pieces.
type bitCounter struct {
	limit int64 // bits still to come
	ones  int64
}

func (c *bitCounter) add(piece []byte) {
	for _, b := range piece {
		if c.limit < 8 {
			b &= 1<<max(0, c.limit) - 1
		}
		c.ones += int64(bits.OnesCount8(b))
		c.limit -= 8
		if c.limit <= 0 {
			return
		}
	}
}
