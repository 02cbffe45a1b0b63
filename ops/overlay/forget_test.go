package overlay

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// What was moved and is not needed is what the base has there, as far as the base counts; what was written stays.
func TestForget(t *testing.T) {
	const size = 100 << 10
	base := noise(rand.New(rand.NewPCG(1, 2)), size)
	w := &twin{t: t, spill: &memory{}, plain: bytes.Clone(base)}
	w.o = New(&memory{bytes: base}, size, w.spill)
	w.move(0, 50<<10, 30<<10)
	w.write(bytes.Repeat([]byte{7}, 512), 60<<10)
	w.verify()
	const off, n, keep = 55 << 10, 60 << 10, 70 << 10
	w.o.Forget(off, n, keep)
	copy(w.plain[off:60<<10], base[off:])
	copy(w.plain[60<<10+4096:keep], base[60<<10+4096:])
	clear(w.plain[keep : 80<<10])
	for _, at := range []int64{60 << 10, 60<<10 + 4095} { // the rest of a written block is in the spill, too
		if w.plain[at] != w.byteAt(at) {
			t.Errorf("byte %d was written and is gone", at)
		}
	}
	w.verify()
	w.o.Forget(-5, 3, keep)
	w.o.Forget(2*size, 1, keep)
	w.verify()
}

func (w *twin) byteAt(off int64) byte {
	w.t.Helper()
	var b [1]byte
	if _, err := w.o.ReadAt(b[:], off); err != nil {
		w.t.Fatal(err)
	}
	return b[0]
}
