package qemu

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model/testneed"
	"shunt/ops/target"
)

// try opens the file at path as the registry does.
func try(path, format string, mode target.Mode) (*file, error) {
	c := target.Candidate{Path: path, Real: path}
	var err error
	if c.File, err = os.Open(path); err != nil {
		return nil, err
	}
	if c.Info, err = c.File.Stat(); err != nil {
		return nil, err
	}
	opened, err := Driver(format).Open(c, target.Options{Mode: mode, SectorSize: geometry.Sector512})
	if err != nil {
		return nil, errors.Join(err, c.File.Close())
	}
	return opened.(*file), nil
}

// TestRefuses opens files that were cut, that name files of the machine as parts of themselves, or that are only read.
func TestRefuses(t *testing.T) {
	testneed.Tool(t, "qemu-img")
	testneed.Tool(t, daemon)
	const descriptor = "printf '# Disk DescriptorFile\\nversion=1\\nCID=12345678\\nparentCID=ffffffff\\ncreateType=\"monolithicFlat\"\\nRW 8 %s\\n' > f"
	flat := func(name string) string { return fmt.Sprintf(descriptor, `FLAT "`+name+`" 0`) }
	const filled = "; qemu-io -f %[1]s -c 'write -P 7 0 3M' f >/dev/null; truncate -s 1M f"
	made := func(format string) string { return fmt.Sprintf("qemu-img create -q -f %[1]s f 8M"+filled, format) }
	for name, c := range map[string]struct {
		format, script string
		mode           target.Mode
		want           string
	}{
		"a cut vdi":               {VDI, made(VDI), target.Edit, "was cut short"},
		"a cut vmdk":              {VMDK, made(VMDK), target.Edit, "is damaged"},
		"a cut parallels":         {Parallels, made(Parallels), target.Edit, "is damaged"},
		"a cut qed":               {QED, made(QED), target.Edit, "is damaged"},
		"a header of vdi":         {VDI, "qemu-img create -q -f vdi f 8M; truncate -s 70 f", target.Inspect, "cut short"},
		"a difference of vdi":     {VDI, "qemu-img create -q -f vdi f 8M; printf '\\004' | dd of=f bs=1 seek=76 conv=notrunc status=none", target.Inspect, "its type is 4"},
		"a difference of vpc":     {VPC, "qemu-img create -q -f vpc f 8M; printf '\\004' | dd of=f bs=1 seek=63 conv=notrunc status=none", target.Inspect, "its type is 4"},
		"a huge name":             {QED, "qemu-img create -q -f qed f 8M; printf '\\001' | dd of=f bs=1 seek=16 conv=notrunc status=none; printf '\\377\\377\\377\\377\\377\\377\\377\\377' | dd of=f bs=1 seek=56 conv=notrunc status=none", target.Inspect, "header is damaged"},
		"an absolute extent":      {VMDK, flat("/etc/passwd"), target.Inspect, "outside its directory"},
		"an extent above":         {VMDK, flat("../f"), target.Inspect, "outside its directory"},
		"a link":                  {VMDK, "ln -s /etc/passwd e; " + flat("e"), target.Inspect, "not a regular file"},
		"a pipe":                  {VMDK, "mkfifo e; " + flat("e"), target.Inspect, "not a regular file"},
		"nothing":                 {VMDK, flat("e"), target.Inspect, "is missing"},
		"a device":                {VMDK, fmt.Sprintf(descriptor, `VMFSRDM "/dev/sda"`), target.Inspect, "which is no file"},
		"no extent":               {VMDK, fmt.Sprintf(descriptor, ``), target.Inspect, "names no file"},
		"a parent":                {VMDK, "qemu-img create -q -f vmdk b 8M; qemu-img create -q -f vmdk -b b -F vmdk f", target.Inspect, "shunt image convert"},
		"a backing file":          {QED, "qemu-img create -q -f qed -b /etc/passwd -F raw f", target.Inspect, "/etc/passwd"},
		"streamOptimized, edited": {VMDK, "qemu-img create -q -f raw r 1M; qemu-img convert -O vmdk -o subformat=streamOptimized r f", target.Edit, "only read"},
		"extents, edited":         {VMDK, "qemu-img create -q -f vmdk -o subformat=twoGbMaxExtentSparse f 8M", target.Edit, "other files"},
		"a flat one, edited":      {VMDK, "qemu-img create -q -f vmdk -o subformat=monolithicFlat f 8M", target.Edit, "f-flat, which is a raw image"},
		"qcow, edited":            {Qcow, "qemu-img create -q -f qcow f 8M", target.Edit, "only read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			testneed.Shell(t, dir, c.script)
			f, err := try(filepath.Join(dir, "f"), c.format, c.mode)
			if err == nil {
				_ = f.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// TestMends opens images with the marks that a killed writer leaves.
func TestMends(t *testing.T) {
	for _, c := range []struct {
		format string
		off    int64
		mark   uint32
	}{{Parallels, 44, 0x746f6e59}, {QED, 16, 2}, {VDI, vdiAllocated, 3}} {
		path := fresh(t, c.format, "", 8<<20)
		testneed.Shell(t, filepath.Dir(path), "qemu-io -f "+c.format+" -c 'write -P 7 0 2M' '"+path+"' >/dev/null")
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		require(t, err)
		_, err = f.WriteAt(binary.LittleEndian.AppendUint32(nil, c.mark), c.off)
		require(t, err, f.Close())
		looking := open(t, path, c.format, target.Inspect)
		if len(looking.Mended()) != 0 {
			t.Errorf("%s: mended by a look: %q", c.format, looking.Mended())
		}
		require(t, looking.Close())
		edited := open(t, path, c.format, target.Edit)
		if len(edited.Mended()) != 1 {
			t.Errorf("%s: %q", c.format, edited.Mended())
		}
		require(t, edited.Close())
		run(t, "qemu-img", "check", "-f", c.format, path)
		again := open(t, path, c.format, target.Edit)
		if len(again.Mended()) != 0 {
			t.Errorf("%s: mended again: %q", c.format, again.Mended())
		}
		require(t, again.Close())
	}
}

// TestDaemonDies kills the daemons of an image: what is asked of them fails with words, and another takes their place.
func TestDaemonDies(t *testing.T) {
	path := fresh(t, VDI, "", 8<<20)
	t.Setenv("TMPDIR", t.TempDir())
	f := open(t, path, VDI, target.Edit)
	b := make([]byte, 512)
	f.server.program.Kill()
	if _, err := f.ReadAt(b, 0); err == nil || !strings.Contains(err.Error(), daemon) {
		t.Errorf("%v", err)
	}
	require(t, f.Refresh())
	_, err := f.ReadAt(b, 0)
	require(t, err, f.AllowWrites())
	_, err = f.WriteAt([]byte("kept"), 4096)
	require(t, err, f.Sync())
	f.server.program.Kill()
	if _, err := f.WriteAt(b, 0); err == nil {
		t.Error("it was written without a daemon")
	}
	if err := f.Sync(); err == nil {
		t.Error("it was synced without a daemon")
	}
	if err := f.Sync(); err == nil {
		t.Error("a failed sync was forgotten")
	}
	require(t, f.AllowWrites(), f.Sync())
	_, err = f.ReadAt(b[:4], 4096)
	require(t, err)
	if string(b[:4]) != "kept" {
		t.Errorf("%q is there", b[:4])
	}
	require(t, f.Close())
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// TestLocksOutQEMU has QEMU's own program try to write meanwhile, to the image and to a file with a part of its disk.
func TestLocksOutQEMU(t *testing.T) {
	path := fresh(t, QED, "", 8<<20)
	f := open(t, path, QED, target.Edit)
	if out, err := targetTry(t, "qemu-io", "-f", "qed", "-c", "write 0 512", path); err == nil {
		t.Errorf("qemu-io was let in: %s", out)
	}
	require(t, f.AllowWrites(), f.Close())
	run(t, "qemu-io", "-f", "qed", "-c", "write 0 512", path)

	parts := fresh(t, VMDK, "subformat=twoGbMaxExtentSparse", 8<<20)
	read := open(t, parts, VMDK, target.Read)
	if len(read.Files()) != 2 {
		t.Errorf("%d files", len(read.Files()))
	}
	if out, err := targetTry(t, "qemu-io", "-f", "vmdk", "-c", "write 0 512", parts); err == nil {
		t.Errorf("qemu-io was let in: %s", out)
	}
	require(t, read.Close())
}

// TestMissing says which package is missing.
func TestMissing(t *testing.T) {
	path := fresh(t, VDI, "", 1<<20)
	t.Setenv("PATH", t.TempDir())
	_, err := try(path, VDI, target.Edit)
	if need, ok := errors.AsType[*target.NeedsProgram](err); !ok || need.Package == "" || !strings.Contains(err.Error(), "apt install") {
		t.Errorf("%v", err)
	}
}

// TestOddNames opens images with names that no JSON can hold: qemu-img checks them all the same.
func TestOddNames(t *testing.T) {
	testneed.Tool(t, "qemu-img")
	for _, k := range kinds {
		if k.options != "" {
			continue
		}
		t.Run(k.format, func(t *testing.T) {
			t.Parallel()
			odd := filepath.Join(t.TempDir(), "\xff\xc3")
			require(t, os.Rename(fresh(t, k.format, "", 1<<20), odd))
			f := open(t, odd, k.format, target.Edit)
			checks, err := f.Check(t.Context())
			require(t, err)
			if c := checks[0]; len(c.Faults) > 0 || c.Unchecked != "" {
				t.Errorf("%+v", c)
			}
		})
	}
}

// TestCheckFindsCut checks an image of VDI that was cut, which qemu-img finds clean.
func TestCheckFindsCut(t *testing.T) {
	testneed.Tool(t, "qemu-img")
	testneed.Tool(t, daemon)
	dir := t.TempDir()
	testneed.Shell(t, dir, "qemu-img create -q -f vdi f 8M; qemu-io -f vdi -c 'write -P 7 0 3M' f >/dev/null; truncate -s 1M f")
	checks, err := open(t, filepath.Join(dir, "f"), VDI, target.Read).Check(t.Context())
	require(t, err)
	if c := checks[0]; len(c.Faults) != 1 || !strings.Contains(c.Faults[0], "was cut short") {
		t.Errorf("%+v", c)
	}
}
