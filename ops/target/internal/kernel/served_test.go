package kernel

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"shunt/ops/target"
)

// TestServedOn finds the mounts of an image by its name, and by the process that has it open under a new one.
func TestServedOn(t *testing.T) {
	proc, dir := t.TempDir(), t.TempDir()
	path, renamed := filepath.Join(dir, "disk 1.raw"), filepath.Join(dir, "new.raw")
	self := filepath.Join(proc, strconv.Itoa(os.Getpid()))
	process := func(pid string, image string, argv ...string) {
		fd := filepath.Join(proc, pid, "fd")
		if err := errors.Join(os.MkdirAll(fd, 0o755), os.Symlink(image, filepath.Join(fd, "5")),
			os.WriteFile(filepath.Join(proc, pid, "cmdline"), []byte(strings.Join(argv, "\x00")+"\x00"), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	lines := `40 30 0:50 / /run/a ro,nosuid - fuse.shunt ` + strings.ReplaceAll(path, " ", `\040`) + `:2 ro,user_id=1
41 30 0:51 / /run/b rw - fuse.shunt /gone.raw:1 rw
42 30 0:52 / /run/c ro - fuse.shunt shunt ro
43 30 0:53 / /run/d ro - ext4 ` + path + `:3 ro
`
	if err := errors.Join(os.MkdirAll(self, 0o755), os.WriteFile(path, nil, 0o644), os.WriteFile(renamed, nil, 0o644),
		os.WriteFile(filepath.Join(self, "mountinfo"), []byte(lines), 0o644)); err != nil {
		t.Fatal(err)
	}
	process("100", path, target.Served{Image: path, Number: 2, Dir: "/run/a"}.Argv()...)
	process("101", renamed, target.Served{Image: "/gone.raw", Number: 1, Dir: "/run/b"}.Argv()...)
	process("102", path, "cat", path+":2", "/run/a")
	k := Kernel{proc: proc}
	for _, want := range []target.Served{
		{Image: path, Number: 2, Dir: "/run/a", ReadOnly: true}, {Image: "/gone.raw", Number: 1, Dir: "/run/b"},
	} {
		at := path
		if want.Image != path {
			at = renamed
		}
		id, err := FileAt(at)
		if err != nil {
			t.Fatal(err)
		}
		if got := k.ServedOn(id); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %+v", at, got)
		}
	}
	if got := k.Serving(target.Served{Image: path, Number: 2, Dir: "/run/a"}); len(got) != 1 || got[0] != 100 {
		t.Errorf("it is served by %v", got)
	}
	// A file that is the backing file of an image in use.
	if use := k.inUse(renamed, opener{pid: 100}); !strings.Contains(use.Advice, "disk 1.raw' 2`") {
		t.Errorf("%+v", use)
	}
	use := k.inUse("d.raw", opener{pid: 100})
	if !strings.Contains(use.Holder, "p2 mounted at /run/a") || !strings.Contains(use.Advice, "`shunt unmount d.raw 2`") || use.PID != 100 || use.Shunt {
		t.Errorf("%+v", use)
	}
}
