package scan

import (
	"errors"
	"io"
	"iter"
	"math/bits"
)

const (
	pageSize = 4096
	// maxPages limits how many pages are read of one window, without allocation tables.
	maxPages = 64
	// maxTable is the largest allocation table that is read.
	maxTable = 4 << 20
	// maxChain is the number of clusters after which a chain is not followed further.
	maxChain = 256
)

// window reads the bytes of one partition for the probers. Reading beyond its end yields nothing and is not an error. The
// first I/O error is kept.
type window struct {
	r      io.ReaderAt
	off, n int64
	pages  map[int64][]byte
	err    error
}

func newWindow(r io.ReaderAt, off, n int64) *window {
	return &window{r: r, off: off, n: max(0, n), pages: make(map[int64][]byte)}
}

// at returns the bytes [off, off+n) of the window. It returns nil if they are not all in the window, cannot be read, or
// exceed the limit on what may be read. The caller must not change them.
func (w *window) at(off int64, n int) []byte {
	if off < 0 || n <= 0 || off > w.n || int64(n) > w.n-off {
		return nil
	}
	first, last := off/pageSize, (off+int64(n)-1)/pageSize
	if last-first >= maxPages {
		return nil
	}
	if page := w.page(first); first == last && page != nil {
		return page[off%pageSize:][:n]
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

// page returns one page of the window, or nil if it cannot be read. The last page may be shorter.
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

// read fills buf from byte off of the window, which must hold that many bytes. It reports whether the bytes could be
// read.
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

// holds reports whether the bytes [off, off+n) are all in the window.
func (w *window) holds(off, n int64) bool { return off >= 0 && n >= 0 && off <= w.n && n <= w.n-off }

// stream calls each with the bytes [off, off+n) of the window in pieces of 64 KiB; the last piece may be shorter. It
// reports whether all bytes could be read.
func (w *window) stream(off, n int64, each func(piece []byte)) bool {
	if !w.holds(off, n) {
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

// chain yields the positions of the clusters in a chain, from cluster first on. table is the position of the FAT, whose
// entries are 32 bits wide and masked by mask. The volume has that many clusters, numbered from 2.
func (w *window) chain(table, first, clusters int64, mask uint32, begins func(cluster int64) int64) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		at := first
		for n := 0; n < maxChain && at >= 2 && at < clusters+2 && yield(begins(at)); n++ {
			b := w.at(table+at*4, 4)
			if b == nil {
				return
			}
			at = int64(le.Uint32(b) & mask)
		}
	}
}

// entries yields the entries of a FAT or exFAT directory, up to the entry that ends it. The directory lies in pieces of n
// bytes; only the first 32 KiB of each piece are read.
func (w *window) entries(pieces iter.Seq[int64], n int64) iter.Seq[[]byte] {
	const size = 32
	return func(yield func([]byte) bool) {
		for off := range pieces {
			for end := off + min(n, 32<<10); off+size <= end; off += size {
				if e := w.at(off, size); e == nil || e[0] == 0 || !yield(e) {
					return
				}
			}
		}
	}
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
