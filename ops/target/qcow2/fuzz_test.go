package qcow2

import (
	"bytes"
	"context"
	"errors"
	"math/rand"
	"os"
	"runtime/metrics"
	"slices"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/target"
)

// seedImages returns small images by qemu-img of several shapes.
func seedImages(f *testing.F) (files [][]byte) {
	f.Helper()
	testneed.Tool(f, "qemu-img")
	rng := rand.New(rand.NewSource(1))
	for _, s := range []shape{
		{options: "compat=0.10,cluster_size=512"},
		{options: "compat=1.1,cluster_size=512,refcount_bits=1"},
		{options: "compat=1.1,cluster_size=512", packed: true},
		{options: "compat=1.1,cluster_size=1k,compression_type=zstd", packed: true},
		{options: "compat=1.1,cluster_size=16k,extended_l2=on"},
	} {
		path := s.make(f, f.TempDir(), rng, 320<<10)
		if !s.packed {
			if s.options != "compat=1.1,cluster_size=512,refcount_bits=1" {
				qemu(f, "qemu-img", "snapshot", "-c", "one", path)
			}
			if s.options[:10] == "compat=1.1" {
				qemu(f, "qemu-img", "bitmap", "--add", path, "b")
			}
		}
		b, err := os.ReadFile(path)
		require(f, err)
		files = append(files, b)
	}
	return files
}

// FuzzImage opens spoiled images: whatever they hold, nothing panics or takes long, errors have their type, and a commit of
// an image that passes the walk leaves one in order.
func FuzzImage(f *testing.F) {
	files := seedImages(f)
	for i, file := range files {
		for word := 0; word < 112; word += 4 { // the header
			f.Add(uint8(i), uint32(word), uint32(0), uint64(1)<<40, uint64(0))
		}
		for at, n := 512, 0; at < len(file) && n < 40; at += 512 { // the beginning of each table
			if w := be.Uint64(file[at:]); w != 0 && (w>>56 == 0x80 || w>>32 == 0) {
				f.Add(uint8(i), uint32(at), uint32(at+8), uint64(0x7000), uint64(1))
				n++
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, at, second uint32, value, other uint64) {
		file := slices.Clone(files[int(which)%len(files)])
		for off, x := range map[uint32]uint64{at: value, second: other} {
			if int(off)+8 <= len(file) {
				be.PutUint64(file[off:], be.Uint64(file[off:])^x)
			}
		}
		tries(t, file)
	})
}

// mostTaken limits what opening and following a small image may allocate, in bytes: an L1 table of 32 MiB and one of a
// refcount table of 8 MiB are possible, each as bytes and as words, and several may be made one after the other.
const mostTaken = 256 << 20

// tries opens a spoiled image, reads it, follows its references and, if they are in order, edits it.
func tries(t *testing.T, file []byte) {
	t.Helper()
	taken := allocated()
	im, err := Open(memory(file), nil)
	if err != nil {
		expected(t, err)
		return
	}
	buf := make([]byte, 64<<10)
	for _, off := range []int64{0, im.Size() / 2, im.Size() - 1000} {
		if n, err := im.ReadAt(buf, max(0, off)); err != nil && n == 0 && im.Size() > 0 && off < im.Size() {
			expected(t, err)
		}
	}
	check, err := im.Walk(context.Background())
	if taken = allocated() - taken; taken > mostTaken {
		t.Fatalf("an image of %d bytes took %d bytes of memory", len(file), taken)
	}
	if err != nil {
		expected(t, err)
		return
	}
	edit(t, im, check, file)
}

// allocated returns how many bytes the program has allocated since it started.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// expected fails unless the error has a type of this package.
func expected(t *testing.T, err error) {
	t.Helper()
	if !errors.As(err, new(*Corrupt)) && !errors.As(err, new(*Refused)) {
		t.Fatalf("%T: %v", err, err)
	}
}

// edit moves the first half of the disk to the second.
func edit(t *testing.T, im *Image, check *Check, file []byte) {
	size := im.Size() &^ 1023
	if size == 0 || size != im.Size() || size > 1<<24 {
		return
	}
	disk := make([]byte, size)
	if n, err := im.ReadAt(disk, 0); n < len(disk) {
		expected(t, err)
		return
	}
	d := newDraft(disk)
	half := size / 2
	d.set(target.Piece{Off: 0, Len: half, Kind: target.Empty}, target.Piece{Off: half, Len: half, Kind: target.Move})
	copy(d.disk[half:], disk[:half])
	clear(d.disk[:half])
	plan := d.plan()
	plan.DropBitmaps, plan.Content = true, bytes.NewReader(d.disk)
	r := &recorder{}
	e, err := im.Prepare(context.Background(), check, plan, r)
	if err == nil {
		err = e.Switch()
	}
	if err != nil {
		expected(t, err)
		return
	}
	after := lose(rand.New(rand.NewSource(1)), file, r.writes, 0)
	now, err := Open(memory(after), nil)
	require(t, err)
	same(t, readAll(t, now), d.disk)
	again, err := now.Walk(context.Background())
	require(t, err)
	if !again.Clean() {
		t.Fatalf("%+v", *again)
	}
}
