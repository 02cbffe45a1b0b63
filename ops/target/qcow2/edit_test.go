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
)

// A draft is a disk that a test changes, with the pieces that lead to it.
type draft struct {
	old    []byte
	disk   []byte
	pieces []Piece
}

func newDraft(disk []byte) *draft {
	return &draft{old: disk, disk: slices.Clone(disk), pieces: []Piece{{Len: int64(len(disk)), Kind: Keep}}}
}

// set puts pieces into the disk at their places.
func (d *draft) set(list ...Piece) {
	for _, p := range list {
		var out []Piece
		for _, q := range d.pieces {
			if n := min(q.Off+q.Len, p.Off) - q.Off; n > 0 {
				out = append(out, Piece{q.Off, n, q.Kind, q.Src})
			}
			if p.Off >= q.Off && p.Off < q.Off+q.Len {
				out = append(out, p)
			}
			if from := max(q.Off, p.Off+p.Len); from < q.Off+q.Len {
				out = append(out, Piece{from, q.Off + q.Len - from, q.Kind, q.Src + from - q.Off})
			}
		}
		d.pieces = out
	}
}

// show makes the disk as the pieces say; what is to be written is random.
func (d *draft) change(rng *rand.Rand, align int64) {
	size := int64(len(d.disk))
	place := func(limit int64) int64 { return rng.Int63n(limit+1) / align * align }
	switch rng.Intn(6) {
	case 0, 1, 2: // a partition moves
		n := max(align, place(size/2))
		from, to := place(size-n), place(size-n)
		var moved []Piece
		for _, q := range d.pieces {
			lo, hi := max(q.Off, from), min(q.Off+q.Len, from+n)
			if lo >= hi {
				continue
			}
			src := q.Src + lo - q.Off
			if q.Kind == Keep {
				q.Kind, src = Move, lo
			}
			moved = append(moved, Piece{lo + to - from, hi - lo, q.Kind, src})
		}
		copied := slices.Clone(d.disk[from : from+n])
		clear(d.disk[from : from+n])
		copy(d.disk[to:], copied)
		d.set(Piece{from, n, Empty, 0})
		d.set(moved...)
	case 3:
		n := 512 * (1 + rng.Int63n(200))
		off := rng.Int63n(size-n) &^ 511
		copy(d.disk[off:], text(rng, int(n)))
		d.set(Piece{off, n, Write, 0})
	case 4:
		n := max(align, place(size/3))
		off := place(size - n)
		clear(d.disk[off : off+n])
		d.set(Piece{off, n, Empty, 0})
	case 5:
		now := size/2 + rng.Int63n(size)&^511
		now = max(512, now&^511)
		if now > size {
			d.disk = append(d.disk, make([]byte, now-size)...)
			d.pieces = append(d.pieces, Piece{size, now - size, Empty, 0})
			return
		}
		d.disk = d.disk[:now]
		for len(d.pieces) > 0 && d.pieces[len(d.pieces)-1].Off >= now {
			d.pieces = d.pieces[:len(d.pieces)-1]
		}
		last := &d.pieces[len(d.pieces)-1]
		last.Len = min(last.Len, now-last.Off)
	}
}

func (d *draft) plan() Plan {
	return Plan{Size: int64(len(d.disk)), Pieces: slices.Values(d.pieces), Content: bytes.NewReader(d.disk)}
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
func (d *draft) commit(t testing.TB, path string) Cost {
	t.Helper()
	im := openImage(t, path)
	check := clean(t, im, path)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require(t, err)
	defer func() { require(t, f.Close()) }()
	e, err := im.Prepare(context.Background(), check, d.plan(), f)
	require(t, err)
	same(t, readAll(t, openImage(t, path)), d.old) // nothing has happened yet
	qemuClean(t, path)
	require(t, e.Switch())
	after := openImage(t, path)
	same(t, readAll(t, after), d.disk)
	clean(t, after, path)
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
