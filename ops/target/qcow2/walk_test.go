package qcow2

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"shunt/model/testneed"
)

// qemuCheck returns the numbers that qemu-img check reports.
func qemuCheck(t testing.TB, path string) (corruptions, leaks int64) {
	t.Helper()
	out, _ := exec.Command(testneed.Tool(t, "qemu-img"), "check", "--output=json", path).Output() // its code says the same
	var r struct {
		Corruptions, Leaks int64
		CheckErrors        int64 `json:"check-errors"`
	}
	require(t, json.Unmarshal(out, &r))
	return r.Corruptions + r.CheckErrors, r.Leaks
}

// TestWalkFaults spoils refcounts and marks, and compares what the walk finds with qemu-img check. Then it has the image
// mended.
func TestWalkFaults(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, options := range []string{"compat=0.10", "compat=1.1,refcount_bits=1", "compat=1.1,refcount_bits=4,cluster_size=4096", "compat=1.1,refcount_bits=64", "compat=1.1,extended_l2=on"} {
		t.Run(options, func(t *testing.T) {
			path := shape{options: options}.make(t, t.TempDir(), rng, 2<<20)
			im := openImage(t, path)
			whole, err := os.ReadFile(path)
			require(t, err)
			disk := readAll(t, im)
			for round := range 12 {
				spoiled := spoil(rng, im, append([]byte{}, whole...))
				out := filepath.Join(t.TempDir(), "spoiled")
				require(t, os.WriteFile(out, spoiled, 0o600))
				wrong, leaks := qemuCheck(t, out)
				bad, err := Open(memory(spoiled), nil)
				require(t, err)
				check, err := bad.Walk(context.Background())
				require(t, err)
				if check.Clean() != (wrong == 0) || check.Leaks.Count != leaks {
					t.Fatalf("round %d: %d errors, %d marks, %d leaks; QEMU says %d corruptions, %d leaks", round, check.Errors.Count,
						check.Copied.Count, check.Leaks.Count, wrong, leaks)
				}
				mends(t, out, disk, wrong == 0)
			}
		})
	}
}

// spoil changes one count or one mark.
func spoil(rng *rand.Rand, im *Image, file []byte) []byte {
	table := be.Uint64(file[im.refTable.off:])
	block := file[table : int64(table)+im.cluster()]
	g := rng.Int63n(int64(len(file)) / im.cluster())
	n := count(block, g, im.RefcountBits)
	switch rng.Intn(3) {
	case 0:
		setCount(block, g, im.RefcountBits, (n+1)&im.mostCount())
	case 1:
		setCount(block, g, im.RefcountBits, 0)
	case 2:
		file[int64(im.l1[0]&offsetMask)] ^= 0x80 // of the first entry of the first L2 table
	}
	return file
}

// mends fails unless a commit with Mend leaves an image in order with the same disk, and one without refuses what a writer
// must not rely on.
func mends(t testing.TB, path string, disk []byte, usable bool) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require(t, err)
	defer func() { require(t, f.Close()) }()
	im := openImage(t, path)
	check, err := im.Walk(context.Background())
	require(t, err)
	plan := newDraft(disk).plan()
	if _, err := im.Prepare(context.Background(), check, plan, &recorder{}); (err == nil) != usable || err != nil && !errors.As(err, new(*Corrupt)) {
		t.Fatalf("an edit: %v", err)
	}
	plan.Mend = true
	e, err := im.Prepare(context.Background(), check, plan, f)
	require(t, err)
	require(t, e.Switch())
	after := openImage(t, path)
	same(t, readAll(t, after), disk)
	clean(t, after, path)
}

// TestDirty opens images that were not closed: lazy refcounts leave counts of 0 under live data.
func TestDirty(t *testing.T) {
	path := filepath.Join(t.TempDir(), "img")
	qemu(t, "qemu-img", "create", "-q", "-f", "qcow2", "-o", "lazy_refcounts=on", path, "2M")
	cmd := exec.Command(testneed.Tool(t, "qemu-io"), "-f", "qcow2", "-c", "write -P 9 0 500k", "-c", "flush", "-c", fmt.Sprintf("sigraise %d", 9), path)
	_ = cmd.Run() // it kills itself
	im := openImage(t, path)
	check, err := im.Walk(context.Background())
	require(t, err)
	if !im.Dirty || !im.Lazy || check.Errors.Count == 0 {
		t.Fatalf("dirty %v, lazy %v, %d errors", im.Dirty, im.Lazy, check.Errors.Count)
	}
	disk := readAll(t, im)
	_, err = im.Prepare(context.Background(), check, newDraft(disk).plan(), &recorder{})
	if !errors.As(err, new(*Refused)) {
		t.Fatalf("an edit: %v", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require(t, err)
	defer func() { require(t, f.Close()) }()
	plan := newDraft(disk).plan()
	plan.Mend = true
	e, err := im.Prepare(context.Background(), check, plan, f)
	require(t, err)
	require(t, e.Switch())
	after := openImage(t, path)
	if after.Dirty {
		t.Error("it is still marked as dirty")
	}
	same(t, readAll(t, after), disk)
	clean(t, after, path)
}

// TestBitmaps drops persistent bitmaps and gives back their clusters.
func TestBitmaps(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	path := shape{options: "compat=1.1,cluster_size=4096"}.make(t, t.TempDir(), rng, 2<<20)
	qemu(t, "qemu-img", "bitmap", "--add", path, "backup")
	qemu(t, "qemu-img", "bitmap", "--add", "-g", "512", path, "other")
	scribble(t, path, rng, 2<<20, 5)
	im := openImage(t, path)
	check := clean(t, im, path)
	if check.Space.Bitmaps == 0 || !im.hasBitmaps() {
		t.Fatalf("%+v", check.Space)
	}
	d := newDraft(readAll(t, im))
	d.change(rng, 4096)
	plan := d.plan()
	_, err := im.Prepare(context.Background(), check, plan, &recorder{})
	if !errors.As(err, new(*Refused)) {
		t.Fatalf("an edit: %v", err)
	}
	plan.DropBitmaps = true
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require(t, err)
	defer func() { require(t, f.Close()) }()
	e, err := im.Prepare(context.Background(), check, plan, f)
	require(t, err)
	require(t, e.Switch())
	after := openImage(t, path)
	d.is(t, readAll(t, after))
	if c := clean(t, after, path); c.Space.Bitmaps != 0 {
		t.Errorf("%+v", c.Space)
	}
}
