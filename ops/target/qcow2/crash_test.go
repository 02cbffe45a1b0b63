package qcow2

import (
	"context"
	"errors"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// A recorder keeps the writes to a file, so that a test can lose some of them.
type recorder struct {
	writes []write
	syncs  []int // the number of writes before each sync

	fail int // the number of the write or sync that fails, counted from 1; 0 for none
	done int
	file *os.File // also written to, if it is not nil
}

type write struct {
	off int64
	b   []byte
}

var errInjected = errors.New("injected")

func (r *recorder) step() error {
	if r.done++; r.done == r.fail {
		return errInjected
	}
	return nil
}

func (r *recorder) WriteAt(p []byte, off int64) (int, error) {
	if err := r.step(); err != nil {
		return 0, err
	}
	r.writes = append(r.writes, write{off, slices.Clone(p)})
	if r.file != nil {
		return r.file.WriteAt(p, off)
	}
	return len(p), nil
}

func (r *recorder) Sync() error {
	if err := r.step(); err != nil {
		return err
	}
	r.syncs = append(r.syncs, len(r.writes))
	return nil
}

// memory is an image file in memory.
type memory []byte

func (m memory) Size() int64 { return int64(len(m)) }
func (m memory) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(m)) {
		return 0, io.EOF
	}
	n := copy(p, m[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
func (m memory) Data(off int64) (int64, int64, error) { return off, m.Size(), nil }

// lose returns the file after a power cut: each sector of the writes was written or not.
func lose(rng *rand.Rand, file []byte, writes []write, often float64) []byte {
	out := slices.Clone(file)
	for _, w := range writes {
		for at := 0; at < len(w.b); at += sectorLen {
			if rng.Float64() < often {
				continue
			}
			end := int(w.off) + at + sectorLen
			if end > len(out) {
				out = append(out, make([]byte, end-len(out))...)
			}
			copy(out[int(w.off)+at:], w.b[at:min(at+sectorLen, len(w.b))])
		}
	}
	return out
}

// TestPowerCut cuts the power at random places of random commits: the image shows the old disk or the new one, and its
// references are in order.
func TestPowerCut(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	states := 0
	for _, s := range []shape{
		{options: "compat=0.10,cluster_size=4096"},
		{options: "compat=1.1", packed: true},
		{options: "compat=1.1,refcount_bits=1,cluster_size=512"},
		{options: "compat=1.1,extended_l2=on,cluster_size=16k"},
		{options: "compat=1.1,compression_type=zstd,cluster_size=4096", packed: true},
	} {
		path := s.make(t, t.TempDir(), rng, 600<<10)
		if !strings.Contains(s.options, "0.10") && !strings.Contains(s.options, "refcount_bits=1") {
			qemu(t, "qemu-img", "snapshot", "-c", "one", path)
			scribble(t, path, rng, 600<<10, 3)
		}
		file, err := os.ReadFile(path)
		require(t, err)
		im, err := Open(memory(file), nil)
		require(t, err)
		check, err := im.Walk(context.Background())
		require(t, err)
		d := newDraft(readAll(t, im))
		for range 3 {
			d.change(rng, 16<<10)
		}
		r := &recorder{}
		e, err := im.Prepare(context.Background(), check, d.plan(), r)
		require(t, err)
		require(t, e.Switch())
		before := r.writes[:len(r.writes)-1]
		if !slices.Equal(r.syncs, []int{len(before), len(r.writes)}) {
			t.Fatalf("syncs after %v of %d writes", r.syncs, len(r.writes))
		}
		for range 40 {
			shows(t, lose(rng, file, before, rng.Float64()), d.old, im)
			states++
		}
		whole := lose(rng, file, before, 0)
		after, err := Open(memory(lose(rng, whole, r.writes[len(before):], 0)), nil)
		require(t, err)
		d.is(t, readAll(t, after))
		if s.packed {
			out := filepath.Join(t.TempDir(), "torn")
			require(t, os.WriteFile(out, lose(rng, file, before, 0.5), 0o600))
			qemuClean(t, out)
		}
	}
	t.Logf("%d states", states)
}

// shows fails unless the file is an image of the disk without a fault.
func shows(t testing.TB, file, disk []byte, old *Image) {
	t.Helper()
	im, err := Open(memory(file), nil)
	require(t, err)
	same(t, readAll(t, im), disk)
	check, err := im.Walk(context.Background())
	require(t, err)
	if !check.Clean() || check.Leaks.Count > 0 {
		t.Fatalf("%+v", *check)
	}
	if old != nil && im.sector != old.sector {
		t.Fatal("the header has changed before the switch")
	}
}

// TestWriteErrors lets each write and each sync of a commit fail.
func TestWriteErrors(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	path := shape{options: "compat=1.1,cluster_size=4096"}.make(t, t.TempDir(), rng, 600<<10)
	file, err := os.ReadFile(path)
	require(t, err)
	im, err := Open(memory(file), nil)
	require(t, err)
	check, err := im.Walk(context.Background())
	require(t, err)
	d := newDraft(readAll(t, im))
	for range 3 {
		d.change(rng, 4<<10)
	}
	for fail := 1; ; fail++ {
		r := &recorder{fail: fail}
		e, err := im.Prepare(context.Background(), check, d.plan(), r)
		switched := err == nil
		if switched {
			err = e.Switch()
		}
		if err == nil {
			if fail < 5 {
				t.Fatalf("only %d writes and syncs", fail-1)
			}
			return
		}
		if !errors.Is(err, errInjected) {
			t.Fatal(err)
		}
		after := lose(rng, file, r.writes, 0)
		if disk := d.old; len(r.syncs) < 2 && !switched {
			shows(t, after, disk, im)
		}
	}
}
