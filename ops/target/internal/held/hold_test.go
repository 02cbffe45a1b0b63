package held

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/ops/target"
	"shunt/ops/target/internal/kernel"
)

// TestReopenHeld has the name lead to something else between the look at a file and its opening: what was looked at is opened,
// and a pipe that has taken the name is not waited for.
func TestReopenHeld(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	if err := os.WriteFile(path, []byte("first"), 0o600); err != nil {
		t.Fatal(err)
	}
	seen, err := Hold(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = seen.Close() }() // nothing was written
	if err := errors.Join(os.Rename(path, path+".old"), unix.Mkfifo(path, 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, flags := range []int{os.O_RDONLY, os.O_RDWR} {
		f, err := Reopen(seen, flags)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(f)
		if string(text) != "first" || err != nil {
			t.Errorf("read %q, %v", text, err)
		}
		if mode, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0); mode&unix.O_NONBLOCK != 0 || err != nil {
			t.Errorf("flags %#x, %v", mode, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := ProbeWritable(path, seen); err != nil {
		t.Error(err)
	}
}

// TestImageOfDevice opens the file behind a loop device only where it is still the one at the path.
func TestImageOfDevice(t *testing.T) {
	path := image(t, t.TempDir(), 1<<20)
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	f, err := OpenImage(path, *kernel.ImageFile(st))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Close(), os.Rename(path, path+".old"), unix.Mkfifo(path, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenImage(path, *kernel.ImageFile(st)); !errors.Is(err, target.ErrReplaced) {
		t.Errorf("opened: %v", err)
	}
}
