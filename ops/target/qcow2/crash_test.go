package qcow2

import (
	"context"
	"errors"
	"flag"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
)

var cutsFlag = flag.Int("cuts", 100, "how many states after a power cut to try")

// A recorder keeps the writes to a file, so that a test can lose some of them.
type recorder struct {
	writes []write
	syncs  []int // the number of writes before each sync

	fail int   // the number of the write or sync that fails, counted from 1; 0 for none
	how  error // with which it fails
	done int
}

type write struct {
	off int64
	b   []byte
}

// failures are the ways in which a write or a sync fails: an error, a full disk, and less than was asked for.
var failures = []error{unix.EIO, unix.ENOSPC, io.ErrShortWrite}

func (r *recorder) step() error {
	if r.done++; r.done == r.fail {
		return r.how
	}
	return nil
}

func (r *recorder) WriteAt(p []byte, off int64) (int, error) {
	err := r.step()
	if err != nil {
		p = p[:len(p)/2/sectorLen*sectorLen] // nobody may count on nothing having been written
	}
	r.writes = append(r.writes, write{off, slices.Clone(p)})
	return len(p), err
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

// lose returns the file after a power cut: each sector of the writes was written, not, or by half. With often at 0 all were.
func lose(rng *rand.Rand, file []byte, writes []write, often float64) []byte {
	out := slices.Clone(file)
	for _, w := range writes {
		for at := 0; at < len(w.b); at += sectorLen {
			if often > 0 && rng.Float64() < often {
				continue
			}
			sector := w.b[at:min(at+sectorLen, len(w.b))]
			if often > 0 && rng.Intn(10) == 0 {
				sector = sector[:len(sector)/2]
			}
			if end := int(w.off) + at + sectorLen; end > len(out) {
				out = append(out, make([]byte, end-len(out))...)
			}
			copy(out[int(w.off)+at:], sector)
		}
	}
	return out
}

// crashShapes are the images whose commits are cut off.
func crashShapes() []shape {
	return []shape{
		{options: "compat=0.10,cluster_size=4096"},
		{options: "compat=1.1", packed: true},
		{options: "compat=1.1,refcount_bits=1,cluster_size=512"},
		{options: "compat=1.1,extended_l2=on,cluster_size=16k"},
		{options: "compat=1.1,compression_type=zstd,cluster_size=4096", packed: true},
	}
}

// snapshotted makes an image of a shape, with a snapshot where one is possible, and returns its file.
func (s shape) snapshotted(t *testing.T, rng *rand.Rand) []byte {
	t.Helper()
	path := s.make(t, t.TempDir(), rng, 600<<10)
	if s.countsSnapshots() {
		qemu(t, "qemu-img", "snapshot", "-c", "one", path)
		scribble(t, path, rng, 600<<10, 3)
	}
	file, err := os.ReadFile(path)
	require(t, err)
	return file
}

// A drafted is an image file with a change that has not been made.
type drafted struct {
	file  []byte
	im    *Image
	check *Check
	d     *draft
}

func newDrafted(t testing.TB, rng *rand.Rand, file []byte, align int64) drafted {
	t.Helper()
	im, err := Open(memory(file), nil)
	require(t, err)
	check, err := im.Walk(context.Background())
	require(t, err)
	d := newDraft(readAll(t, im))
	for range 1 + rng.Intn(4) {
		if len(d.disk) < 500<<10 {
			d.resize(600 << 10)
		}
		d.change(rng, align)
	}
	return drafted{file, im, check, d}
}

// commit writes the change to r.
func (d drafted) commit(r *recorder) (switched bool, err error) {
	e, err := d.im.Prepare(context.Background(), d.check, d.d.plan(), r)
	if err != nil {
		return false, err
	}
	return true, e.Switch()
}

// TestPowerCut cuts the power at random places of random commits: the image shows the old disk or the new one, and its
// references are in order. For some of the images qemu-img says so too.
func TestPowerCut(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	states, looked := 0, 0
	for states < *cutsFlag {
		for _, s := range crashShapes() {
			d := newDrafted(t, rng, s.snapshotted(t, rng), 16<<10)
			for range 1 + *cutsFlag/1000 {
				r := &recorder{}
				_, err := d.commit(r)
				require(t, err)
				before := r.writes[:len(r.writes)-1]
				if !slices.Equal(r.syncs, []int{len(before), len(r.writes)}) {
					t.Fatalf("syncs after %v of %d writes", r.syncs, len(r.writes))
				}
				for range 18 {
					d.shows(t, lose(rng, d.file, before, rng.Float64()), true)
					states++
				}
				whole := lose(rng, d.file, before, 0)
				flip := r.writes[len(before):]
				torn := []write{{flip[0].off, flip[0].b[:sectorLen/2]}}
				for _, writes := range [][]write{flip, torn} {
					whole = lose(rng, whole, writes, 0)
					d.shows(t, whole, false)
					states++
				}
				if looked*500 <= states {
					looked++
					out := filepath.Join(t.TempDir(), "torn")
					require(t, os.WriteFile(out, lose(rng, d.file, before, 0.5), 0o600))
					qemuClean(t, out)
					require(t, os.WriteFile(out, whole, 0o600))
					qemuClean(t, out)
				}
				d = newDrafted(t, rng, whole, []int64{512, 4096, 16 << 10, 64 << 10}[rng.Intn(4)])
			}
		}
	}
	t.Logf("%d states, %d looked at by qemu-img", states, 2*looked)
}

// shows fails unless a file shows the old disk, or else the new one, without a fault in the format.
func (d drafted) shows(t testing.TB, file []byte, old bool) {
	t.Helper()
	im, err := Open(memory(file), nil)
	require(t, err)
	if old {
		same(t, readAll(t, im), d.d.old)
	} else {
		d.d.is(t, readAll(t, im))
	}
	check, err := im.Walk(context.Background())
	require(t, err)
	if !check.Clean() || check.Leaks.Count > 0 {
		t.Fatalf("%+v", *check)
	}
	if old && im.sector != d.im.sector {
		t.Fatal("the header has changed before the switch")
	}
}

// TestWriteErrors lets each write and each sync of commits fail, in every way.
func TestWriteErrors(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	count := 0
	for _, s := range crashShapes() {
		d := newDrafted(t, rng, s.snapshotted(t, rng), 4<<10)
		for _, how := range failures {
			for fail := 1; ; fail++ {
				r := &recorder{fail: fail, how: how}
				switched, err := d.commit(r)
				if err == nil {
					break
				}
				if !errors.Is(err, how) {
					t.Fatalf("%v instead of %v", err, how)
				}
				// The half of a sector is less than the machine writes, so a switch that failed has not been made.
				d.shows(t, lose(rng, d.file, r.writes, 0), !switched || len(r.writes[len(r.writes)-1].b) == 0)
				count++
			}
		}
	}
	if t.Logf("%d failures", count); count < 3*len(failures)*len(crashShapes()) {
		t.Error("a commit has more writes and syncs than that")
	}
}
