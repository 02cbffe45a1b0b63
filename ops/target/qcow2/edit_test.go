package qcow2

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/target"
)

// A draft is a disk that a test changes, with the pieces that lead to it.
type draft struct {
	old    []byte
	disk   []byte
	free   []bool // bytes that may be anything
	pieces []target.Piece

	reserved []target.Reserved
}

func newDraft(disk []byte) *draft {
	return &draft{old: disk, disk: slices.Clone(disk), free: make([]bool, len(disk)), pieces: []target.Piece{{Len: int64(len(disk)), Kind: target.Keep}}}
}

// set puts pieces into the disk at their places.
func (d *draft) set(list ...target.Piece) {
	for _, p := range list {
		var out []target.Piece
		for _, q := range d.pieces {
			if n := min(q.Off+q.Len, p.Off) - q.Off; n > 0 {
				out = append(out, target.Piece{Off: q.Off, Len: n, Kind: q.Kind, Src: q.Src})
			}
			if p.Off >= q.Off && p.Off < q.Off+q.Len {
				out = append(out, p)
			}
			if from := max(q.Off, p.Off+p.Len); from < q.Off+q.Len {
				out = append(out, target.Piece{Off: from, Len: q.Off + q.Len - from, Kind: q.Kind, Src: q.Src + from - q.Off})
			}
		}
		d.pieces = out
	}
}

// change makes one random change to the disk, and to the pieces that lead to it.
func (d *draft) change(rng *rand.Rand, align int64) {
	size := int64(len(d.disk))
	place := func(limit int64) int64 { return rng.Int63n(limit+1) / align * align }
	switch rng.Intn(7) {
	case 6: // blocks that a file system holds free
		for range 20 {
			n := 512 * (1 + rng.Int63n(40))
			off := rng.Int63n(size-n) &^ 511
			for i := off; i < off+n; i++ {
				d.free[i] = true
			}
			d.set(target.Piece{Off: off, Len: n, Kind: target.Free})
		}
	case 0, 1, 2: // a partition moves
		n := max(align, place(size/2))
		from, to := place(size-n), place(size-n)
		var moved []target.Piece
		for _, q := range d.pieces {
			lo, hi := max(q.Off, from), min(q.Off+q.Len, from+n)
			if lo >= hi {
				continue
			}
			src := q.Src + lo - q.Off
			if q.Kind == target.Keep {
				q.Kind, src = target.Move, lo
			}
			moved = append(moved, target.Piece{Off: lo + to - from, Len: hi - lo, Kind: q.Kind, Src: src})
		}
		copied, loose := slices.Clone(d.disk[from:from+n]), slices.Clone(d.free[from:from+n])
		clear(d.disk[from : from+n])
		clear(d.free[from : from+n])
		copy(d.disk[to:], copied)
		copy(d.free[to:], loose)
		d.set(target.Piece{Off: from, Len: n, Kind: target.Empty})
		d.set(moved...)
	case 3:
		n := 512 * (1 + rng.Int63n(200))
		off := rng.Int63n(size-n) &^ 511
		copy(d.disk[off:], text(rng, int(n)))
		clear(d.free[off : off+n])
		d.set(target.Piece{Off: off, Len: n, Kind: target.Write})
	case 4:
		n := max(align, place(size/3))
		off := place(size - n)
		clear(d.disk[off : off+n])
		clear(d.free[off : off+n])
		d.set(target.Piece{Off: off, Len: n, Kind: target.Empty})
	case 5:
		d.resize(max(512, (size/2+rng.Int63n(size))&^511))
	}
}

// resize changes the length of the disk.
func (d *draft) resize(now int64) {
	if size := int64(len(d.disk)); now > size {
		d.disk = append(d.disk, make([]byte, now-size)...)
		d.free = append(d.free, make([]bool, now-size)...)
		d.pieces = append(d.pieces, target.Piece{Off: size, Len: now - size, Kind: target.Empty})
		return
	}
	d.disk, d.free = d.disk[:now], d.free[:now]
	for len(d.pieces) > 0 && d.pieces[len(d.pieces)-1].Off >= now {
		d.pieces = d.pieces[:len(d.pieces)-1]
	}
	last := &d.pieces[len(d.pieces)-1]
	last.Len = min(last.Len, now-last.Off)
}

func (d *draft) plan() target.Next {
	return target.Next{Size: int64(len(d.disk)), Pieces: slices.Values(d.pieces), Content: bytes.NewReader(d.disk), Reserved: d.reserved}
}

// is fails unless a disk is the draft's, but for what may be anything.
func (d *draft) is(t testing.TB, disk []byte) {
	t.Helper()
	if len(disk) != len(d.disk) {
		t.Fatalf("%d bytes instead of %d", len(disk), len(d.disk))
	}
	disk = slices.Clone(disk)
	for i, free := range d.free {
		if free {
			disk[i] = d.disk[i]
		}
	}
	same(t, disk, d.disk)
}

// readAll returns the disk of an image.
func readAll(t testing.TB, im *Image) []byte {
	t.Helper()
	b := make([]byte, im.Size())
	n, err := im.ReadAt(b, 0)
	if n < len(b) {
		t.Fatalf("read %d of %d bytes: %v", n, len(b), err)
	}
	return b
}

// commit brings an image file to the draft's disk and checks it by itself and by qemu-img.
func (d *draft) commit(t testing.TB, path string) target.SwitchCost {
	t.Helper()
	im := openImage(t, path)
	check, err := im.Walk(context.Background())
	require(t, err)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require(t, err)
	defer func() { require(t, f.Close()) }()
	e, err := im.Prepare(context.Background(), check, d.plan(), fileStore{f})
	require(t, err)
	same(t, readAll(t, openImage(t, path)), d.old) // nothing has happened yet
	before := unpatched(t, path, im)
	require(t, e.Switch())
	same(t, unpatched(t, path, im), before)
	after := openImage(t, path)
	d.is(t, readAll(t, after))
	if now := clean(t, after, path); check.Preallocated && !now.Preallocated && len(d.reserved) == 0 {
		t.Error("a preallocated image has places without a cluster")
	}
	sameAsQEMU(t, after, path)
	return e.Cost
}

// unpatched returns the first cluster of an image but for the fields of the header that an edit changes.
func unpatched(t testing.TB, path string, im *Image) []byte {
	t.Helper()
	f, err := os.Open(path)
	require(t, err)
	defer func() { require(t, f.Close()) }()
	b := make([]byte, im.cluster())
	require(t, readFull(f, b, 0))
	clear(b[24:32]) // the size of the disk
	clear(b[36:60]) // the L1 table and the refcount table
	if im.Version > 2 {
		clear(b[88:96]) // bits for what follows every write
	}
	return b
}

var sequencesFlag = flag.Int("sequences", 10, "how many sequences of random edits to try")

// TestEdits makes sequences of random edits of all kinds of images, aligned and not, with writes by QEMU between them. After
// each commit QEMU reads the same disk as the model and finds nothing to mend.
func TestEdits(t *testing.T) {
	seed := testneed.Seed(t)
	list := shapes()
	for i := range *sequencesFlag {
		rng := rand.New(rand.NewSource(seed + int64(i)))
		s := list[rng.Intn(len(list))]
		t.Run(fmt.Sprintf("seed %d, %s", seed+int64(i), s.name), func(t *testing.T) { sequence(t, s, rng) })
	}
}

// sequence makes an image of a shape and edits it.
func sequence(t *testing.T, s shape, rng *rand.Rand) {
	t.Helper()
	const size = 2<<20 + 512*7
	dir := t.TempDir()
	var more []string
	if !s.packed && !strings.Contains(s.options, "preallocation") && rng.Intn(3) == 0 {
		more = s.below(t, dir, rng)
	}
	path := s.make(t, dir, rng, size, more...)
	var kept []byte // of the snapshot
	if s.countsSnapshots() && rng.Intn(3) == 0 {
		qemu(t, "qemu-img", "snapshot", "-c", "one", path)
		kept = readAll(t, openImage(t, path))
	}
	for range 1 + rng.Intn(4) {
		d := newDraft(readAll(t, openImage(t, path)))
		align := []int64{512, 4096, 64 << 10, 1 << 20}[rng.Intn(4)]
		for range 1 + rng.Intn(4) {
			if len(d.disk) < 1<<20 {
				d.resize(size)
			}
			d.change(rng, min(align, int64(len(d.disk)/8)&^511))
		}
		d.commit(t, path)
		if size := int64(len(d.disk)); size > 400<<10 {
			scribble(t, path, rng, size, 3)
		}
	}
	if kept != nil { // it is as it was, and QEMU goes back to it and deletes it
		qemu(t, "qemu-img", "snapshot", "-a", "one", path)
		same(t, readAll(t, openImage(t, path)), kept)
		qemu(t, "qemu-img", "snapshot", "-d", "one", path)
	}
	qemuClean(t, path)
}

// below makes a backing file in dir and returns the arguments for an image on it.
func (s shape) below(t *testing.T, dir string, rng *rand.Rand) []string {
	t.Helper()
	base, length := filepath.Join(dir, "base"), []string{"1500k", "2M", "3M"}[rng.Intn(3)]
	format := []string{"raw", "qcow2"}[rng.Intn(2)]
	qemu(t, "qemu-img", "create", "-q", "-f", format, base, length)
	qemu(t, "qemu-io", "-f", format, "-c", "write -P 7 0 700k", "-c", "write -P 8 900k 590k", base)
	before, err := os.ReadFile(base)
	require(t, err)
	t.Cleanup(func() {
		after, err := os.ReadFile(base)
		require(t, err)
		same(t, after, before)
	})
	return []string{"-F", format, "-b", "base"}
}

// countsSnapshots reports whether the size may change beside a snapshot, and whether the counts have the bits for one.
func (s shape) countsSnapshots() bool {
	return !s.v2() && !strings.Contains(s.options, "refcount_bits=1") && !strings.Contains(s.options, "refcount_bits=2")
}

func (s shape) v2() bool { return strings.Contains(s.options, "compat=0.10") }
