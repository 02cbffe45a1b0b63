package qcow2

import (
	"context"
	"math/rand"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// TestRead compares every byte with qemu-img, and the references with its check, for all kinds of images.
func TestRead(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, s := range shapes() {
		t.Run(s.name, func(t *testing.T) {
			const size = 3<<20 + 512*5
			path := s.make(t, t.TempDir(), rng, size)
			im := openImage(t, path)
			if im.Size() != size {
				t.Fatalf("%d bytes", im.Size())
			}
			sameAsQEMU(t, im, path)
			clean(t, im, path)
		})
	}
}

// clean fails unless the walk and qemu-img find nothing.
func clean(t testing.TB, im *Image, path string) *Check {
	t.Helper()
	c, err := im.Walk(context.Background())
	require(t, err)
	if !c.Clean() || c.Leaks.Count != 0 || c.Beyond.Count != 0 {
		t.Fatalf("%+v", *c)
	}
	qemuClean(t, path)
	return c
}

func qemuClean(t testing.TB, path string) {
	t.Helper()
	out, err := exec.Command(testneed.Tool(t, "qemu-img"), "check", "-U", path).CombinedOutput()
	if err != nil || strings.Contains(string(out), "ERROR") {
		t.Fatalf("qemu-img check: %v\n%s", err, out)
	}
}

// TestReadChain reads through images of different clusters on a raw base that is shorter than they are.
func TestReadChain(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	dir := t.TempDir()
	qemu(t, "qemu-img", "create", "-q", "-f", "raw", filepath.Join(dir, "base"), "1500k")
	qemu(t, "qemu-io", "-f", "raw", "-c", "write -P 7 100k 1300k", "-c", "write -P 8 1499k 1k", filepath.Join(dir, "base"))
	qemu(t, "qemu-img", "create", "-q", "-f", "qcow2", "-o", "cluster_size=4096", "-F", "raw", "-b", "base", filepath.Join(dir, "middle"), "2500k")
	scribble(t, filepath.Join(dir, "middle"), rng, 2500<<10, 8)
	for _, options := range []string{"compat=0.10", "compat=1.1,extended_l2=on", "compat=1.1,cluster_size=2M"} {
		s := shape{options: options}
		path := s.make(t, dir, rng, 2<<20+512, "-F", "qcow2", "-b", "middle")
		im := openImage(t, path)
		sameAsQEMU(t, im, path)
		clean(t, im, path)
	}
}

// TestSnapshots reads an image with snapshots and a machine's state.
func TestSnapshots(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, options := range []string{"compat=0.10", "compat=1.1", "compat=1.1,refcount_bits=64,cluster_size=4096", "compat=1.1,extended_l2=on"} {
		s := shape{options: options}
		path := s.make(t, t.TempDir(), rng, 2<<20)
		for _, name := range []string{"one", "two", "three"} {
			qemu(t, "qemu-img", "snapshot", "-c", name, path)
			scribble(t, path, rng, 2<<20, 4)
		}
		qemu(t, "qemu-img", "snapshot", "-d", "two", path)
		im := openImage(t, path)
		if len(im.Snapshots) != 2 || im.Snapshots[1].Name != "three" || im.Snapshots[0].ID != "1" {
			t.Fatalf("%+v", im.Snapshots)
		}
		sameAsQEMU(t, im, path)
		if c := clean(t, im, path); c.Space.Snapshots == 0 || c.Space.Data == 0 {
			t.Errorf("%+v", c.Space)
		}
	}
}
