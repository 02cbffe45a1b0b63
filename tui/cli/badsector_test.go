package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"shunt/geometry"
	"shunt/model/testneed"
)

// badDisk is a file system with one file, the image: reads of some bytes fail as they do from a disk with bad sectors. The
// test must not touch the file by this way: it serves it itself.
type badDisk struct {
	fs.Inode
	file     *os.File
	from, to atomic.Int64 // these bytes cannot be read; the same number for none
}

var (
	_ fs.NodeOpener    = (*badDisk)(nil)
	_ fs.NodeGetattrer = (*badDisk)(nil)
	_ fs.NodeSetattrer = (*badDisk)(nil)
	_ fs.NodeReader    = (*badDisk)(nil)
	_ fs.NodeWriter    = (*badDisk)(nil)
	_ fs.NodeFsyncer   = (*badDisk)(nil)
	_ fs.NodeAllocater = (*badDisk)(nil)
	_ fs.NodeLseeker   = (*badDisk)(nil)
)

func (d *badDisk) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_DIRECT_IO, 0
}

func (d *badDisk) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	var st syscall.Stat_t
	err := syscall.Fstat(int(d.file.Fd()), &st)
	out.FromStat(&st)
	return fs.ToErrno(err)
}

func (d *badDisk) Setattr(ctx context.Context, h fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if n, ok := in.GetSize(); ok {
		if err := d.file.Truncate(int64(n)); err != nil {
			return fs.ToErrno(err)
		}
	}
	return d.Getattr(ctx, h, out)
}

func (d *badDisk) Read(_ context.Context, _ fs.FileHandle, b []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	if from, to := d.from.Load(), d.to.Load(); from < to && off < to && off+int64(len(b)) > from {
		return nil, syscall.EIO
	}
	n, err := d.file.ReadAt(b, off)
	if n > 0 || err == nil {
		return fuse.ReadResultData(b[:n]), 0
	}
	return fuse.ReadResultData(nil), 0
}

func (d *badDisk) Write(_ context.Context, _ fs.FileHandle, b []byte, off int64) (uint32, syscall.Errno) {
	n, err := d.file.WriteAt(b, off)
	return uint32(n), fs.ToErrno(err)
}

func (d *badDisk) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	return fs.ToErrno(d.file.Sync())
}

func (d *badDisk) Allocate(_ context.Context, _ fs.FileHandle, off, n uint64, mode uint32) syscall.Errno {
	return fs.ToErrno(syscall.Fallocate(int(d.file.Fd()), mode, int64(off), int64(n)))
}

func (d *badDisk) Lseek(_ context.Context, _ fs.FileHandle, off uint64, whence uint32) (uint64, syscall.Errno) {
	at, err := syscall.Seek(int(d.file.Fd()), int64(off), int(whence))
	return uint64(at), fs.ToErrno(err)
}

// serveBad shows an image as slow.raw in a directory of its own.
func serveBad(t *testing.T, image string) (disk *badDisk, shown string) {
	t.Helper()
	testneed.Root(t)
	testneed.File(t, "/dev/fuse")
	file, err := os.OpenFile(image, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	disk = &badDisk{file: file}
	root := &fs.Inode{}
	dir := t.TempDir()
	server, err := fs.Mount(dir, root, &fs.Options{
		MountOptions: fuse.MountOptions{DirectMountStrict: true, FsName: "baddisk", MaxWrite: 1 << 17},
		OnAdd: func(ctx context.Context) {
			root.AddChild("slow.raw", root.NewPersistentInode(ctx, disk, fs.StableAttr{Mode: syscall.S_IFREG, Ino: 2}), false)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Unmount(); err != nil {
			t.Error(err)
		}
		_ = file.Close()
	})
	return disk, filepath.Join(dir, "slow.raw")
}

// TestBadSector moves a partition of which a few sectors cannot be read. The program says which; trying again does not
// help as long as they cannot be read, rolling back does, and so does finishing when they can.
func TestBadSector(t *testing.T) {
	s := newSlow(t, 20<<20)
	s.person = people()[0]
	disk, shown := serveBad(t, s.image)
	at := dataOf(t, s.image) + 512
	first, last := at/512, at/512+6
	elsewhere := s.person.dir(t)
	run := func(code int, words []string, args ...string) {
		t.Helper()
		s.person.run(t, append([]string{"--journal", elsewhere}, args...)...).want(t, code, words...)
	}
	place := fmt.Sprintf("sectors %s-%s of the target (in p1: sectors %s-%s)", geometry.Grouped(first), geometry.Grouped(last),
		geometry.Grouped(first-slowFrom/512), geometry.Grouped(last-slowFrom/512))
	fails := []string{"cannot read " + place, "input/output error", "shunt recover", "--rollback"}
	apply := []string{"apply", "--yes", shown, s.plan}

	disk.from.Store(at)
	disk.to.Store(at + 7*512)
	run(1, []string{"cannot read " + place, "unchanged"}, append(apply, "--verify")...)
	s.isUntouched(t)
	run(4, fails, apply...)
	run(3, []string{"unfinished transaction"}, "info", shown)
	run(4, fails, "recover", shown)
	run(0, []string{"Rolled back"}, "recover", "--rollback", shown)
	s.isUntouched(t)

	run(4, fails, apply...)
	disk.to.Store(at)
	run(0, []string{"Done"}, "recover", shown)
	s.isAfter(t)
	run(0, []string{"exactly as it was"}, "undo", "--yes", shown)
	s.isUntouched(t)
	tidy(t, shown, elsewhere)
}

// isUntouched makes sure that the image is what it was.
func (s slow) isUntouched(t *testing.T) {
	t.Helper()
	if digest(t, s.image) != s.before {
		t.Fatal("the image is not as it was")
	}
}

// dataOf is where one of the blocks of the slow image's file lies, with the file's next blocks behind it, in bytes.
func dataOf(t *testing.T, image string) int64 {
	t.Helper()
	testneed.Tool(t, "debugfs")
	disk := fmt.Sprintf("'%s?offset=%d'", image, slowFrom)
	blocks := strings.Fields(sh(t, ".", "debugfs -R 'blocks /data' "+disk+" 2>/dev/null"))
	size := field(t, sh(t, ".", "debugfs -R 'show_super_stats -h' "+disk+" 2>/dev/null"), "Block size:")
	for i := len(blocks) / 2; i+8 < len(blocks); i++ {
		var first, last int64
		if _, err := fmt.Sscan(blocks[i]+" "+blocks[i+7], &first, &last); err == nil && last == first+7 {
			return slowFrom + first*size
		}
	}
	t.Fatal("no eight blocks of the file follow each other")
	return 0
}
