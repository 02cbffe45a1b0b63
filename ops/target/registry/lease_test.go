package registry

import (
	"errors"
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
	"shunt/ops/target"
)

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
	for _, mode := range []target.Mode{target.Inspect, target.Edit, target.Hold} {
		if _, err := Open(path, target.Options{Mode: mode}); !errors.Is(err, target.ErrLeased) {
			t.Errorf("mode %d: %v", mode, err)
		}
	}
	if _, err := TakeSnapshot().Summarize(path, func(io.ReaderAt, Summary) error { return nil }); !errors.Is(err, target.ErrLeased) {
		t.Errorf("a summary: %v", err)
	}
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_UNLCK); err != nil {
		t.Fatal(err)
	}
	opened, err := Open(path, target.Options{Mode: target.Inspect})
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Close(); err != nil {
		t.Error(err)
	}
}
