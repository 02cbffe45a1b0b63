package raw

import (
	"errors"
	"io"
	"math"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/ops/target"
)

func TestNothingIsWrittenUntilAllowed(t *testing.T) {
	path := image(t, t.TempDir(), 8192)
	check := unchanged(t, path)
	defer check()
	r := open(t, path, target.Options{})
	_, err := r.WriteAt([]byte{1}, 0)
	requireIs(t, err, target.ErrNotAllowed)
	requireIs(t, r.Truncate(4096), target.ErrNotAllowed)
	requireIs(t, r.Punch(0, 512), target.ErrNotAllowed)
	requireIs(t, r.Copy(4096, 0, 512), target.ErrNotAllowed)
	require(t, r.Sync())
	if _, err := r.Read.Write([]byte{1}); !errors.Is(err, unix.EBADF) {
		t.Errorf("the read side can write: %v", err)
	}
	i := open(t, image(t, t.TempDir(), 4096), target.Options{Mode: target.Inspect})
	requireIs(t, i.AllowWrites(), target.ErrNotAllowed)
}

func TestRanges(t *testing.T) {
	const size = 8192
	r := writable(t, image(t, t.TempDir(), size))
	for _, c := range []struct {
		off, n int64
		err    error
	}{
		{0, 0, nil},
		{0, size, nil},
		{size, 0, nil},
		{size - 1, 1, nil},
		{size - 1, 2, target.ErrRange},
		{size, 1, target.ErrRange},
		{size + 1, 0, target.ErrRange},
		{0, size + 1, target.ErrRange},
		{-1, 1, target.ErrRange},
		{math.MaxInt64, 1, target.ErrRange},
		{math.MinInt64, 1, target.ErrRange},
	} {
		p := make([]byte, c.n)
		n, err := r.ReadAt(p, c.off)
		requireIs(t, err, c.err)
		if err == nil && n != len(p) {
			t.Errorf("read %d of %d bytes", n, len(p))
		}
		n, err = r.WriteAt(p, c.off)
		requireIs(t, err, c.err)
		if err == nil && n != len(p) {
			t.Errorf("wrote %d of %d bytes", n, len(p))
		}
		requireIs(t, r.Punch(c.off, c.n), c.err)
		if c.n == 0 {
			_, _, err := r.Data(c.off)
			requireIs(t, err, c.err)
		}
		if info, err := r.Read.Stat(); err != nil || info.Size() != size {
			t.Fatalf("the file has %d bytes now (%v)", info.Size(), err)
		}
	}
	requireIs(t, r.Punch(0, -1), target.ErrRange)
}

// TestCutShort reads where somebody else has cut the file: an error that tells the place, and never zeroes.
func TestCutShort(t *testing.T) {
	path := image(t, t.TempDir(), 8192)
	r := writable(t, path)
	require(t, os.Truncate(path, 5000))
	n, err := r.ReadAt(make([]byte, 4096), 4096)
	requireIs(t, err, io.ErrUnexpectedEOF)
	if n != 904 || !strings.Contains(err.Error(), "byte 4096") {
		t.Errorf("got %d bytes and %q", n, err)
	}
	for _, ranges := range []bool{false, true} {
		r.cannot.copyRange.Store(!ranges)
		requireIs(t, r.Copy(0, 4096, 4096), io.ErrUnexpectedEOF)
	}
	if start, end, err := r.Data(6000); err != nil || start != 8192 || end != 8192 {
		t.Errorf("data behind the cut: %d-%d, %v", start, end, err)
	}
}

func TestTruncate(t *testing.T) {
	path := image(t, t.TempDir(), 8192)
	r := writable(t, path)
	_, err := r.WriteAt([]byte("tail"), 8000)
	require(t, err)
	for _, n := range []int64{8000, 8192, 8193, 1 << 40, 512, 1} {
		require(t, r.Truncate(n))
		if info := stat(t, path); info.Size() != n || r.Size() != n {
			t.Fatalf("size is %d and told as %d, want %d", info.Size(), r.Size(), n)
		}
		if n == 8192 {
			p := make([]byte, 192)
			_, err := r.ReadAt(p, 8000)
			require(t, err)
			if strings.Trim(string(p), "\x00") != "" {
				t.Error("what was cut off came back")
			}
		}
	}
	for _, n := range []int64{0, -1} {
		requireIs(t, r.Truncate(n), target.ErrRange)
	}
	if err := r.Truncate(math.MaxInt64); err == nil || r.Size() != 1 {
		t.Errorf("size %d, error %v", r.Size(), err)
	}
	if _, err := r.ReadAt(make([]byte, 1), 0); err != nil {
		t.Error(err)
	}
}

func TestRefresh(t *testing.T) {
	path := image(t, t.TempDir(), 8192)
	r := open(t, path, target.Options{})
	require(t, os.Truncate(path, 16384))
	require(t, r.Refresh())
	if r.Size() != 16384 {
		t.Errorf("size is %d", r.Size())
	}
	require(t, r.Close())
	if err := r.Refresh(); err == nil || r.Size() != 16384 {
		t.Errorf("size of a closed image: %d, %v", r.Size(), err)
	}
}

func TestFailedSyncStays(t *testing.T) {
	path := image(t, t.TempDir(), 8192)
	r := writable(t, path)
	require(t, r.Sync())
	// A pipe cannot be synced: the system answers with an error.
	reader, writer, err := os.Pipe()
	require(t, err)
	t.Cleanup(func() { _ = reader.Close() })
	good := r.Write
	r.Write = writer
	requireIs(t, r.Sync(), unix.EINVAL)
	r.Write = good
	requireIs(t, r.Sync(), unix.EINVAL)
	_, err = r.WriteAt([]byte{1}, 0)
	requireIs(t, err, unix.EINVAL)
	requireIs(t, r.Punch(0, 512), unix.EINVAL)
	requireIs(t, r.Copy(4096, 0, 512), unix.EINVAL)
	requireIs(t, r.Truncate(512), unix.EINVAL)
	_, err = r.ReadAt(make([]byte, 512), 0)
	require(t, err)

	require(t, r.AllowWrites())
	_, err = r.WriteAt([]byte{1}, 0)
	require(t, err)
	require(t, r.Sync())
	_ = writer.Close()
}

func TestReplacedWhileOpen(t *testing.T) {
	dir := t.TempDir()
	path := image(t, dir, 8192)
	r := open(t, path, target.Options{})
	require(t, os.Rename(path, path+".old"))
	requireIs(t, r.AllowWrites(), target.ErrReplaced)
	other := image(t, dir, 8192)
	check := unchanged(t, other)
	requireIs(t, r.AllowWrites(), target.ErrReplaced)
	_, err := r.WriteAt([]byte{1}, 0)
	requireIs(t, err, target.ErrNotAllowed)
	check()

	require(t, os.Rename(path+".old", path+".new"))
	require(t, os.Remove(path))
	require(t, os.Rename(path+".new", path))
	require(t, r.AllowWrites())
}

// TestWriteErrors has the system refuse every write, here because the descriptor is read-only.
func TestWriteErrors(t *testing.T) {
	path := image(t, t.TempDir(), 64<<10)
	check := unchanged(t, path)
	r := open(t, path, target.Options{})
	var err error
	r.Write, err = os.Open(path)
	require(t, err)
	for _, supported := range []bool{true, false} {
		for _, ability := range []*atomic.Bool{&r.CannotPunch, &r.cannot.clone, &r.cannot.copyRange} {
			ability.Store(!supported)
		}
		for name, call := range map[string]func() error{
			"write":    func() error { _, err := r.WriteAt([]byte{1}, 4096); return err },
			"punch":    func() error { return r.Punch(4096, 8192) },
			"copy":     func() error { return r.Copy(4096, 32<<10, 8192) },
			"truncate": func() error { return r.Truncate(4096) },
		} {
			err := call()
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "4096") {
				t.Errorf("%s: got %v", name, err)
			}
			if !errors.Is(err, unix.EBADF) && !errors.Is(err, unix.EINVAL) {
				t.Errorf("%s: the cause is lost in %v", name, err)
			}
		}
	}
	check()
}

func TestDeviceFull(t *testing.T) {
	dir := mounted(t, 16<<20, "mkfs.ext4", "-q", "-O", "^has_journal", "-m", "0")
	path := image(t, dir, 64<<20)
	r := writable(t, path)
	r.CannotPunch.Store(true)
	chunk := make([]byte, 1<<20)
	full := func(write func(off int64) error) {
		t.Helper()
		var err error
		for off := int64(8 << 20); off < r.Size() && err == nil; off += int64(len(chunk)) {
			err = write(off)
		}
		requireIs(t, err, unix.ENOSPC)
		if !strings.Contains(err.Error(), path) {
			t.Errorf("error %q does not name the image", err)
		}
		require(t, r.Truncate(8<<20))
		require(t, r.Truncate(64<<20))
		require(t, r.Sync())
	}
	full(func(off int64) error { _, err := r.WriteAt(chunk, off); return err })
	full(func(off int64) error { return r.Punch(off, int64(len(chunk))) })
	for _, ranges := range []bool{true, false} {
		_, err := r.WriteAt(chunk, 0)
		require(t, err)
		r.cannot.copyRange.Store(!ranges)
		full(func(off int64) error { return r.Copy(off, 0, int64(len(chunk))) })
	}
}
