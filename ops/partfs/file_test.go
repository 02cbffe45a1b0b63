package partfs

import (
	"bytes"
	"errors"
	"math"
	"os"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"shunt/ops/overlay"
)

// The tests in this file ask the file system what the kernel would ask, without a mount, so they run everywhere.

// spill is a spill that can be told to fail.
type spill struct {
	bytes []byte
	fail  error
}

func (s *spill) ReadAt(p []byte, off int64) (int, error) { return copy(p, s.bytes[off:]), nil }

func (s *spill) WriteAt(p []byte, off int64) (int, error) {
	if s.fail != nil {
		return 0, s.fail
	}
	if end := int(off) + len(p); end > len(s.bytes) {
		s.bytes = append(s.bytes, make([]byte, end-len(s.bytes))...)
	}
	return copy(s.bytes[off:], p), nil
}

func (s *spill) Sync() error { return s.fail }

func plainFiles(size int) (*files, *spill) {
	s := &spill{}
	return newFiles(overlay.New(bytes.NewReader(bytes.Repeat([]byte{0x55}, size)), int64(size), s)), s
}

// lookup is the number of the node behind a name, as the kernel learns it.
func lookup(t *testing.T, f *files, name string) uint64 {
	t.Helper()
	var out fuse.EntryOut
	if status := f.Lookup(nil, nil, name, &out); !status.Ok() {
		t.Fatalf("lookup of %s: %v", name, status)
	}
	if out.EntryTimeout() != 0 {
		t.Errorf("the name may be cached for %v", out.EntryTimeout())
	}
	return out.NodeId
}

func header(node uint64) fuse.InHeader { return fuse.InHeader{NodeId: node} }

func TestNodesAreNeverReused(t *testing.T) {
	f, _ := plainFiles(1 << 20)
	f.set("p1", 0, 4096)
	first := lookup(t, f, "p1")
	f.set("p1", 0, 4096)
	second := lookup(t, f, "p1")
	if second == first {
		t.Errorf("node %d, then %d", first, second)
	}
	if status := f.GetAttr(nil, &fuse.GetAttrIn{InHeader: header(first)}, &fuse.AttrOut{}); status != fuse.Status(syscall.ESTALE) {
		t.Errorf("replaced node: %v", status)
	}
	f.Forget(first, 1)
	f.Forget(second, 1)
	if _, status := f.window(second); !status.Ok() {
		t.Error("a window is gone because the kernel forgot it")
	}
	f.Forget(12345, 1)

	f.remove("p1")
	f.remove("p1")
	if status := f.Lookup(nil, nil, "p1", &fuse.EntryOut{}); status != fuse.ENOENT {
		t.Errorf("removed window: %v", status)
	}
	if len(f.windows) != 0 {
		t.Errorf("%d windows are left", len(f.windows))
	}
}

func TestFileLimits(t *testing.T) {
	const start, length = 8192, 10000
	f, _ := plainFiles(1 << 20)
	f.set("p1", start, length)
	in := header(lookup(t, f, "p1"))
	for _, c := range []struct {
		off    uint64
		n      int
		read   int
		write  fuse.Status
		stored uint32
	}{
		{0, 100, 100, fuse.OK, 100},
		{length - 100, 100, 100, fuse.OK, 100},
		{length - 100, 101, 100, fuse.OK, 100},
		{length - 1, 100, 1, fuse.OK, 1},
		{length, 1, 0, tooBig, 0},
		{math.MaxUint64, 1, 0, tooBig, 0},
		{math.MaxInt64, 1, 0, tooBig, 0},
	} {
		result, status := f.Read(nil, &fuse.ReadIn{InHeader: in, Offset: c.off}, make([]byte, c.n))
		if !status.Ok() || result.Size() != c.read {
			t.Errorf("read %d at %d: %v, %v", c.n, c.off, result, status)
		}
		n, status := f.Write(nil, &fuse.WriteIn{InHeader: in, Offset: c.off}, bytes.Repeat([]byte{1}, c.n))
		if n != c.stored || status != c.write {
			t.Errorf("write %d at %d: %d, %v", c.n, c.off, n, status)
		}
	}
	behind := make([]byte, 4096)
	if _, err := f.ov.ReadAt(behind, start+length); err != nil || !bytes.Equal(behind, bytes.Repeat([]byte{0x55}, 4096)) {
		t.Errorf("bytes behind the window have changed: %v", err)
	}
}

func TestSetAttr(t *testing.T) {
	f, _ := plainFiles(1 << 20)
	f.set("p1", 0, 10000)
	for _, c := range []struct {
		valid uint32
		size  uint64
		want  fuse.Status
	}{
		{fuse.FATTR_SIZE, 0, fuse.OK},
		{fuse.FATTR_SIZE, 10000, fuse.OK},
		{fuse.FATTR_SIZE, 10001, tooBig},
		{fuse.FATTR_SIZE, math.MaxUint64, tooBig},
		{fuse.FATTR_MTIME | fuse.FATTR_ATIME_NOW, 0, fuse.OK},
		{fuse.FATTR_MODE, 0, fuse.EPERM},
		{fuse.FATTR_UID, 0, fuse.EPERM},
		{fuse.FATTR_GID | fuse.FATTR_SIZE, 0, fuse.EPERM},
	} {
		in := &fuse.SetAttrIn{SetAttrInCommon: fuse.SetAttrInCommon{InHeader: header(lookup(t, f, "p1")), Valid: c.valid, Size: c.size}}
		var out fuse.AttrOut
		status := f.SetAttr(nil, in, &out)
		if status != c.want || status.Ok() && out.Size != 10000 {
			t.Errorf("%#x, size %d: %v, then %d bytes", c.valid, c.size, status, out.Size)
		}
	}
}

func TestFallocate(t *testing.T) {
	const start, length = 8192, 100_000
	const keep, punch, zero = unix.FALLOC_FL_KEEP_SIZE, unix.FALLOC_FL_PUNCH_HOLE, unix.FALLOC_FL_ZERO_RANGE
	for _, c := range []struct {
		mode   uint32
		off, n uint64
		want   fuse.Status
		zeroed [2]int // range within the window
	}{
		{0, 0, length, fuse.OK, [2]int{}},
		{0, 0, length + 1, tooBig, [2]int{}},
		{keep, 0, 1 << 40, fuse.OK, [2]int{}},
		{zero, 100, 200, fuse.OK, [2]int{100, 300}},
		{zero, 0, length, fuse.OK, [2]int{0, length}},
		{zero, 1, length, tooBig, [2]int{}},
		{zero | keep, 50_000, 1 << 40, fuse.OK, [2]int{50_000, length}},
		{punch | keep, 4096, 8192, fuse.OK, [2]int{4096, 12288}},
		{punch | keep, length, 8192, fuse.OK, [2]int{}},
		{punch | keep, math.MaxUint64, 2, tooBig, [2]int{}},
		{punch | keep, math.MaxInt64, 2, tooBig, [2]int{}},
		{punch, 0, 4096, unsupported, [2]int{}},
		{unix.FALLOC_FL_COLLAPSE_RANGE, 0, 4096, unsupported, [2]int{}},
		{unix.FALLOC_FL_UNSHARE_RANGE, 0, 4096, unsupported, [2]int{}},
	} {
		f, _ := plainFiles(1 << 20)
		f.set("p1", start, length)
		in := &fuse.FallocateIn{InHeader: header(lookup(t, f, "p1")), Mode: c.mode, Offset: c.off, Length: c.n}
		if status := f.Fallocate(nil, in); status != c.want {
			t.Errorf("mode %#x, %d bytes at %d: %v, want %v", c.mode, c.n, c.off, status, c.want)
		}
		want := bytes.Repeat([]byte{0x55}, 1<<20)
		clear(want[start+c.zeroed[0] : start+c.zeroed[1]])
		got := make([]byte, 1<<20)
		if _, err := f.ov.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
			t.Errorf("mode %#x, %d bytes at %d: other bytes are zero than %v, %v", c.mode, c.n, c.off, c.zeroed, err)
		}
	}
}

func TestLseek(t *testing.T) {
	f, _ := plainFiles(1 << 20)
	if err := f.ov.Zero(16384, 16384); err != nil {
		t.Fatal(err)
	}
	f.set("p1", 8192, 65536)
	f.set("hole", 16384, 8192)
	for _, c := range []struct {
		name   string
		off    uint64
		whence uint32
		want   uint64
		status fuse.Status
	}{
		{"p1", 0, unix.SEEK_DATA, 0, fuse.OK},
		{"p1", 0, unix.SEEK_HOLE, 8192, fuse.OK},
		{"p1", 8192, unix.SEEK_DATA, 24576, fuse.OK},
		{"p1", 24576, unix.SEEK_HOLE, 65536, fuse.OK},
		{"p1", 65535, unix.SEEK_DATA, 65535, fuse.OK},
		{"p1", 65536, unix.SEEK_DATA, 0, noSuchByte},
		{"p1", 65536, unix.SEEK_HOLE, 0, noSuchByte},
		{"p1", math.MaxUint64, unix.SEEK_HOLE, 0, noSuchByte},
		{"p1", 0, 7, 0, fuse.EINVAL},
		{"hole", 0, unix.SEEK_DATA, 0, noSuchByte},
		{"hole", 100, unix.SEEK_HOLE, 100, fuse.OK},
	} {
		var out fuse.LseekOut
		status := f.Lseek(nil, &fuse.LseekIn{InHeader: header(lookup(t, f, c.name)), Offset: c.off, Whence: c.whence}, &out)
		if status != c.status || out.Offset != c.want {
			t.Errorf("%s from %d, %d: %d, %v; want %d, %v", c.name, c.off, c.whence, out.Offset, status, c.want, c.status)
		}
	}
}

func TestErrorsReachTheKernel(t *testing.T) {
	f, s := plainFiles(1 << 20)
	f.set(wholeDisk, 0, f.ov.Size())
	in := header(lookup(t, f, wholeDisk))
	if status := f.Fsync(nil, &fuse.FsyncIn{InHeader: in}); !status.Ok() {
		t.Error(status)
	}
	s.fail = &os.PathError{Op: "write", Path: "spill", Err: syscall.ENOSPC}
	full := fuse.Status(syscall.ENOSPC)
	if _, status := f.Write(nil, &fuse.WriteIn{InHeader: in}, []byte{1}); status != full {
		t.Errorf("write: %v", status)
	}
	if status := f.Fallocate(nil, &fuse.FallocateIn{InHeader: in, Mode: unix.FALLOC_FL_ZERO_RANGE, Length: 1}); status != full {
		t.Errorf("fallocate: %v", status)
	}
	if status := f.Fsync(nil, &fuse.FsyncIn{InHeader: in}); status != full {
		t.Errorf("fsync: %v", status)
	}
	f.set("far", 1<<20, 4096)
	if _, status := f.Read(nil, &fuse.ReadIn{InHeader: header(lookup(t, f, "far"))}, make([]byte, 10)); status != fuse.EIO {
		t.Errorf("read outside of the disk: %v", status)
	}
	if kept := f.ov.(*overlay.Overlay).Err(); !errors.Is(kept, syscall.ENOSPC) {
		t.Error(kept)
	}
	gone := header(999)
	for name, status := range map[string]fuse.Status{
		"open":      f.Open(nil, &fuse.OpenIn{InHeader: gone}, &fuse.OpenOut{}),
		"read":      status(f.Read(nil, &fuse.ReadIn{InHeader: gone}, nil)),
		"write":     status(f.Write(nil, &fuse.WriteIn{InHeader: gone}, nil)),
		"fallocate": f.Fallocate(nil, &fuse.FallocateIn{InHeader: gone}),
		"lseek":     f.Lseek(nil, &fuse.LseekIn{InHeader: gone}, &fuse.LseekOut{}),
		"truncate":  f.SetAttr(nil, &fuse.SetAttrIn{SetAttrInCommon: fuse.SetAttrInCommon{InHeader: gone, Valid: fuse.FATTR_SIZE}}, &fuse.AttrOut{}),
	} {
		if status != fuse.Status(syscall.ESTALE) {
			t.Errorf("%s of a node that is gone: %v", name, status)
		}
	}
}

func status[T any](_ T, s fuse.Status) fuse.Status { return s }

func TestReadDirInPieces(t *testing.T) {
	f, _ := plainFiles(1 << 20)
	want := 2 // "." and ".."
	for _, name := range []string{"p1", "p2", "p10", "a-rather-long-name-for-a-window"} {
		f.set(name, 0, 1)
		want++
	}
	var offset uint64
	for n := 0; ; n++ {
		list := fuse.NewDirEntryList(make([]byte, 80), offset)
		if status := f.ReadDir(nil, &fuse.ReadIn{Offset: offset}, list); !status.Ok() {
			t.Fatal(status)
		}
		if list.Offset == offset {
			if offset != uint64(want) || n < 2 {
				t.Errorf("%d entries in %d pieces", offset, n)
			}
			return
		}
		offset = list.Offset
	}
}
