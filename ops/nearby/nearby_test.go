package nearby

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/testneed"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/target/registry"
)

// sh runs a shell script in a directory, with the tools' directories on the path. The scripts keep sfdisk from syncing
// the whole machine.
func sh(t testing.TB, dir, script string) string {
	t.Helper()
	return strings.TrimSpace(testneed.Shell(t, dir, script))
}

// look returns the summary of one file.
func look(path string) report.Summary { return Finder{}.Summarize([]string{path})[0] }

func TestSummarize(t *testing.T) {
	for _, tool := range []string{"sfdisk", "mkfs.ext4", "mkfs.vfat", "qemu-img", "xz"} {
		testneed.Tool(t, tool)
	}
	const mib = geometry.MiB
	for name, c := range map[string]struct {
		script string // makes the file f
		want   report.Summary
		cannot string
	}{
		"gpt": {
			"truncate -s 64M f; printf 'label: gpt\n,10M\n,10M\n,\n' | sfdisk -q --no-tell-kernel f",
			report.Summary{Size: 64 * mib, Format: "raw", Table: model.TableGPT, Parts: 3, Image: true},
			"",
		},
		"mbr with logical partitions": {
			"truncate -s 64M f; printf 'label: dos\n,10M\n,,E\n,10M\n,10M\n' | sfdisk -q --no-tell-kernel f",
			report.Summary{Size: 64 * mib, Format: "raw", Table: model.TableMBR, Parts: 3, Image: true},
			"",
		},
		"empty table": {
			"truncate -s 64M f; printf 'label: gpt\n' | sfdisk -q --no-tell-kernel f",
			report.Summary{Size: 64 * mib, Format: "raw", Table: model.TableGPT, Image: true},
			"",
		},
		"ext4": {
			"truncate -s 64M f; mkfs.ext4 -q f",
			report.Summary{Size: 64 * mib, Format: "raw", Whole: model.Ext4, Image: true},
			"",
		},
		"fat": {
			"truncate -s 64M f; mkfs.vfat -F 32 f",
			report.Summary{Size: 64 * mib, Format: "raw", Whole: model.FAT32, Image: true},
			"",
		},
		"blank":    {"truncate -s 64M f", report.Summary{Size: 64 * mib, Format: "raw", Image: true, Blank: true}, ""},
		"data":     {"truncate -s 64M f; printf x | dd of=f bs=1M seek=40 conv=notrunc", report.Summary{Size: 64 * mib, Format: "raw", Image: true}, ""},
		"sun":      {"truncate -s 64M f; parted -s f mklabel sun", report.Summary{Size: 64 * mib, Format: "raw", Image: true, Foreign: "Sun disklabel"}, ""},
		"text":     {"yes hello | head -c 1M > f", report.Summary{Size: mib, Format: "raw"}, ""},
		"odd size": {"printf x > f", report.Summary{Size: 1, Format: "raw"}, ""},
		"empty":    {": > f", report.Summary{Format: "raw"}, ""},
		"qcow2": {
			"qemu-img create -q -f qcow2 f 1G",
			report.Summary{Size: 1024 * mib, Format: "qcow2", Image: true, Blank: true},
			"",
		},
		"vmdk": {
			"qemu-img create -q -f vmdk f 1G",
			report.Summary{Size: 1024 * mib, Format: "vmdk", Image: true, Blank: true},
			"",
		},
		"vmdk that is only read": {
			"truncate -s 64M d; mkfs.ext4 -q d; qemu-img convert -O vmdk -o subformat=streamOptimized d f",
			report.Summary{Size: 64 * mib, Format: "vmdk", Whole: model.Ext4, Image: true},
			"not edited, since this variant (streamOptimized) is compressed",
		},
		"packed": {
			"truncate -s 1M f; xz f; mv f.xz f; truncate -s 4K f",
			report.Summary{Size: 4096, Format: "xz", Image: true},
			"unpack it first",
		},
		"directory":    {"mkdir f", report.Summary{}, "is neither a regular file nor a block device"},
		"pipe":         {"mkfifo f", report.Summary{}, "is neither a regular file nor a block device"},
		"gone":         {"true", report.Summary{}, "no such file or directory"},
		"dead link":    {"ln -s f f", report.Summary{}, "too many levels"},
		"link to disk": {"truncate -s 64M d; ln -s d f", report.Summary{Size: 64 * mib, Format: "raw", Image: true, Blank: true}, ""},
	} {
		dir := t.TempDir()
		sh(t, dir, c.script)
		got := look(filepath.Join(dir, "f"))
		if !strings.Contains(string(got.Cannot), c.cannot) || c.cannot == "" && got.Cannot != "" {
			t.Errorf("%s: cannot be opened because %q, not %q", name, got.Cannot, c.cannot)
		}
		got.Path, got.Cannot = "", ""
		if got != c.want {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, c.want)
		}
	}
}

func TestSummarizeUnreadable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, make([]byte, 4096), 0o000); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(filepath.Dir(path)), 0o755); err != nil {
		t.Fatal(err)
	}
	seen := make(chan report.Summary)
	go func() {
		// Root can read everything, unless the thread is somebody else to the file system. It ends with this function.
		runtime.LockOSThread()
		if os.Geteuid() == 0 {
			if err := unix.Setfsuid(65534); err != nil {
				t.Error(err)
			}
		}
		seen <- look(path)
	}()
	if got := <-seen; !strings.Contains(string(got.Cannot), "no permission to read it") || got.Size != 4096 {
		t.Errorf("got %+v", got)
	}
}

// Who has an image open is told, and looking at it takes nothing from them.
func TestSummarizeInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.raw")
	if err := os.WriteFile(path, make([]byte, 1<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := look(path); got.Use != "" || got.Own {
		t.Fatalf("nobody uses it: %+v", got)
	}
	own, err := registry.Open(path, target.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := look(path); !got.Own || got.Use != "" {
		t.Errorf("open here: %+v", got)
	}
	if err := own.Close(); err != nil {
		t.Fatal(err)
	}
	t.Run("qemu", func(t *testing.T) {
		testneed.Tool(t, "qemu-io")
		qemu := exec.Command(testneed.Tool(t, "qemu-io"), "-f", "raw", path)
		in, err := qemu.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := qemu.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := qemu.Start(); err != nil {
			t.Fatal(err)
		}
		_, err = fmt.Fprintln(in, "length")
		if n, err2 := out.Read(make([]byte, 100)); err != nil || n == 0 {
			t.Fatal(err, err2)
		}
		got := look(path)
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
		if err := qemu.Wait(); err != nil {
			t.Error(err)
		}
		if !strings.Contains(got.Use, "qemu-io (pid") || got.Own {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("loop device", func(t *testing.T) {
		testneed.Root(t)
		testneed.File(t, "/dev/loop-control")
		testneed.Tool(t, "losetup")
		node := sh(t, ".", "losetup -f --show '"+path+"'")
		defer func() { sh(t, ".", "losetup -d "+node) }()
		if got := look(path); got.Use != "loop device "+node {
			t.Errorf("of the image: %+v", got)
		}
		got := look(node)
		if got.Back != path || got.Size != 1<<20 || got.Format != "loop device" || got.Use != "" || !got.Image {
			t.Errorf("of the device: %+v", got)
		}
		found := false
		for _, c := range (Finder{}).BlockDevices() {
			found = found || c.Path == node && c.Kind == report.CandidateDevice
		}
		if !found {
			t.Errorf("%s is not among the devices", node)
		}
	})
	// Looking left no lock behind.
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		t.Error(err)
	}
}

func TestRefusal(t *testing.T) {
	disk := registry.Summary{Physical: true}
	for name, c := range map[string]struct {
		finder  Finder
		summary registry.Summary
		err     error
		want    string
	}{
		"image":           {},
		"disk":            {summary: disk, want: "--allow-disks"},
		"disk, allowed":   {finder: Finder{Disks: true}, summary: disk},
		"disk with more":  {summary: registry.Summary{Physical: true, Cannot: "it has no medium"}},
		"not readable":    {err: &fs.PathError{Op: "open", Path: "/d", Err: fs.ErrPermission}, want: "no permission to read it"},
		"disk unreadable": {finder: Finder{Disks: true}, summary: disk, err: fs.ErrPermission, want: "no permission to read it"},
		"broken":          {err: target.ErrNotFile, want: "is neither a regular file"},
	} {
		got := string(c.finder.refusal(c.summary, c.err))
		if !strings.Contains(got, c.want) || (got == "") != (c.want == "") || strings.Contains(got, "/d") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A disk of the machine says what it takes to open it.
func TestSummarizePhysical(t *testing.T) {
	images, all := registry.Devices(false), registry.Devices(true)
	i := slices.IndexFunc(all, func(node string) bool {
		_, err := os.Stat(node)
		return err == nil && !slices.Contains(images, node)
	})
	if i < 0 {
		return // machines without any exist: what is said of them is tried by TestRefusal as well
	}
	if got := look(all[i]); !strings.Contains(string(got.Cannot), "--allow-disks") {
		t.Errorf("got %+v", got)
	}
	if got := (Finder{Disks: true}).Summarize(all[i : i+1])[0]; strings.Contains(string(got.Cannot), "--allow-disks") {
		t.Errorf("allowed: got %+v", got)
	}
}

func TestList(t *testing.T) {
	dir := t.TempDir()
	sh(t, dir, "mkdir sub; truncate -s 1M disk.raw big; truncate -s 4097 odd; echo > notes.txt; mkfifo pipe; ln -s big link; ln -s none dead; ln -s sub way")
	t.Chdir(dir)
	path, list, err := Finder{}.List("./")
	if err != nil || path != dir {
		t.Fatal(path, err)
	}
	var got []string
	for _, c := range list {
		got = append(got, fmt.Sprint(c.Name, " ", c.Kind, " ", int64(c.Size), " ", c.Likely))
		if c.Path != filepath.Join(dir, c.Name) {
			t.Errorf("%s is at %s", c.Name, c.Path)
		}
	}
	want := "big 0 1048576 true|disk.raw 0 1048576 true|link 0 1048576 true|notes.txt 0 1 false|odd 0 4097 false|sub 1 0 false|way 1 0 false"
	if strings.Join(got, "|") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), want)
	}
	if _, _, err := (Finder{}).List("none/"); err == nil {
		t.Error("a directory that is not there is listed")
	}
}

func TestLikely(t *testing.T) {
	for _, c := range []struct {
		name string
		size geometry.Bytes
		want bool
	}{
		{"disk.raw", 1, true},
		{"disk.raw", 0, false},
		{"DISK.IMG", 100, true},
		{"disk.img.xz", 100, true},
		{"x.tar.xz", 1 << 20, false},
		{"vda", leastLikely, true},
		{"vda", leastLikely - 512, false},
		{"vda", leastLikely + 1, false},
		{"libc.so", leastLikely, false},
		{"notes.txt", 1 << 20, false},
		{"vm.qcow2", 193_000, true},
	} {
		if got := likely(c.name, c.size); got != c.want {
			t.Errorf("%s of %d bytes: %v", c.name, c.size, got)
		}
	}
}

// BenchmarkNearby is a directory of ten thousand images: its names, and a look into as many as a picker asks for at a time.
func BenchmarkNearby(b *testing.B) {
	dir := b.TempDir()
	var paths []string
	for i := range 10_000 {
		path := filepath.Join(dir, fmt.Sprintf("disk-%05d.raw", i))
		f, err := os.Create(path)
		if err == nil {
			err = f.Truncate(1 << 20)
		}
		if err != nil {
			b.Fatal(err)
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
		paths = append(paths, path)
	}
	b.Run("list", func(b *testing.B) {
		for range b.N {
			if _, list, err := (Finder{}).List(dir); err != nil || len(list) != len(paths) {
				b.Fatal(err)
			}
		}
	})
	b.Run("summary", func(b *testing.B) {
		for range b.N {
			Finder{}.Summarize(paths[:24])
		}
	})
}
