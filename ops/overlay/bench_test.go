package overlay

import (
	"bytes"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"
)

// nowhere is a spill and a base of any size: writes vanish, reads are zero.
type nowhere struct{}

func (nowhere) ReadAt(p []byte, _ int64) (int, error)  { return len(p), nil }
func (nowhere) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (nowhere) Sync() error                            { return nil }

var (
	_ Spill       = nowhere{}
	_ io.ReaderAt = (*Overlay)(nil)
	_ io.WriterAt = (*Overlay)(nil)
)

// scattered is a 16 TiB overlay with a map of at least the given number of extents.
func scattered(t testing.TB, extents int) *Overlay {
	t.Helper()
	o := New(nowhere{}, 16<<40, nowhere{})
	p := bytes.Repeat([]byte{1}, 4096)
	const stride = 1 << 20
	for _, at := range rand.New(rand.NewPCG(1, 1)).Perm(extents / 2) {
		if _, err := o.WriteAt(p, int64(at)*stride+8192); err != nil {
			t.Fatal(err)
		}
	}
	if n := o.extents.tree.Len(); n < extents {
		t.Fatalf("%d extents", n)
	}
	return o
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestManyExtents holds the map to its memory limit, which is 100 MB for a million extents, and reads to a cost that
// does not depend on the size of the disk.
func TestManyExtents(t *testing.T) {
	const extents, limit = 200_000, 20 << 20
	before := heap()
	o := scattered(t, extents)
	used := heap() - before
	t.Logf("%.1f MiB for %d extents", float64(used)/(1<<20), extents)
	if used > limit {
		t.Errorf("%d bytes", used)
	}
	p := make([]byte, 4096)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := o.ReadAt(p, 1<<35+8000); err != nil {
			t.Fatal(err)
		}
	}); n > 8 {
		t.Errorf("a read allocates %v times", n)
	}
	if err := o.Move(0, 512, 1<<30, nil); err != nil {
		t.Fatal(err)
	}
	if err := o.check(); err != nil {
		t.Fatal(err)
	}
	runtime.KeepAlive(o)
}

func BenchmarkReadScattered(b *testing.B) {
	o := scattered(b, 1_000_000)
	r := rand.New(rand.NewPCG(2, 2))
	p := make([]byte, 4096)
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		if _, err := o.ReadAt(p, r.Int64N(500_000<<20)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadPlain(b *testing.B) {
	o := New(nowhere{}, 16<<40, nowhere{})
	p := make([]byte, 128<<10)
	b.ReportAllocs()
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		if _, err := o.ReadAt(p, 1<<30); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteScattered(b *testing.B) {
	o := New(nowhere{}, 16<<40, nowhere{})
	r := rand.New(rand.NewPCG(2, 2))
	p := bytes.Repeat([]byte{1}, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := o.WriteAt(p, r.Int64N(1<<30)<<12); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteAgain(b *testing.B) {
	o := New(nowhere{}, 16<<40, nowhere{})
	p := bytes.Repeat([]byte{1}, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := o.WriteAt(p, 63*512); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteStream(b *testing.B) {
	p := bytes.Repeat([]byte{1}, 1<<20)
	o := New(nowhere{}, 16<<40, nowhere{})
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	var off int64
	for b.Loop() {
		if _, err := o.WriteAt(p, 63*512+off); err != nil {
			b.Fatal(err)
		}
		off = (off + 1<<20) % (1 << 40)
	}
}

func BenchmarkMovePartition(b *testing.B) {
	o := scattered(b, 100_000)
	end := int64(60_000) << 20
	from, to := int64(1<<20), int64(1<<30)
	for b.Loop() {
		if err := o.Move(from, to, end, nil); err != nil {
			b.Fatal(err)
		}
		from, to = to, from
	}
}
