package target

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
)

// TestReopenHeld has the name lead to something else between the look at a file and its opening: what was looked at is opened,
// and a pipe that has taken the name is not waited for.
func TestReopenHeld(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	if err := os.WriteFile(path, []byte("first"), 0o600); err != nil {
		t.Fatal(err)
	}
	held, err := hold(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Close() }() // nothing was written
	if err := errors.Join(os.Rename(path, path+".old"), unix.Mkfifo(path, 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, flags := range []int{os.O_RDONLY, os.O_RDWR} {
		f, err := reopen(held, flags)
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
	if err := probeWritable(path, held); err != nil {
		t.Error(err)
	}
}

// TestLeasedImage has a lease on an image: it is refused and not waited for, whatever it is opened for.
func TestLeasedImage(t *testing.T) {
	path := image(t, t.TempDir(), 1<<20)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		testneed.Missing(t, "this file system knows no leases: "+err.Error())
	}
	for _, mode := range []Mode{Inspect, Edit, Hold} {
		if _, err := Open(path, Options{Mode: mode}); !errors.Is(err, ErrLeased) {
			t.Errorf("mode %d: %v", mode, err)
		}
	}
	if _, err := LookAround().Glance(path, func(io.ReaderAt, Glance) error { return nil }); !errors.Is(err, ErrLeased) {
		t.Errorf("a glance: %v", err)
	}
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_UNLCK); err != nil {
		t.Fatal(err)
	}
	target, err := Open(path, Options{Mode: Inspect})
	if err != nil {
		t.Fatal(err)
	}
	if err := target.Close(); err != nil {
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
	f, err := imageFile(st).open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Close(), os.Rename(path, path+".old"), unix.Mkfifo(path, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := imageFile(st).open(path); !errors.Is(err, ErrReplaced) {
		t.Errorf("opened: %v", err)
	}
}
