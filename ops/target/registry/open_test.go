package registry

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/ops/target"
)

func TestOpenSizes(t *testing.T) {
	for _, c := range []struct {
		size      int64
		z         geometry.SectorSize
		remainder int64
		err       error
	}{
		{0, 512, 0, target.ErrEmpty},
		{1, 512, 0, target.ErrTooSmall},
		{511, 512, 0, target.ErrTooSmall},
		{512, 512, 0, nil},
		{513, 512, 1, nil},
		{1023, 512, 511, nil},
		{1024, 0, 0, nil},
		{512, 4096, 0, target.ErrTooSmall},
		{4095, 4096, 0, target.ErrTooSmall},
		{4096, 4096, 0, nil},
		{4608, 4096, 512, nil},
	} {
		for _, mode := range []target.Mode{target.Edit, target.Inspect} {
			path := image(t, t.TempDir(), c.size)
			check := unchanged(t, path)
			r, err := Open(path, target.Options{Mode: mode, SectorSize: c.z})
			requireIs(t, err, c.err)
			if err != nil {
				continue
			}
			if r.Size() != c.size || target.Remainder(r) != c.remainder {
				t.Errorf("size %d: got size %d and remainder %d, want %d", c.size, r.Size(), target.Remainder(r), c.remainder)
			}
			require(t, r.Close())
			check()
		}
	}
	if _, err := Open(image(t, t.TempDir(), 4096), target.Options{SectorSize: 520}); err == nil {
		t.Error("sector size 520 was accepted")
	}
}

func TestOpenRefusesWhatIsNoImageFile(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	require(t, unix.Mkfifo(fifo, 0o644))
	dangling := filepath.Join(dir, "dangling")
	require(t, os.Symlink("nowhere", dangling))
	for path, want := range map[string]error{
		dir:                        target.ErrDirectory,
		fifo:                       target.ErrNotFile,
		"/dev/null":                target.ErrNotFile,
		dangling:                   fs.ErrNotExist,
		filepath.Join(dir, "none"): fs.ErrNotExist,
	} {
		_, err := Open(path, target.Options{})
		requireIs(t, err, want)
		if !strings.Contains(err.Error(), path) {
			t.Errorf("error %q does not name %s", err, path)
		}
	}
}

func TestOpenFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	path := image(t, dir, 4096)
	link := filepath.Join(dir, "link.raw")
	require(t, os.Symlink("stick.raw", link))
	r := open(t, link, target.Options{})
	want, err := filepath.EvalSymlinks(path)
	require(t, err)
	if r.Path() != want {
		t.Errorf("path is %s, want %s", r.Path(), want)
	}
	inUse(t, path, "this program itself")
}

func TestOpenRefusesOtherFormats(t *testing.T) {
	for _, f := range formats {
		if f.driver != nil {
			continue
		}
		path := filepath.Join(t.TempDir(), "disk")
		data := make([]byte, 4096)
		at := f.at
		if at < 0 {
			at += int64(len(data))
		}
		copy(data[at:], f.magic)
		require(t, os.WriteFile(path, data, 0o644))
		check := unchanged(t, path)
		_, err := Open(path, target.Options{})
		check()
		format, ok := errors.AsType[*Format](err)
		if !ok || !strings.HasPrefix(format.Name, f.name) || format.Path != path {
			t.Errorf("%s: got %v", f.name, err)
		}
		copy(data[510:], "\x55\xaa")
		require(t, os.WriteFile(path, data, 0o644))
		_, err = Open(path, target.Options{Mode: target.Inspect})
		if f.packed != (err == nil) {
			t.Errorf("%s before a partition table: got %v", f.name, err)
		}
	}
}

// asNobody runs Open in a process without any privilege.
func asNobody(t *testing.T, path string) string {
	t.Helper()
	require(t, os.Chmod(filepath.Dir(filepath.Dir(path)), 0o755)) // made by t.TempDir for its owner alone
	cmd := exec.Command("/proc/self/exe", path)
	cmd.Env = append(os.Environ(), helperVariable+"=try")
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatal("opened without permission")
	}
	return string(out)
}

func TestOpenWithoutPermission(t *testing.T) {
	for _, mode := range []fs.FileMode{0o444, 0o000} {
		path := image(t, t.TempDir(), 4096)
		require(t, os.Chmod(path, mode))
		out := asNobody(t, path)
		if !strings.Contains(out, "permission denied") || !strings.Contains(out, path) {
			t.Errorf("mode %o: got %q", mode, out)
		}
	}
}

func TestInspectNeedsNoWritePermission(t *testing.T) {
	path := image(t, t.TempDir(), 4096)
	require(t, os.Chmod(path, 0o444))
	if r := open(t, path, target.Options{Mode: target.Inspect}); r.Busy() != nil {
		t.Errorf("busy: %v", r.Busy())
	}
}

func TestOpenOnReadOnlyFileSystem(t *testing.T) {
	dir := mounted(t, 16<<20, "mkfs.ext4", "-q")
	path := image(t, dir, 1<<20)
	run(t, "mount", "-o", "remount,ro", dir)
	_, err := Open(path, target.Options{})
	requireIs(t, err, target.ErrReadOnly)
	requireIs(t, err, unix.EROFS)
	open(t, path, target.Options{Mode: target.Inspect})
}

func TestIdentity(t *testing.T) {
	path := image(t, t.TempDir(), 4096)
	r := open(t, path, target.Options{})
	require(t, r.AllowWrites())
	before, err := r.Identity()
	require(t, err)
	again, err := r.Identity()
	require(t, err)
	if before != again || before.Kind != target.KindRaw || before.Path != r.Path() || before.Size != 4096 || before.Inode == 0 {
		t.Errorf("identity %+v, then %+v", before, again)
	}
	require(t, r.Truncate(8192))
	after, err := r.Identity()
	require(t, err)
	if after.Size != 8192 || after.Inode != before.Inode || after.Dev != before.Dev {
		t.Errorf("identity after growing: %+v", after)
	}
	require(t, os.Chtimes(path, stat(t, path).ModTime().Add(1), stat(t, path).ModTime().Add(1)))
	if changed, err := r.Identity(); err != nil || changed == after {
		t.Errorf("a later change does not show: %+v, %v", changed, err)
	}
}
