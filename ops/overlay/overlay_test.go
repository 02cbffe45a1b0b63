package overlay

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
)

func list(extents []Extent) string {
	var out []string
	for _, e := range extents {
		out = append(out, e.String())
	}
	return strings.Join(out, "; ")
}

func (w *twin) wantMap(want string) {
	w.t.Helper()
	if got := list(w.extents()); got != want {
		w.t.Errorf("map is %s\nwant   %s", got, want)
	}
	w.verify()
}

func TestMap(t *testing.T) {
	const s = 512
	data := bytes.Repeat([]byte{7}, 256<<10)
	for _, c := range []struct {
		name string
		size int64
		do   func(w *twin)
		want string
	}{
		{"untouched", 10000, func(*twin) {}, "[0, 10000) base 0"},
		{"empty", 0, func(*twin) {}, ""},
		{
			"one sector is a block", 64 << 10, func(w *twin) { w.write(data[:s], 63*s) },
			"[0, 28672) base 0; [28672, 32768) spill 0; [32768, 65536) base 32768",
		},
		{
			"one byte at the end of a block", 8192, func(w *twin) { w.write(data[:1], 4095) },
			"[0, 4096) spill 0; [4096, 8192) base 4096",
		},
		{
			"two bytes over a border", 12288, func(w *twin) { w.write(data[:2], 4095) },
			"[0, 8192) spill 0; [8192, 12288) base 8192",
		},
		{
			"the last block is short", 4096 + 100, func(w *twin) { w.write(data[:1], 4096+50) },
			"[0, 4096) base 0; [4096, 4196) spill 0",
		},
		{"ascending writes are one extent", 1 << 20, func(w *twin) {
			for off := int64(0); off < 40960; off += s {
				w.write(data[:s], off)
			}
		}, "[0, 40960) spill 0; [40960, 1048576) base 40960"},
		{"written again takes no room", 1 << 20, func(w *twin) {
			for range 100 {
				w.write(data[:4096], 8192)
				w.write(data[:700], 9000)
			}
		}, "[0, 8192) base 0; [8192, 12288) spill 0; [12288, 1048576) base 12288"},
		{"fills up around spilled blocks", 1 << 20, func(w *twin) {
			w.write(data[:4096], 8192)
			w.write(data[:20000], 0)
		}, "[0, 8192) spill 4096; [8192, 12288) spill 0; [12288, 20480) spill 12288; [20480, 1048576) base 20480"},
		{"zeros in a big write", 1 << 20, func(w *twin) {
			p := bytes.Clone(data)
			clear(p[70000 : 70000+140000])
			w.write(p, 0)
		}, "[0, 131072) spill 0; [131072, 196608) zero; [196608, 262144) spill 131072; [262144, 1048576) base 262144"},
		{"zeros over spilled bytes", 1 << 20, func(w *twin) {
			w.write(data[:128<<10], 0)
			w.write(make([]byte, 128<<10), 0)
		}, "[0, 131072) spill 0; [131072, 1048576) base 131072"},
		{
			"zero", 1 << 20, func(w *twin) { w.zero(4096, 8192) },
			"[0, 4096) base 0; [4096, 12288) zero; [12288, 1048576) base 12288",
		},
		{
			"zero with odd ends", 1 << 20, func(w *twin) { w.zero(4097, 8192) },
			"[0, 4096) base 0; [4096, 8192) spill 0; [8192, 12288) zero; [12288, 16384) spill 4096; [16384, 1048576) base 16384",
		},
		{"zero within a block", 8192, func(w *twin) { w.zero(5000, 100) }, "[0, 4096) base 0; [4096, 8192) spill 0"},
		{"zero up to the end", 10000, func(w *twin) { w.zero(8192, 1808) }, "[0, 8192) base 0; [8192, 10000) zero"},
		{"zero again with odd ends", 1 << 20, func(w *twin) {
			w.zero(0, 65536)
			w.zero(1, 40000)
		}, "[0, 65536) zero; [65536, 1048576) base 65536"},
		{"zero makes free bytes matter", 1 << 20, func(w *twin) {
			w.move(0, 1<<19, 65536)
			w.zero(100, 10000)
		}, "[0, 100) free; [100, 10100) zero; [10100, 65536) free; [65536, 524288) base 65536; [524288, 589824) base 0; [589824, 1048576) base 589824"},
		{
			"move right, overlapping", 100 * s, func(w *twin) { w.move(10*s, 13*s, 20*s) },
			"[0, 5120) base 0; [5120, 6656) free; [6656, 16896) base 5120; [16896, 51200) base 16896",
		},
		{
			"move left, overlapping", 100 * s, func(w *twin) { w.move(13*s, 10*s, 20*s) },
			"[0, 5120) base 0; [5120, 15360) base 6656; [15360, 16896) free; [16896, 51200) base 16896",
		},
		{
			"move right, beside itself", 100 * s, func(w *twin) { w.move(0, 20*s, 20*s) },
			"[0, 10240) free; [10240, 20480) base 0; [20480, 51200) base 20480",
		},
		{"move there and back", 100 * s, func(w *twin) {
			w.move(0, 50*s, 20*s)
			w.move(50*s, 0, 20*s)
		}, "[0, 25600) base 0; [25600, 35840) free; [35840, 51200) base 35840"},
		{"move twice", 100 * s, func(w *twin) {
			w.move(1*s, 41*s, 20*s)
			w.move(41*s, 70*s, 20*s)
		}, "[0, 512) base 0; [512, 10752) free; [10752, 20992) base 10752; [20992, 31232) free; [31232, 35840) base 31232; " +
			"[35840, 46080) base 512; [46080, 51200) base 46080"},
		{"move with free ranges", 100 * s, func(w *twin) {
			w.move(0, 60*s, 20*s, Range{18 * s, 9 * s}, Range{2 * s, 3 * s}, Range{4 * s, 2 * s}, Range{-5, 0}, Range{9 * s, -2 * s})
		}, "[0, 10240) free; [10240, 30720) base 10240; [30720, 31744) base 0; [31744, 33792) free; [33792, 39936) base 3072; " +
			"[39936, 40960) free; [40960, 51200) base 40960"},
		{"move nowhere", 100 * s, func(w *twin) { w.move(5*s, 5*s, 7*s, Range{0, s}) }, "[0, 51200) base 0"},
		{"move nothing", 100 * s, func(w *twin) { w.move(5*s, 7*s, 0) }, "[0, 51200) base 0"},
		{"shrink", 10000, func(w *twin) { w.resize(5000) }, "[0, 5000) base 0"},
		{"shrink to nothing", 10000, func(w *twin) { w.resize(0) }, ""},
		{"grow", 10000, func(w *twin) { w.resize(20000) }, "[0, 10000) base 0; [10000, 20000) zero"},
		{"shrink and grow", 10000, func(w *twin) {
			w.resize(5000)
			w.resize(10000)
		}, "[0, 5000) base 0; [5000, 10000) zero"},
		{"a moved spill is found again", 1 << 20, func(w *twin) {
			w.write(data[:4096], 8192)
			w.move(8192, 100*s, 4096)
			w.write(data[:4096], 100*s)
		}, "[0, 8192) base 0; [8192, 12288) free; [12288, 51200) base 12288; [51200, 55296) spill 0; [55296, 1048576) base 55296"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newTwin(t, rand.New(rand.NewPCG(1, 2)), c.size, c.size)
			c.do(w)
			w.t = t
			w.wantMap(c.want)
			w.verifyMap()
		})
	}
}

// TestOddPartition writes a file system's blocks in a partition that starts at sector 63: no block is stored twice, and
// the map does not grow with the number of writes.
func TestOddPartition(t *testing.T) {
	const start, blocks = 63 * 512, 200
	r := random(t)
	w := newTwin(t, r, 2<<20, 2<<20)
	order := r.Perm(blocks)
	for range 3 {
		for _, i := range order {
			w.write(noise(r, 4096), start+int64(i)*4096)
		}
	}
	w.verify()
	if want := int64(blocks+2) * 4096; w.o.next > want {
		t.Errorf("%d bytes of spill for %d blocks", w.o.next, blocks)
	}
	if n := len(w.extents()); n > blocks+3 {
		t.Errorf("%d extents", n)
	}
}

func TestShortBase(t *testing.T) {
	r := random(t)
	for _, base := range []int64{0, 1, 4095, 4096, 5000, 9999, 10000, 10001, 20000} {
		w := newTwin(t, r, 10000, base)
		w.verify()
		w.write(noise(r, 10), 4090)
		w.write(noise(r, 10), 9990)
		w.verify()
	}
}

func TestReadEnds(t *testing.T) {
	o := New(bytes.NewReader([]byte("0123456789")), 10, &memory{})
	for _, c := range []struct {
		off  int64
		len  int
		want string
		err  error
	}{
		{0, 10, "0123456789", nil},
		{9, 1, "9", nil},
		{9, 2, "9", io.EOF},
		{10, 0, "", nil},
		{10, 1, "", io.EOF},
		{11, 1, "", io.EOF},
		{-1, 1, "", ErrOutside},
	} {
		p := make([]byte, c.len)
		n, err := o.ReadAt(p, c.off)
		if string(p[:n]) != c.want || !errors.Is(err, c.err) {
			t.Errorf("%d at %d: %q, %v", c.len, c.off, p[:n], err)
		}
	}
	if err := o.Err(); err != nil {
		t.Errorf("reading past the end counts as I/O error: %v", err)
	}
}

func TestOutside(t *testing.T) {
	o := New(bytes.NewReader(nil), 10000, &memory{})
	const huge = 1<<63 - 1
	for name, err := range map[string]error{
		"write past the end":  second(o.WriteAt(make([]byte, 2), 9999)),
		"write before":        second(o.WriteAt(make([]byte, 2), -1)),
		"write far behind":    second(o.WriteAt(make([]byte, 2), huge)),
		"zero past the end":   o.Zero(5000, 5001),
		"zero negative":       o.Zero(5000, -1),
		"zero huge":           o.Zero(5000, huge),
		"move from outside":   o.Move(5000, 0, 5001, nil),
		"move to outside":     o.Move(0, 5000, 5001, nil),
		"move from negative":  o.Move(-1, 0, 1, nil),
		"move to negative":    o.Move(0, -1, 1, nil),
		"move negative bytes": o.Move(0, 0, -1, nil),
	} {
		if !errors.Is(err, ErrOutside) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if o.Resize(-1) == nil {
		t.Error("negative size accepted")
	}
	if got := list(slices.Collect(o.Extents(-5, huge))); got != "[0, 10000) base 0" {
		t.Errorf("map is %s", got)
	}
	if err := o.Err(); err != nil {
		t.Errorf("a refused range counts as I/O error: %v", err)
	}
	if n := New(nil, -1, nil).Size(); n != 0 {
		t.Errorf("size %d", n)
	}
}

func second(_ int, err error) error { return err }

func TestPartOfTheMap(t *testing.T) {
	w := newTwin(t, random(t), 64<<10, 64<<10)
	w.zero(8192, 8192)
	for _, c := range []struct {
		off, n int64
		want   string
	}{
		{0, 8192, "[0, 8192) base 0"},
		{4000, 8000, "[4000, 8192) base 4000; [8192, 12000) zero"},
		{9000, 1, "[9000, 9001) zero"},
		{16383, 2, "[16383, 16384) zero; [16384, 16385) base 16384"},
		{65535, 100, "[65535, 65536) base 65535"},
		{65536, 100, ""},
		{9000, 0, ""},
		{9000, -1, ""},
	} {
		if got := list(slices.Collect(w.o.Extents(c.off, c.n))); got != c.want {
			t.Errorf("%d bytes at %d: %s, want %s", c.n, c.off, got, c.want)
		}
	}
	for e := range w.o.Changed() {
		if e.Kind != Zero {
			t.Errorf("changed: %v", e)
		}
		break
	}
}

// TestIterationStandsStill edits the overlay from within an iteration.
func TestIterationStandsStill(t *testing.T) {
	w := newTwin(t, random(t), 1<<20, 1<<20)
	for off := int64(0); off < 1<<20; off += 16384 {
		w.zero(off, 8192)
	}
	before := w.extents()
	var seen []Extent
	for e := range w.o.Extents(0, 1<<20) {
		seen = append(seen, e)
		w.write([]byte{1}, e.Off)
		w.move(0, 4096, 1<<19)
	}
	if !slices.Equal(seen, before) {
		t.Error("the iteration shows edits made within it")
	}
	w.verify()
}

// TestTogether lets several goroutines write, each in its own stripe, while others read, iterate and look on.
func TestTogether(t *testing.T) {
	const stripes, stripe = 4, 256 << 10
	seed := random(t).Uint64()
	o := New(bytes.NewReader(make([]byte, stripes*stripe)), stripes*stripe, &memory{})
	var wg sync.WaitGroup
	for i := range int64(stripes) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			plain := make([]byte, stripe)
			for range 300 {
				off, n := someRange(r, stripe, 1)
				n = min(n, 10000)
				switch r.IntN(4) {
				case 0:
					if err := o.Zero(i*stripe+off, n); err != nil {
						t.Error(err)
					}
					clear(plain[off : off+n])
				case 1:
					to := r.Int64N(stripe - n + 1)
					if err := o.Move(i*stripe+off, i*stripe+to, n, nil); err != nil {
						t.Error(err)
					}
					moved := bytes.Clone(plain[off : off+n])
					clear(plain[off : off+n])
					copy(plain[to:], moved)
				default:
					p := noise(r, int(n))
					if _, err := o.WriteAt(p, i*stripe+off); err != nil {
						t.Error(err)
					}
					copy(plain[off:], p)
				}
				got := make([]byte, stripe)
				if _, err := o.ReadAt(got, i*stripe); err != nil || !bytes.Equal(got, plain) {
					t.Errorf("stripe %d differs: %v", i, err)
					return
				}
			}
		})
		wg.Go(func() {
			for range 100 {
				var at int64
				for e := range o.Extents(0, o.Size()) {
					if e.Off != at {
						t.Errorf("%v after %d", e, at)
					}
					at = e.End()
				}
				if err := o.Sync(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := o.check(); err != nil {
		t.Error(err)
	}
}
