package qcow2

import (
	"context"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/target"
)

// A disk of a file, as a rebase gets it.
type readOnly struct {
	target.Device
	Backing
}

func (r readOnly) Size() int64                             { return r.Backing.Size() }
func (r readOnly) ReadAt(p []byte, off int64) (int, error) { return r.Backing.ReadAt(p, off) }
func (r readOnly) Data(off int64) (int64, int64, error)    { return r.Backing.Data(off) }

// on returns a change that gives an image the backing file name beside it, or none.
func on(t testing.TB, dir, name, format string) func(*target.Next) {
	t.Helper()
	return func(n *target.Next) {
		n.Backing = &target.NewBacking{Name: name, Format: format}
		if name == "" {
			return
		}
		var b Backing
		if format == "qcow2" {
			b = openImage(t, filepath.Join(dir, name))
		} else {
			f, err := os.Open(filepath.Join(dir, name))
			require(t, err)
			t.Cleanup(func() { _ = f.Close() })
			b = fileStore{f}
		}
		n.Backing.Disk = readOnly{Backing: b}
	}
}

// TestRebase moves overlays of many kinds from one base to others and to none. QEMU sees the same disk each time.
func TestRebase(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, options := range []string{
		"compat=0.10", "compat=1.1", "compat=1.1,extended_l2=on,cluster_size=16k", "compat=1.1,cluster_size=4096,refcount_bits=1", "compat=0.10,cluster_size=512",
		"compat=1.1,cluster_size=2M",
	} {
		t.Run(options, func(t *testing.T) {
			dir := t.TempDir()
			qemu(t, "qemu-img", "create", "-q", "-f", "raw", dir+"/base", "1500k")
			qemu(t, "qemu-io", "-f", "raw", "-c", "write -P 7 0 700k", "-c", "write -P 8 900k 590k", dir+"/base")
			path := shape{options: options}.make(t, dir, rng, 2<<20, "-F", "raw", "-b", "base")
			want := readAll(t, openImage(t, path))
			other := "an other base, with: odd name"
			qemu(t, "qemu-img", "create", "-q", "-f", "qcow2", filepath.Join(dir, "x"), "3M")
			qemu(t, "qemu-io", "-f", "qcow2", "-c", "write -P 7 0 650k", "-c", "write -P 9 900k 1M", "-c", "write -z 1M 64k", filepath.Join(dir, "x"))
			require(t, os.Rename(filepath.Join(dir, "x"), filepath.Join(dir, other)))
			for _, step := range [][2]string{{"./" + other, "qcow2"}, {"base", "raw"}, {"", ""}, {"base", "raw"}, {"", ""}} {
				commit(t, path, on(t, dir, step[0], step[1]))
				h := openImage(t, path).Header
				if h.Backing != step[0] || step[0] != "" && h.BackingFormat != step[1] {
					t.Errorf("the base is %q (%s), not %v", h.Backing, h.BackingFormat, step)
				}
				same(t, readAll(t, openImage(t, path)), want)
				sameAsQEMU(t, openImage(t, path), path)
				info := qemu(t, "qemu-img", "info", path)
				if step[0] == "" == strings.Contains(info, "backing file") || step[0] != "" && !strings.Contains(info, "backing file format: "+step[1]) {
					t.Errorf("QEMU says\n%s", info)
				}
			}
			// QEMU rewrites what it finds.
			qemu(t, "qemu-img", "rebase", "-u", "-F", "raw", "-b", "base", path)
			scribble(t, path, rng, 2<<20, 3)
			qemuClean(t, path)
		})
	}
}

// TestRebaseCopiesLittle leaves what two bases have in common where it is, and holes unallocated.
func TestRebaseCopiesLittle(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "over")
	qemu(t, "qemu-img", "create", "-q", "-f", "raw", dir+"/a", "64M")
	qemu(t, "qemu-io", "-f", "raw", "-c", "write -P 7 0 2M", "-c", "write -P 8 20M 128k", dir+"/a")
	qemu(t, "cp", "--sparse=always", dir+"/a", dir+"/b")
	qemu(t, "qemu-io", "-f", "raw", "-c", "write -P 9 1M 64k", "-c", "write -P 9 40M 64k", dir+"/b")
	qemu(t, "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", "a", path)
	commit(t, path, on(t, dir, "b", "raw"))
	sameAsQEMU(t, openImage(t, path), path)
	cost := func(change func(*target.Next)) target.SwitchCost {
		im := openImage(t, path)
		plan := keeping(im)
		change(&plan)
		c, err := im.Estimate(context.Background(), clean(t, im, path), plan)
		require(t, err)
		return c
	}
	if c := cost(on(t, dir, "a", "raw")); c.Shown != 0 { // it has its own copy of what differs, and that stays
		t.Errorf("back to the first base copies %d bytes", c.Shown)
	}
	if c := cost(on(t, dir, "", "")); c.Shown != 2<<20+128<<10-64<<10 {
		t.Errorf("no base copies %d bytes", c.Shown)
	}
	commit(t, path, on(t, dir, "", ""))
	if out := qemu(t, "qemu-img", "map", "--output=json", path); !strings.Contains(out, `"start": 21102592, "length": 20840448, "depth": 0, "present": false`) {
		t.Errorf("it has\n%s", out)
	}
	sameAsQEMU(t, openImage(t, path), path)
}

// TestRebaseRefused refuses what would harm snapshots, and names that do not fit.
func TestRebaseRefused(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, script, base, says string }{
		{"snapshot", "", "b", "has snapshots"},
		{"small", "cluster_size=512,compat=1.1", strings.Repeat("n", 500), "no room"},
	} {
		path := filepath.Join(dir, c.name)
		args := []string{"create", "-q", "-f", "qcow2"}
		if c.script != "" {
			args = append(args, "-o", c.script)
		}
		qemu(t, "qemu-img", append(args, path, "1M")...)
		if c.name == "snapshot" {
			qemu(t, "qemu-img", "snapshot", "-c", "one", path)
		}
		im := openImage(t, path)
		plan := keeping(im)
		plan.Backing = &target.NewBacking{Name: c.base, Format: "raw", Disk: readOnly{Backing: memory(nil)}}
		if _, err := im.Estimate(context.Background(), clean(t, im, path), plan); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestNameplate tries names and formats of many lengths after each other. The old header always shows the old name until
// the first sector is written.
func TestNameplate(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, options := range []string{"compat=1.1", "compat=0.10", "compat=1.1,cluster_size=4096", "compat=1.1,cluster_size=512", "compat=0.10,cluster_size=512"} {
		path := filepath.Join(t.TempDir(), "f")
		qemu(t, "qemu-img", "create", "-q", "-f", "qcow2", "-o", options, path, "1M")
		file, err := os.ReadFile(path)
		require(t, err)
		done := 0
		for range 60 {
			h, err := readHeader(memory(file))
			require(t, err)
			to := target.NewBacking{}
			if rng.Intn(4) > 0 {
				to.Name, to.Format = strings.Repeat("n", 1+rng.Intn([]int{20, 300, 1023}[rng.Intn(3)])), []string{"raw", "qcow2"}[rng.Intn(2)]
			}
			first, err := h.renamed(memory(file), to)
			if err != nil {
				continue
			}
			done++
			half := append(append([]byte{}, file[:sectorLen]...), first[sectorLen:]...)
			half = append(half, file[min(len(file), len(half)):]...)
			if old, err := readHeader(memory(half)); err != nil || old.Backing != h.Backing || old.BackingFormat != h.BackingFormat {
				t.Fatalf("%s: before the switch: %v", options, err)
			}
			copy(file, first)
			now, err := readHeader(memory(file))
			require(t, err)
			if now.Backing != to.Name || to.Name != "" && now.BackingFormat != to.Format {
				t.Fatalf("%s: %q %q instead of %q %q", options, now.Backing, now.BackingFormat, to.Name, to.Format)
			}
			if now.headerLength() != h.headerLength() {
				t.Fatal("the header has another length")
			}
		}
		if done < 40 && !strings.Contains(options, "512") {
			t.Errorf("%s: only %d renamings", options, done)
		}
		require(t, os.WriteFile(path, file, 0o600))
		qemu(t, "qemu-img", "info", "-U", path)
	}
}
