package qcow2

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/target"
)

// holed is a disk with random content: text, noise, zeros and holes.
type holed struct {
	fileStore
	path string
}

func newHoled(t testing.TB, rng *rand.Rand, size int64, pieces int) holed {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "raw"))
	require(t, err)
	t.Cleanup(func() { _ = f.Close() })
	require(t, f.Truncate(size))
	for range pieces {
		b := text(rng, 1+rng.Intn(300<<10))
		switch rng.Intn(4) {
		case 0:
			rng.Read(b)
		case 1:
			clear(b)
		}
		off := rng.Int63n(size)
		_, err := f.WriteAt(b[:min(int64(len(b)), size-off)], off)
		require(t, err)
	}
	return holed{fileStore{f}, f.Name()}
}

// TestCreate makes images with content in all ways, and has qemu-img check and compare them. Small clusters make several
// refcount blocks and L2 tables.
func TestCreate(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, bits := range []int{9, 12, 16, 21} {
		for _, size := range []int64{512, 1<<16 + 512, 3 << 20} {
			from := newHoled(t, rng, size, 12)
			for method := range newMethods {
				name := fmt.Sprintf("%d %d %s", bits, size, method)
				f, err := os.Create(filepath.Join(t.TempDir(), "a:b, c.qcow2"))
				require(t, err)
				done := int64(0)
				n := target.New{Size: size, Content: from, Compression: method, Watch: func(at int64) { done = at }}
				require(t, createWith(t.Context(), f, n, bits))
				require(t, f.Close())
				if done > size {
					t.Errorf("%s: %d bytes are done", name, done)
				}
				qemu(t, "qemu-img", "check", "-q", "-f", "qcow2", f.Name())
				qemu(t, "qemu-img", "compare", "-q", "-f", "raw", "-F", "qcow2", from.path, f.Name())
				im := openImage(t, f.Name())
				c, err := im.Walk(t.Context())
				require(t, err)
				if faults := im.faults(c); len(faults) > 0 {
					t.Errorf("%s: %q", name, faults)
				}
			}
		}
	}
}

// TestCreateEmpty makes images without content, as large as they get, and with backing files.
func TestCreateEmpty(t *testing.T) {
	dir := t.TempDir()
	qemu(t, "qemu-img", "create", "-q", "-f", "raw", filepath.Join(dir, "base"), "1M")
	for _, c := range []struct {
		n    target.New
		fail string
	}{
		{n: target.New{Size: 512}},
		{n: target.New{Size: 10 << 30}},
		{n: target.New{Size: 2 << 50}},
		{n: target.New{Size: 2<<50 + 512}, fail: "at most 2 PiB"},
		{n: target.New{Size: 0}, fail: "not possible"},
		{n: target.New{Size: 1000}, fail: "multiple of 512"},
		{n: target.New{Size: 4 << 20, Backing: "base", BackingFormat: "raw"}},
		{n: target.New{Size: 4 << 20, Compression: "zstd"}},
		{n: target.New{Size: 4 << 20, Compression: "lzma"}, fail: "use zlib or zstd"},
		{n: target.New{Size: 4 << 20, Backing: strings.Repeat("x", 1024), BackingFormat: "raw"}, fail: "use a shorter one"},
	} {
		f, err := os.Create(filepath.Join(dir, "new"))
		require(t, err)
		err = create(t.Context(), f, c.n)
		require(t, f.Close())
		if (err == nil) != (c.fail == "") || err != nil && !strings.Contains(err.Error(), c.fail) {
			t.Errorf("%+v: %v, want %q", c.n, err, c.fail)
		}
		if err != nil {
			continue
		}
		qemu(t, "qemu-img", "check", "-q", "-f", "qcow2", f.Name())
		info := qemu(t, "qemu-img", "info", f.Name())
		for _, want := range []string{fmt.Sprintf("(%d bytes)", c.n.Size), c.n.Backing, c.n.BackingFormat} {
			if !strings.Contains(info, want) {
				t.Errorf("%+v: qemu-img does not say %q:\n%s", c.n, want, info)
			}
		}
	}
}

// broken is a disk that cannot be read at one place.
type broken struct{ holed }

func (b broken) ReadAt(p []byte, off int64) (int, error) {
	if bad := int64(5 << 20); off <= bad && bad < off+int64(len(p)) {
		return 0, io.ErrUnexpectedEOF
	}
	return b.holed.ReadAt(p, off)
}

func (b broken) Data(off int64) (int64, int64, error) { return off, b.Size(), nil }

// TestCreateStopped ends with the error of a read and with the end of the context, and leaves no goroutine waiting.
func TestCreateStopped(t *testing.T) {
	from := newHoled(t, rand.New(rand.NewSource(1)), 9<<20, 3)
	f, err := os.Create(filepath.Join(t.TempDir(), "new"))
	require(t, err)
	defer func() { _ = f.Close() }()
	if err := create(t.Context(), f, target.New{Size: from.Size(), Content: broken{from}}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a bad sector: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	n := target.New{Size: from.Size(), Content: from, Watch: func(int64) { stop() }}
	if err := create(ctx, f, n); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}
