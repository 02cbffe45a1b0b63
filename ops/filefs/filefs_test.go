package filefs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
	"shunt/ops/fsys"
	"shunt/ops/partfs"
	"shunt/ops/report"
)

// odd is a file system as nobody would make it: a directory that contains itself, names that cannot be, a directory that
// ends with an error, one with many entries, and a file that is longer than 4 GiB.
type odd struct{ read int }

const (
	rootDir = iota + 1
	selfDir
	brokenDir
	manyDir
	longFile
	badFile
	firstOfMany = 1000
	many        = 3000
	long        = 5 << 30
)

func dir(name string, id uint64) fsys.Node {
	return fsys.Node{Name: name, ID: id, Kind: report.FileDirectory, Mode: unix.S_IFDIR | 0o755, Links: 1}
}

func regular(name string, id uint64, size int64) fsys.Node {
	return fsys.Node{Name: name, ID: id, Kind: report.FileRegular, Mode: unix.S_IFREG | 0o644, Links: 1, Size: size}
}

func (*odd) Root(context.Context) (fsys.Node, error) { return dir("", rootDir), nil }

func (o *odd) Entries(_ context.Context, d fsys.Node, each func(fsys.Node) error) error {
	o.read++
	list := map[uint64][]fsys.Node{
		rootDir: {
			dir("self", selfDir), dir("broken", brokenDir), dir("many", manyDir), regular("long", longFile, long), regular("bad", badFile, 5),
			regular("long", badFile, 1), regular("a/b", badFile, 1), regular("..", badFile, 1), regular("", badFile, 1),
			regular(strings.Repeat("長", 255), badFile, 5), regular("nul\x00", badFile, 1),
		},
		selfDir:   {dir("again", selfDir), regular("inside", badFile, 5)},
		brokenDir: {regular("before", badFile, 5)},
	}[d.ID]
	if d.ID == manyDir {
		for i := range many {
			list = append(list, regular(fmt.Sprintf("file %d", i), uint64(firstOfMany+i), 3))
		}
	}
	for _, n := range list {
		if err := each(n); err != nil {
			return err
		}
	}
	if d.ID == brokenDir {
		return &fsys.BrokenError{What: "it ends here"}
	}
	return nil
}

func (o *odd) Find(ctx context.Context, d fsys.Node, name string) (found fsys.Node, err error) {
	err = o.Entries(ctx, d, func(n fsys.Node) error {
		if strings.EqualFold(n.Name, name) && found.ID == 0 {
			found = n
		}
		return nil
	})
	if found.ID == 0 {
		return found, errors.Join(fsys.ErrNoFile, err)
	}
	return found, nil
}

func (*odd) Open(_ context.Context, n fsys.Node) (fsys.Content, error) {
	if n.ID == badFile {
		return nil, &fsys.BrokenError{What: "no such cluster"}
	}
	return &pattern{n.Size}, nil
}

func (*odd) Close() error { return nil }

// pattern is a file in which each byte depends on its place. Its second gibibyte is a hole.
type pattern struct{ size int64 }

func at(off int64) byte {
	if off>>30 == 1 {
		return 0
	}
	return byte(off>>20) ^ byte(off) | 1
}

func (p *pattern) ReadAt(b []byte, off int64) (int, error) {
	n := int(min(int64(len(b)), max(0, p.size-off)))
	for i := range n {
		b[i] = at(off + int64(i))
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (p *pattern) Size() int64 { return p.size }

func (p *pattern) Data(off int64) (from, to int64, err error) {
	const hole = 1 << 30
	switch {
	case off < hole:
		return off, min(hole, p.size), nil
	case off < 2*hole:
		return min(2*hole, p.size), p.size, nil
	}
	return off, p.size, nil
}

func (*pattern) Close() error { return nil }

// TestLists keeps directories in memory, but not more than allowed, and reads those that are too large piece by piece.
func TestLists(t *testing.T) {
	ctx := t.Context()
	c := &odd{}
	v := &volume{c: c, lists: newLists(many + 5)}
	names := func(id uint64) (list []string) {
		nodes, whole, err := v.list(ctx, dir("", id))
		if !whole || (err != nil) != (id == brokenDir) {
			t.Errorf("%d: %v, %v", id, whole, err)
		}
		for _, n := range nodes {
			list = append(list, n.Name)
		}
		return list
	}
	want := []string{"self", "broken", "many", "long", "bad", strings.Repeat("長", 255)}
	for range 3 {
		if got := names(rootDir); !slices.Equal(got, want) {
			t.Errorf("the root shows %q", got)
		}
	}
	if c.read != 1 {
		t.Errorf("the root was read %d times", c.read)
	}
	if got := names(brokenDir); !slices.Equal(got, []string{"before"}) {
		t.Errorf("%q", got)
	}
	if got := names(manyDir); len(got) != many {
		t.Errorf("%d names", len(got))
	}
	if v.lists.kept > v.lists.most+1 || v.lists.get(rootDir) != nil || v.lists.get(manyDir) == nil {
		t.Errorf("%d entries are kept", v.lists.kept)
	}
	for name, id := range map[string]uint64{"file 7": firstOfMany + 7, "FILE 8": firstOfMany + 8} {
		if n, err := v.find(ctx, dir("", manyDir), name); n.ID != id || err != nil {
			t.Errorf("%s: %d, %v", name, n.ID, err)
		}
	}
	if _, err := v.find(ctx, dir("", manyDir), "none"); errno(err) != unix.ENOENT {
		t.Errorf("%v", err)
	}

	v.lists = newLists(100)
	if _, whole, err := v.list(ctx, dir("", manyDir)); whole || err != nil {
		t.Errorf("a directory with more entries than are kept: %v, %v", whole, err)
	}
	s := v.stream(ctx, dir("", manyDir), nil)
	n := 0
	for ; s.HasNext(); n++ {
		if e, err := s.Next(); err != 0 || e.Name != fmt.Sprintf("file %d", n) {
			t.Fatalf("%d: %q, %v", n, e.Name, err)
		}
	}
	s.Close()
	if n != many {
		t.Errorf("%d entries", n)
	}
	s = v.stream(ctx, dir("", brokenDir), nil)
	first, good := s.Next()
	_, bad := s.Next()
	if first.Name != "before" || good != 0 || bad != unix.EIO || s.HasNext() {
		t.Errorf("%q, %v, %v", first.Name, good, bad)
	}
	s.Close()
	v.stream(ctx, dir("", manyDir), nil).Close()
}

// TestServe reads the odd file system as programs do.
func TestServe(t *testing.T) {
	testneed.Root(t)
	testneed.File(t, "/dev/fuse")
	top := t.TempDir()
	spot, err := os.Open(top)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := partfs.Connect(spot, top, "/test:0", true)
	if err := errors.Join(err, spot.Close()); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		ended <- Serve(context.Background(), &odd{}, connection, Options{Size: 1 << 20, Free: 1 << 19})
	}()
	t.Cleanup(func() { _ = unix.Unmount(top, unix.MNT_DETACH) })

	found := strings.Fields(testneed.Shell(t, top, "ls self; ls many | wc -l; find many -type f -size -1 | wc -l; ls broken || true; stat -f -c '%b %f %S' ."))
	for _, word := range []string{"again", "inside", fmt.Sprint(many), "before", "2048", "1024", "512"} {
		if !slices.Contains(found, word) {
			t.Errorf("%s is not there: %v", word, found)
		}
	}
	if _, err := os.Stat(filepath.Join(top, "self/again/again")); !errors.Is(err, unix.ELOOP) && err == nil {
		t.Error("a directory contains itself")
	}
	for name, want := range map[string]syscall.Errno{"bad": unix.EIO, "none": unix.ENOENT, "long/x": unix.ENOTDIR} {
		if _, err := os.ReadFile(filepath.Join(top, name)); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.WriteFile(filepath.Join(top, "long"), nil, 0o644); !errors.Is(err, unix.EROFS) {
		t.Errorf("writing: %v", err)
	}
	f, err := os.Open(filepath.Join(top, "LONG"))
	if err != nil {
		t.Fatal(err)
	}
	for _, off := range []int64{0, 1<<30 - 3, 1 << 30, 4<<30 - 5, 4<<30 + 12345, long - 10} {
		b := make([]byte, 100)
		n, err := f.ReadAt(b, off)
		if err != nil && !errors.Is(err, io.EOF) || n != int(min(100, long-off)) {
			t.Errorf("%d: %d, %v", off, n, err)
		}
		for i, got := range b[:n] {
			if got != at(off+int64(i)) {
				t.Fatalf("byte %d is %d", off+int64(i), got)
			}
		}
	}
	for _, s := range []struct {
		off    int64
		whence int
		want   int64
	}{{0, unix.SEEK_HOLE, 1 << 30}, {1 << 30, unix.SEEK_DATA, 2 << 30}, {1<<30 + 5, unix.SEEK_HOLE, 1<<30 + 5}, {3 << 30, unix.SEEK_HOLE, long}} {
		if got, err := f.Seek(s.off, s.whence); got != s.want || err != nil {
			t.Errorf("%+v: %d, %v", s, got, err)
		}
	}
	if err := errors.Join(f.Close(), unix.Unmount(top, 0), <-ended, connection.Close()); err != nil {
		t.Error(err)
	}
}
