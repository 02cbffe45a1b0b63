package qcow2

import (
	"bytes"
	"context"
	"fmt"
	"math/rand"
	"os"
	"slices"
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
		now := size/2 + rng.Int63n(size)&^511
		now = max(512, now&^511)
		if now > size {
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
	check := clean(t, im, path)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require(t, err)
	defer func() { require(t, f.Close()) }()
	e, err := im.Prepare(context.Background(), check, d.plan(), fileStore{f})
	require(t, err)
	same(t, readAll(t, openImage(t, path)), d.old) // nothing has happened yet
	qemuClean(t, path)
	require(t, e.Switch())
	after := openImage(t, path)
	d.is(t, readAll(t, after))
	if now := clean(t, after, path); check.Preallocated && !now.Preallocated && len(d.reserved) == 0 {
		t.Error("a preallocated image has places without a cluster")
	}
	sameAsQEMU(t, after, path)
	return e.Cost
}

// TestEdits makes random edits of all kinds of images, aligned and not.
func TestEdits(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for i, s := range shapes() {
		t.Run(s.name, func(t *testing.T) {
			path := s.make(t, t.TempDir(), rng, 2<<20+512*7)
			for round := range 3 {
				d := newDraft(readAll(t, openImage(t, path)))
				align := []int64{512, 4096, 64 << 10, 1 << 20}[(i+round)%4]
				for range 1 + rng.Intn(4) {
					if s.v2() && len(d.disk) < 1<<20 {
						break
					}
					d.change(rng, min(align, int64(len(d.disk)/8)&^511))
				}
				d.commit(t, path)
				if size := int64(len(d.disk)); size > 400<<10 {
					scribble(t, path, rng, size, 3)
				}
			}
		})
	}
}

func (s shape) v2() bool { return s.options == "compat=0.10" }

// TestEditsWithBacking makes random edits of images that show a base, which stays as it is.
func TestEditsWithBacking(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, options := range []string{"compat=0.10", "compat=1.1", "compat=1.1,extended_l2=on", "compat=1.1,cluster_size=4096,refcount_bits=1"} {
		for _, base := range []string{"1500k", "3M"} {
			t.Run(fmt.Sprint(options, " ", base), func(t *testing.T) {
				dir := t.TempDir()
				qemu(t, "qemu-img", "create", "-q", "-f", "raw", dir+"/base", base)
				qemu(t, "qemu-io", "-f", "raw", "-c", "write -P 7 0 700k", "-c", "write -P 8 900k 590k", dir+"/base")
				before, err := os.ReadFile(dir + "/base")
				require(t, err)
				path := shape{options: options}.make(t, dir, rng, 2<<20, "-F", "raw", "-b", "base")
				for range 3 {
					d := newDraft(readAll(t, openImage(t, path)))
					for range 1 + rng.Intn(3) {
						d.change(rng, min(64<<10, int64(len(d.disk)/8)&^511))
					}
					d.commit(t, path)
				}
				after, err := os.ReadFile(dir + "/base")
				require(t, err)
				same(t, after, before)
			})
		}
	}
}
