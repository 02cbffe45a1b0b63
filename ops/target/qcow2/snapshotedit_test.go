package qcow2

import (
	"bytes"
	"context"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"shunt/model/testneed"
	"shunt/ops/target"
)

// keeping returns the plan that keeps the disk of an image.
func keeping(im *Image) target.Next {
	keep := target.Piece{Len: im.Size(), Kind: target.Keep}
	return target.Next{Size: im.Size(), Content: im, Pieces: slices.Values([]target.Piece{keep})}
}

// commit does an edit that keeps the disk or names another one as a whole.
func commit(t testing.TB, path string, change func(*target.Next)) {
	t.Helper()
	im := openImage(t, path)
	check := clean(t, im, path)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require(t, err)
	defer func() { require(t, f.Close()) }()
	plan := keeping(im)
	change(&plan)
	e, err := im.Prepare(context.Background(), check, plan, f)
	require(t, err)
	_, err = e.verify(context.Background(), fileStore{f}, true)
	require(t, err)
	qemuClean(t, path)
	require(t, e.Switch())
	clean(t, openImage(t, path), path)
	qemuClean(t, path)
}

// shot does an edit of snapshots. what is the name of a new one, or the ID.
func shot(t testing.TB, path string, do target.SnapshotVerb, what string) {
	t.Helper()
	commit(t, path, func(n *target.Next) {
		n.Snapshot = target.SnapshotEdit{Do: do, Name: what, ID: what, Made: time.Unix(1e9, 7)}
	})
}

// snapshotBytes returns the disk of a snapshot, as QEMU reads it and as we do.
func snapshotBytes(t testing.TB, path, name string) []byte {
	t.Helper()
	raw := filepath.Join(t.TempDir(), "raw")
	qemu(t, "qemu-img", "convert", "-U", "-l", "snapshot.name="+name, "-f", "qcow2", "-O", "raw", path, raw)
	b, err := os.ReadFile(raw)
	require(t, err)
	im := openImage(t, path)
	for _, s := range im.Snapshots {
		if s.Name != name {
			continue
		}
		kept, err := im.keeping(s)
		require(t, err)
		got := make([]byte, kept.Size())
		if n, err := kept.ReadAt(got, 0); n < len(got) {
			t.Fatal(err)
		}
		// QEMU shows it as long as the disk is now.
		n := min(len(got), len(b))
		same(t, got[:n], b[:n])
		if len(bytes.Trim(b[n:], "\x00")) > 0 {
			t.Error("QEMU shows more behind its end")
		}
		return got
	}
	t.Fatalf("there is no snapshot %q", name)
	return nil
}

// TestSnapshotEdits makes, applies and deletes snapshots of images of all kinds in turns with QEMU, which must find them clean
// and with the right content.
func TestSnapshotEdits(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	const size = 1<<20 + 512*7
	for _, s := range []shape{
		{options: "compat=0.10,cluster_size=512"},
		{options: "compat=0.10", packed: true},
		{options: "compat=1.1,cluster_size=2M"},
		{options: "compat=1.1,refcount_bits=2"},
		{options: "compat=1.1,refcount_bits=64,cluster_size=4096"},
		{options: "compat=1.1,compression_type=zstd", packed: true},
		{options: "compat=1.1,preallocation=metadata"},
		{options: "compat=1.1,extended_l2=on,cluster_size=16k", packed: true},
	} {
		s.name = s.options
		t.Run(s.name, func(t *testing.T) {
			path := s.make(t, t.TempDir(), rng, size)
			states := map[string][]byte{}
			for _, name := range []string{"one", "two"} {
				states[name] = readAll(t, openImage(t, path))
				shot(t, path, target.CreateSnapshot, name)
				same(t, readAll(t, openImage(t, path)), states[name])
				scribble(t, path, rng, size, 4)
			}
			for name, want := range states {
				same(t, snapshotBytes(t, path, name), want)
			}
			if list := qemu(t, "qemu-img", "snapshot", "-l", path); !strings.Contains(list, "one") || strings.Count(list, "\n") != 4 {
				t.Errorf("the list is\n%s", list)
			}
			few := s.options == "compat=1.1,refcount_bits=2" // three uses are the most, and QEMU needs one more to apply
			if few {
				shot(t, path, target.ApplySnapshot, "1")
			} else {
				qemu(t, "qemu-img", "snapshot", "-a", "one", path)
			}
			same(t, readAll(t, openImage(t, path)), states["one"])
			shot(t, path, target.ApplySnapshot, "2")
			same(t, readAll(t, openImage(t, path)), states["two"])
			scribble(t, path, rng, size, 3)
			now := readAll(t, openImage(t, path))
			if !few {
				qemu(t, "qemu-img", "snapshot", "-c", "three", path)
				shot(t, path, target.DeleteSnapshot, "3")
			}
			shot(t, path, target.DeleteSnapshot, "1")
			same(t, snapshotBytes(t, path, "two"), states["two"])
			qemu(t, "qemu-img", "snapshot", "-d", "two", path) // deleted by QEMU
			qemuClean(t, path)
			same(t, readAll(t, openImage(t, path)), now)
		})
	}
}

// TestSnapshotOfAnotherSize applies snapshots that were made when the disk was longer or shorter.
func TestSnapshotOfAnotherSize(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	qemu(t, "qemu-img", "create", "-q", "-f", "qcow2", "-o", "cluster_size=512", path, "1M")
	qemu(t, "qemu-io", "-c", "write -P 5 1000k 24k", path)
	shot(t, path, target.CreateSnapshot, "small")
	qemu(t, "qemu-img", "resize", "-q", path, "3M")
	qemu(t, "qemu-io", "-c", "write -P 6 2000k 1072k", path)
	shot(t, path, target.CreateSnapshot, "large")
	want := map[string][]byte{"small": snapshotBytes(t, path, "small"), "large": snapshotBytes(t, path, "large")}
	for _, c := range []struct{ id, name string }{{"1", "small"}, {"2", "large"}, {"1", "small"}} {
		shot(t, path, target.ApplySnapshot, c.id)
		same(t, readAll(t, openImage(t, path)), want[c.name])
		sameAsQEMU(t, openImage(t, path), path)
	}
	qemu(t, "qemu-img", "snapshot", "-a", "large", path)
	qemuClean(t, path)
	same(t, readAll(t, openImage(t, path)), want["large"])
}

// TestSnapshotsFull refuses what the width of the counts does not allow.
func TestSnapshotsFull(t *testing.T) {
	for bits, most := range map[int]int{1: 0, 2: 2, 4: 14} {
		path := filepath.Join(t.TempDir(), "f")
		qemu(t, "qemu-img", "create", "-q", "-f", "qcow2", "-o", fmt.Sprintf("cluster_size=4k,refcount_bits=%d", bits), path, "256k")
		qemu(t, "qemu-io", "-c", "write 0 4k", path)
		before := readAll(t, openImage(t, path))
		for i := range most {
			shot(t, path, target.CreateSnapshot, fmt.Sprint(i))
		}
		im := openImage(t, path)
		plan := keeping(im)
		plan.Snapshot.Do = target.CreateSnapshot
		_, err := im.Estimate(context.Background(), clean(t, im, path), plan)
		if err == nil || !strings.Contains(err.Error(), "refcounts of") {
			t.Errorf("%d bits: %v", bits, err)
		}
		for i := range most {
			shot(t, path, target.DeleteSnapshot, fmt.Sprint(i+1))
		}
		same(t, readAll(t, openImage(t, path)), before)
	}
}

// TestSnapshotPowerCut loses writes of edits of snapshots: the image always shows the old state or the new one.
func TestSnapshotPowerCut(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	path := shape{options: "compat=1.1,cluster_size=4096"}.make(t, t.TempDir(), rng, 1<<20)
	shot(t, path, target.CreateSnapshot, "one")
	scribble(t, path, rng, 1<<20, 4)
	file, err := os.ReadFile(path)
	require(t, err)
	for _, do := range []target.SnapshotVerb{target.CreateSnapshot, target.ApplySnapshot, target.DeleteSnapshot} {
		im, err := Open(memory(file), nil)
		require(t, err)
		check, err := im.Walk(context.Background())
		require(t, err)
		plan, r := keeping(im), &recorder{}
		plan.Snapshot = target.SnapshotEdit{Do: do, ID: "1", Name: "two"}
		e, err := im.Prepare(context.Background(), check, plan, r)
		require(t, err)
		old := readAll(t, im)
		for i := range 30 {
			after := lose(rng, file, r.writes[:rng.Intn(len(r.writes)+1)], []float64{0, 0.5, 1}[i%3])
			unharmed(t, after, old, im)
		}
		whole := lose(rng, file, r.writes, 0)
		sector := e.sector
		copy(whole, sector[:])
		now, err := Open(memory(whole), nil)
		require(t, err)
		found, err := now.Walk(context.Background())
		require(t, err)
		if !found.Clean() || found.Leaks.Count > 0 {
			t.Errorf("edit %d: %+v", do, found)
		}
		if want := []int{2, 1, 0}[do-1]; len(now.Snapshots) != want {
			t.Errorf("edit %d leaves %d snapshots", do, len(now.Snapshots))
		}
	}
}

// TestOwn finds what an overlay has of its own.
func TestOwn(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "over")
	qemu(t, "qemu-img", "create", "-q", "-f", "raw", dir+"/base", "2M")
	qemu(t, "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", "base", "-o", "cluster_size=4k", path)
	qemu(t, "qemu-io", "-c", "write 8k 8k", "-c", "write -z 1M 4k", path)
	im := openImage(t, path)
	var got [][2]int64
	for at := int64(0); ; {
		start, end, err := im.own(at)
		require(t, err)
		if start == im.Size() {
			break
		}
		got, at = append(got, [2]int64{start, end}), end
	}
	if want := [][2]int64{{8 << 10, 16 << 10}, {1 << 20, 1<<20 + 4<<10}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if _, err := (endless{im}).ReadAt(bytes.Repeat([]byte{1}, 512), im.Size()-512); err != nil {
		t.Error(err)
	}
}

// unharmed fails unless a file is an image of the disk without a fault, with the header of old.
func unharmed(t testing.TB, file, disk []byte, old *Image) {
	t.Helper()
	im, err := Open(memory(file), nil)
	require(t, err)
	same(t, readAll(t, im), disk)
	check, err := im.Walk(context.Background())
	require(t, err)
	if !check.Clean() || check.Leaks.Count > 0 || im.sector != old.sector {
		t.Fatalf("%+v", *check)
	}
}
