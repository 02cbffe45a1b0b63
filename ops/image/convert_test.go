package image

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/session"
	"shunt/ops/target"
	"shunt/ops/target/registry"
)

// rawImage makes a raw image of size bytes with holes, zeros, text and noise.
func rawImage(t testing.TB, dir, name string, size int64) string {
	t.Helper()
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	f, err := os.Create(filepath.Join(dir, name))
	require(t, err, f.Truncate(size))
	for i := range 8 {
		b := []byte(strings.Repeat(fmt.Sprint(i, rng.Int63()), 9000))
		switch i % 4 {
		case 0:
			rng.Read(b)
		case 1:
			clear(b)
		}
		off := rng.Int63n(size)
		_, err := f.WriteAt(b[:min(int64(len(b)), size-off)], off)
		require(t, err)
	}
	require(t, f.Close())
	return f.Name()
}

// TestConvert converts to all formats and back, by names that another program could take for something else. qemu-img
// compares and checks.
func TestConvert(t *testing.T) {
	testneed.Tool(t, "qemu-img")
	dir := t.TempDir()
	t.Chdir(dir)
	from := rawImage(t, ".", "-x, y:z.raw", 5<<20+512)
	for i, name := range []string{"raw", "qcow2", "vmdk", "vdi", "vpc", "vhdx", "qed", "parallels"} {
		f, err := ParseFormat(name)
		require(t, err)
		to := []string{"json:{}.", "-n a,b.", "nbd:x.", "line\nend.", "fat:"}[i%5] + name
		last := int64(0)
		c := Conversion{From: from, To: to, Format: f, Watch: func(done, total int64) { last = done * 100 / total }}
		require(t, Convert(t.Context(), c, Options{}))
		if last != 100 {
			t.Errorf("%s: the progress ends at %d%%", name, last)
		}
		testneed.Shell(t, ".", "qemu-img compare -q -f raw -F "+name+" './"+from+"' './"+to+"'")
		back := "back." + name
		require(t, Convert(t.Context(), Conversion{From: to, To: back, Format: Raw}, Options{}))
		if name != "vhdx" { // it rounds the size up
			testneed.Shell(t, ".", "cmp './"+from+"' "+back)
		}
		packed := "packed." + name
		require(t, Convert(t.Context(), Conversion{From: to, To: packed, Format: Qcow2, Compression: "zlib"}, Options{}))
		testneed.Shell(t, ".", "qemu-img check -q -f qcow2 "+packed+"; qemu-img compare -q -f raw -F qcow2 './"+from+"' "+packed)
	}
	if left := slices.DeleteFunc(names(t, "."), func(n string) bool { return !strings.HasPrefix(n, ".shunt") }); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestConvertChain flattens an overlay whose backing file lies in another directory, and a device.
func TestConvertChain(t *testing.T) {
	testneed.Tool(t, "qemu-img")
	dir := t.TempDir()
	t.Chdir(dir)
	rawImage(t, ".", "base:1.raw", 3<<20+512)
	require(t, os.MkdirAll("deep/er", 0o755), os.Symlink("deep/er", "l"))
	_, err := Create(t.Context(), Blank{Path: "l/o.qcow2", Format: Qcow2, Backing: "base:1.raw"}, Options{})
	require(t, err)
	_, err = Create(t.Context(), Blank{Path: "top.qcow2", Format: Qcow2, Backing: "l/o.qcow2", Size: 4 << 20}, Options{})
	require(t, err)
	testneed.Shell(t, ".", "qemu-io -f qcow2 -c 'write -P 7 1M 100k' -c 'write -z 2M 64k' top.qcow2 >/dev/null; qemu-img compare -q -f qcow2 -F raw l/o.qcow2 ./base:1.raw")
	require(t, Convert(t.Context(), Conversion{From: "top.qcow2", To: "flat.raw", Format: Raw}, Options{}))
	require(t, Convert(t.Context(), Conversion{From: "top.qcow2", To: "flat.vdi", Format: VDI}, Options{}))
	testneed.Shell(t, ".", "qemu-img compare -q -f qcow2 -F raw top.qcow2 flat.raw; qemu-img compare -q -f raw -F vdi flat.raw flat.vdi")
	for _, to := range []string{"base:1.raw", "l/o.qcow2", "deep/er/o.qcow2", "top.qcow2"} {
		if err := Convert(t.Context(), Conversion{From: "top.qcow2", To: to, Format: Raw}, Options{Replace: true}); !errors.Is(err, ErrSource) {
			t.Errorf("%s is written over: %v", to, err)
		}
	}
	if os.Geteuid() != 0 {
		return
	}
	node := strings.TrimSpace(testneed.Shell(t, ".", "losetup -f --show flat.raw"))
	defer testneed.Shell(t, ".", "losetup -d "+node)
	require(t, Convert(t.Context(), Conversion{From: node, To: "device.qcow2", Format: Qcow2}, Options{}))
	require(t, Convert(t.Context(), Conversion{From: node, To: "device.vdi", Format: VDI}, Options{}))
	testneed.Shell(t, ".", "qemu-img compare -q -f raw -F qcow2 flat.raw device.qcow2; qemu-img compare -q -f raw -F vdi flat.raw device.vdi")
	if err := Convert(t.Context(), Conversion{From: "flat.raw", To: "n.qcow2", Format: Qcow2}, Options{}); !errors.As(err, new(*target.InUse)) {
		t.Errorf("an image behind a loop device is read: %v", err)
	}
}

// TestConvertForeignChain flattens images whose backing files lie in other directories, in formats that QEMU reads. What belongs
// to the source is never written over.
func TestConvertForeignChain(t *testing.T) {
	testneed.Tool(t, "qemu-img")
	t.Chdir(t.TempDir())
	testneed.Shell(t, ".", `mkdir base 'mid, x:' top
		qemu-img create -q -f vmdk -o subformat=monolithicFlat base/flat.vmdk 1M
		qemu-io -f vmdk -c 'write -P 1 0 64k' base/flat.vmdk
		qemu-img create -q -f vmdk -b '../base/flat.vmdk' -F vmdk './mid, x:/m.vmdk'
		qemu-io -f vmdk -c 'write -P 2 64k 64k' './mid, x:/m.vmdk'
		qemu-img create -q -f vmdk -b "$PWD/mid, x:/m.vmdk" -F vmdk top/t.vmdk
		qemu-img create -q -f qcow2 -b '../mid, x:/m.vmdk' -F vmdk top/t.qcow2
		qemu-img convert -f vmdk -O raw './mid, x:/m.vmdk' base/b.raw
		qemu-img create -q -f qed -b ../base/b.raw -F raw top/t.qed`)
	for _, from := range []string{"top/t.vmdk", "top/t.qcow2", "top/t.qed"} {
		for _, f := range []Format{Raw, Qcow2, VDI} {
			to := from + "." + string(f)
			require(t, Convert(t.Context(), Conversion{From: from, To: to, Format: f}, Options{}))
			testneed.Shell(t, ".", "qemu-img compare -q -f raw -F "+string(f)+" base/b.raw "+to)
		}
	}
	for _, to := range []string{"top/t.vmdk", "mid, x:/m.vmdk", "base/flat.vmdk", "base/flat-flat.vmdk"} {
		if err := Convert(t.Context(), Conversion{From: "top/t.vmdk", To: to, Format: Raw}, Options{Replace: true}); !errors.Is(err, ErrSource) {
			t.Errorf("%s is written over: %v", to, err)
		}
	}
	require(t, os.Remove("base/b.raw"))
	if err := Convert(t.Context(), Conversion{From: "top/t.qed", To: "n.raw", Format: Raw}, Options{}); err == nil || !strings.Contains(err.Error(), "b.raw") {
		t.Errorf("a missing backing file: %v", err)
	}
}

// TestConvertLocks reads a source that others read, and none that others write to. While it is read nobody can edit it.
func TestConvertLocks(t *testing.T) {
	dir := t.TempDir()
	from := rawImage(t, dir, "a.raw", 1<<20)
	to := filepath.Join(dir, "b.qcow2")
	c := Conversion{From: from, To: to, Format: Qcow2, Watch: func(int64, int64) {
		if _, err := registry.Open(from, target.Options{}); !errors.As(err, new(*target.InUse)) {
			t.Errorf("a source can be edited while it is read: %v", err)
		}
	}}
	read, err := OpenSource(from, session.Options{})
	require(t, err, Convert(t.Context(), c, Options{}), read.Close())
	held, err := registry.Open(from, target.Options{})
	require(t, err)
	c.Watch = nil
	if err := Convert(t.Context(), c, Options{Replace: true}); !errors.As(err, new(*target.InUse)) {
		t.Errorf("a source that is edited is read: %v", err)
	}
	require(t, held.Close())
}

// TestConvertStopped stops in the middle: nothing has the name, or the old file has it.
func TestConvertStopped(t *testing.T) {
	testneed.Tool(t, "qemu-img")
	for _, f := range []Format{Raw, Qcow2, VDI} {
		dir := t.TempDir()
		from := rawImage(t, dir, "a.raw", 8<<20)
		for _, old := range []string{"", "old"} {
			to := filepath.Join(dir, "b")
			if old != "" {
				write(t, to, old)
			}
			ctx, stop := context.WithCancel(t.Context())
			c := Conversion{From: from, To: to, Format: f, Watch: func(int64, int64) { stop() }}
			if err := Convert(ctx, c, Options{Replace: true}); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", f, err)
			}
			want := 1
			if old != "" {
				want = 2
			}
			if got := names(t, dir); len(got) != want || old != "" && content(t, to) != old {
				t.Errorf("%s: left %q", f, got)
			}
		}
	}
}

// TestConvertFull fills the file system of the result.
func TestConvertFull(t *testing.T) {
	testneed.Root(t)
	testneed.Tool(t, "qemu-img")
	dir, small := t.TempDir(), t.TempDir()
	testneed.Shell(t, ".", "mount -t tmpfs -o size=1m none '"+small+"'")
	defer testneed.Shell(t, ".", "umount '"+small+"'")
	from := filepath.Join(dir, "a.raw")
	require(t, os.WriteFile(from, []byte(strings.Repeat("full of text", 1<<19)), 0o600))
	for _, f := range []Format{Raw, Qcow2, VDI} {
		err := Convert(t.Context(), Conversion{From: from, To: filepath.Join(small, "b"), Format: f}, Options{})
		if err == nil || !strings.Contains(err.Error(), "space left") {
			t.Errorf("%s: %v", f, err)
		}
		if got := names(t, small); len(got) > 0 {
			t.Errorf("%s: left %q", f, got)
		}
	}
}

func TestFormatOf(t *testing.T) {
	for path, want := range map[string]Format{
		"a.raw": Raw, "a.IMG": Raw, "a.b.qcow2": Qcow2, "d.raw/a.vhd": VPC, "a.vhdx": VHDX, ".qcow2": Qcow2, "a": "", "a.": "", "a.qcow": "", "d.raw/a": "",
	} {
		got, err := FormatOf(path)
		if got != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
}
