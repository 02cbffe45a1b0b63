package overlay

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"shunt/model/testneed"
)

// random is a generator whose seed is printed when the test fails.
func random(t testing.TB) *rand.Rand {
	t.Helper()
	return rand.New(rand.NewPCG(uint64(testneed.Seed(t)), 0))
}

// memory is a file in memory; it can be made to fail.
type memory struct {
	mu    sync.RWMutex
	bytes []byte
	wrote int64 // bytes written in all
	fail  error // what writes and syncs return
	room  int64 // with fail set: writes up to this offset still work
	reads func(off, n int64) error
	syncs int
}

func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.reads != nil {
		if err := m.reads(off, int64(len(p))); err != nil {
			return 0, err
		}
	}
	if off >= int64(len(m.bytes)) {
		return 0, io.EOF
	}
	n := copy(p, m.bytes[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(p)
	if m.fail != nil {
		n = int(max(0, min(int64(n), m.room-off)))
	}
	if end := off + int64(n); end > int64(len(m.bytes)) {
		m.bytes = append(m.bytes, make([]byte, end-int64(len(m.bytes)))...)
	}
	copy(m.bytes[off:], p[:n])
	m.wrote += int64(n)
	if n < len(p) {
		return n, m.fail
	}
	return n, nil
}

func (m *memory) Sync() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.syncs++
	return m.fail
}

// noise is n bytes, none of them zero, no block of which equals another.
func noise(r *rand.Rand, n int) []byte {
	p := make([]byte, 0, n+8)
	for len(p) < n {
		p = binary.LittleEndian.AppendUint64(p, r.Uint64()|0x0101010101010101)
	}
	return p[:n]
}

// check lists what is wrong with the map.
func (o *Overlay) check() error {
	o.mu.RLock()
	defer o.mu.RUnlock()
	var at int64
	var last Extent
	spilled := map[int64]int64{} // block of the spill -> bytes of it in use
	var err error
	o.extents.tree.Scan(func(e Extent) bool {
		switch {
		case e.Len <= 0:
			err = fmt.Errorf("empty extent %v", e)
		case e.Off != at:
			err = fmt.Errorf("%v begins at %d, %v before it ends at %d", e, e.Off, last, at)
		case at > 0 && last.continues(e):
			err = fmt.Errorf("%v and %v could be one", last, e)
		case !e.sourced() && e.Src != 0:
			err = fmt.Errorf("%v has a source", e)
		case e.Kind == SpillKind && (e.Src < 0 || e.Src+e.Len > o.next):
			err = fmt.Errorf("%v lies outside the used spill [0, %d)", e, o.next)
		case e.Kind == SpillKind:
			for x := e.Src; x < e.Src+e.Len; {
				end := min(blockDown(x)+block, e.Src+e.Len)
				spilled[x/block] += end - x
				if spilled[x/block] > block {
					err = fmt.Errorf("block %d of the spill is referred to twice", x/block)
				}
				x = end
			}
		}
		last, at = e, e.End()
		return err == nil
	})
	if err == nil && at != o.size {
		err = fmt.Errorf("the map ends at %d, the disk at %d", at, o.size)
	}
	return err
}

// twin is an overlay next to a plain slice of bytes that is edited in the same way.
type twin struct {
	t     testing.TB
	o     *Overlay
	plain []byte
	spill *memory
}

// newTwin is a disk of size bytes over a base that may be shorter or longer.
func newTwin(t testing.TB, r *rand.Rand, size, base int64) *twin {
	t.Helper()
	b := noise(r, int(base))
	w := &twin{t: t, spill: &memory{}, plain: make([]byte, size)}
	w.o = New(&memory{bytes: b}, size, w.spill)
	copy(w.plain, b)
	return w
}

func (w *twin) write(p []byte, off int64) {
	w.t.Helper()
	n, err := w.o.WriteAt(p, off)
	if n != len(p) || err != nil {
		w.t.Fatalf("write %d bytes at %d: %d, %v", len(p), off, n, err)
	}
	copy(w.plain[off:], p)
}

func (w *twin) zero(off, n int64) {
	w.t.Helper()
	if err := w.o.Zero(off, n); err != nil {
		w.t.Fatal(err)
	}
	clear(w.plain[off : off+n])
}

func (w *twin) move(from, to, n int64, free ...Range) {
	w.t.Helper()
	if err := w.o.Move(from, to, n, free); err != nil {
		w.t.Fatal(err)
	}
	if from == to {
		return
	}
	moved := bytes.Clone(w.plain[from : from+n])
	for _, r := range within(n, free) {
		clear(moved[r.Off:r.End()])
	}
	clear(w.plain[from : from+n])
	copy(w.plain[to:], moved)
}

func (w *twin) resize(n int64) {
	w.t.Helper()
	if err := w.o.Resize(n); err != nil {
		w.t.Fatal(err)
	}
	grown := make([]byte, n)
	copy(grown, w.plain)
	w.plain = grown
}

// compare reads a range and compares it with the plain bytes.
func (w *twin) compare(off, n int64) {
	w.t.Helper()
	got := bytes.Repeat([]byte{0xEE}, int(n))
	if k, err := w.o.ReadAt(got, off); int64(k) != n || err != nil {
		w.t.Fatalf("read %d bytes at %d: %d, %v", n, off, k, err)
	}
	if want := w.plain[off : off+n]; !bytes.Equal(got, want) {
		i := 0
		for got[i] == want[i] {
			i++
		}
		w.t.Fatalf("byte %d is %#x, want %#x", off+int64(i), got[i], want[i])
	}
}

// verify compares all bytes and checks the invariants.
func (w *twin) verify() {
	w.t.Helper()
	if err := w.o.check(); err != nil {
		w.t.Fatal(err)
	}
	if w.o.Size() != int64(len(w.plain)) {
		w.t.Fatalf("size is %d, want %d", w.o.Size(), len(w.plain))
	}
	w.compare(0, int64(len(w.plain)))
}

// extents is the whole map.
func (w *twin) extents() []Extent {
	var out []Extent
	for e := range w.o.Extents(0, w.o.Size()) {
		out = append(out, e)
	}
	return out
}

// TestRandomEdits lets random edits run on an overlay and on plain bytes, and compares after each.
func TestRandomEdits(t *testing.T) {
	r := random(t)
	rounds := 25
	if testing.Short() {
		rounds = 10
	}
	for range rounds {
		size := r.Int64N(512 << 10)
		w := newTwin(t, r, size, max(0, size+r.Int64N(1<<16)-1<<15))
		for range 150 {
			w.randomEdit(r)
			if err := w.o.check(); err != nil {
				t.Fatal(err)
			}
			off, n := someRange(r, int64(len(w.plain)), 1)
			w.compare(off, n)
		}
		w.verify()
		w.verifyMap()
	}
}

// randomEdit does one thing; offsets are those of sectors or blocks, or any at all.
func (w *twin) randomEdit(r *rand.Rand) {
	w.t.Helper()
	size := int64(len(w.plain))
	grain := []int64{1, 512, 512, 4096}[r.IntN(4)]
	off, n := someRange(r, size, grain)
	switch r.IntN(10) {
	case 0, 1, 2:
		n = min(n, r.Int64N(20000))
		w.write(noise(r, int(n)), off)
	case 3:
		p := noise(r, int(n))
		for range r.IntN(4) { // long runs of zeros within the data
			o, k := someRange(r, n, grain)
			clear(p[o : o+k])
		}
		w.write(p, off)
	case 4, 5:
		w.zero(off, n)
	case 6, 7, 8:
		to := r.Int64N(size - n + 1)
		if r.IntN(2) == 0 && size-n >= grain {
			to = to / grain * grain
		}
		var free []Range
		for range r.IntN(4) {
			o, k := someRange(r, n, grain)
			free = append(free, Range{o - r.Int64N(3), k + r.Int64N(3)})
		}
		w.move(off, to, n, free...)
	case 9:
		if r.IntN(5) == 0 {
			w.resize(r.Int64N(512 << 10))
		}
	}
}

// someRange is a range within [0, size) whose ends are multiples of grain, or the end of the disk.
func someRange(r *rand.Rand, size, grain int64) (off, n int64) {
	a, b := r.Int64N(size/grain+1)*grain, r.Int64N(size/grain+1)*grain
	if r.IntN(8) == 0 {
		b = size
	}
	return min(a, b), max(a, b) - min(a, b)
}

// verifyMap reads the disk by the map, by hand.
func (w *twin) verifyMap() {
	w.t.Helper()
	changed := map[Extent]bool{}
	for e := range w.o.Changed() {
		changed[e] = true
	}
	var at int64
	for _, e := range w.extents() {
		if e.Off != at || changed[e] == e.Unchanged() {
			w.t.Fatalf("%v after %d, changed %v", e, at, changed[e])
		}
		at = e.End()
		got := make([]byte, e.Len)
		var err error
		switch e.Kind {
		case Base:
			_, err = w.o.base.ReadAt(got, e.Src)
		case SpillKind:
			_, err = w.spill.ReadAt(got, e.Src)
		case Zero, Free:
		}
		if err != nil && !errors.Is(err, io.EOF) {
			w.t.Fatal(err)
		}
		if !bytes.Equal(got, w.plain[e.Off:e.End()]) {
			w.t.Fatalf("%v holds other bytes", e)
		}
	}
	if at != w.o.Size() {
		w.t.Fatalf("the extents end at %d", at)
	}
}
