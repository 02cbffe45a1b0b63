// Package filefs serves the files that fsys.Contents reads with FUSE, so that all programs can read them. Nothing can be
// written.
//
// The file system never changes while it is served, so the kernel caches everything. Its bytes may be hostile: what cannot
// be read is an I/O error of that file or directory, names that cannot exist on Linux are left out, and a directory that
// contains itself ends with ELOOP, since it is the same inode there.
package filefs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"syscall"
	"time"

	gofs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"shunt/model/tried"
	"shunt/ops/fsys"
)

// Options say what the files do not say themselves.
type Options struct {
	UID, GID   uint32 // who owns files without an owner
	Size, Free int64  // of the file system, in bytes
}

// maxRequest is the largest number of bytes in a single read request of the kernel.
const maxRequest = 1 << 20

// forever is how long the kernel may keep what it was told.
const forever = 24 * time.Hour

// Serve answers on a connection, which must be mounted, until it is unmounted or ctx ends.
func Serve(ctx context.Context, c fsys.Contents, connection *os.File, o Options) error {
	top, err := c.Root(ctx)
	if err != nil {
		return err
	}
	v := &volume{c: c, o: o, lists: newLists(mostKept)}
	keep := forever
	raw := gofs.NewNodeFS(&file{v: v, n: top}, &gofs.Options{
		EntryTimeout: &keep, AttrTimeout: &keep, NegativeTimeout: &keep,
		RootStableAttr: &gofs.StableAttr{Ino: top.ID}, NullPermissions: true,
	})
	own, err := unix.FcntlInt(connection.Fd(), unix.F_DUPFD_CLOEXEC, 3) // the server closes it
	if err != nil {
		return tried.Errorf("serve files: %w", err)
	}
	server, err := fuse.NewServer(raw, fmt.Sprintf("/dev/fd/%d", own), &fuse.MountOptions{
		MaxWrite:      maxRequest,
		DisableXAttrs: true,
		Logger:        log.New(io.Discard, "", 0), // programs get the errors
		PanicHandler:  func(any) fuse.Status { return fuse.EIO },
	})
	if err != nil {
		return errors.Join(tried.Errorf("serve files: %w", err), unix.Close(own))
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Serve()
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A volume is what all files share.
type volume struct {
	c     fsys.Contents
	o     Options
	lists *lists
}

// A file is an inode: a file, a directory or a link.
type file struct {
	gofs.Inode
	v *volume
	n fsys.Node
}

var (
	_ gofs.NodeGetattrer  = (*file)(nil)
	_ gofs.NodeLookuper   = (*file)(nil)
	_ gofs.NodeReaddirer  = (*file)(nil)
	_ gofs.NodeOpener     = (*file)(nil)
	_ gofs.NodeReadlinker = (*file)(nil)
	_ gofs.NodeStatfser   = (*file)(nil)
)

// nameable reports whether the kernel takes a name. File systems with names in UTF-16 have longer ones than others.
func nameable(name string) bool {
	const longest = 1023 // FUSE_NAME_MAX of kernels before 6.15
	return name != "" && name != "." && name != ".." && len(name) <= longest && !strings.ContainsAny(name, "/\x00")
}

// attr fills in the attributes of a file.
func (v *volume) attr(n fsys.Node, out *fuse.Attr) {
	const block = 512
	out.Ino, out.Mode, out.Nlink = n.ID, n.Mode, n.Links
	out.Size = uint64(max(0, n.Size))
	out.Blocks, out.Blksize = (out.Size+block-1)/block, 4096
	out.Owner = fuse.Owner{Uid: n.UID, Gid: n.GID}
	if !n.Owned {
		out.Owner = fuse.Owner{Uid: v.o.UID, Gid: v.o.GID}
	}
	for _, t := range []struct {
		time     time.Time
		seconds  *uint64
		fraction *uint32
	}{{n.Modified, &out.Mtime, &out.Mtimensec}, {n.Accessed, &out.Atime, &out.Atimensec}, {n.Modified, &out.Ctime, &out.Ctimensec}} {
		if !t.time.IsZero() {
			*t.seconds, *t.fraction = uint64(t.time.Unix()), uint32(t.time.Nanosecond())
		}
	}
}

// Getattr implements gofs.NodeGetattrer.
func (f *file) Getattr(_ context.Context, _ gofs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	f.v.attr(f.n, &out.Attr)
	return 0
}

// Statfs implements gofs.NodeStatfser.
func (f *file) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	const block = 512
	out.Bsize, out.Frsize, out.NameLen = block, block, 255
	out.Blocks, out.Bfree, out.Bavail = uint64(f.v.o.Size/block), uint64(f.v.o.Free/block), uint64(f.v.o.Free/block)
	return 0
}

// Lookup implements gofs.NodeLookuper.
func (f *file) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*gofs.Inode, syscall.Errno) {
	n, err := f.v.find(ctx, f.n, name)
	if err != nil {
		return nil, errno(err)
	}
	f.v.attr(n, &out.Attr)
	return f.NewInode(ctx, &file{v: f.v, n: n}, gofs.StableAttr{Mode: n.Mode & unix.S_IFMT, Ino: n.ID}), 0
}

// Readdir implements gofs.NodeReaddirer.
func (f *file) Readdir(ctx context.Context) (gofs.DirStream, syscall.Errno) {
	nodes, whole, err := f.v.list(ctx, f.n)
	if err != nil && len(nodes) == 0 {
		return nil, errno(err)
	}
	if !whole && err == nil {
		return f.v.stream(ctx, f.n, f.dots()), 0
	}
	entries := f.dots()
	for _, n := range nodes {
		entries = append(entries, entry(n))
	}
	return &partly{DirStream: gofs.NewListDirStream(entries), err: errno(err)}, 0
}

// dots returns the entries that every directory has.
func (f *file) dots() []fuse.DirEntry {
	above := f.n.ID
	if _, parent := f.Parent(); parent != nil {
		above = parent.StableAttr().Ino
	}
	return []fuse.DirEntry{{Name: ".", Ino: f.n.ID, Mode: unix.S_IFDIR}, {Name: "..", Ino: above, Mode: unix.S_IFDIR}}
}

func entry(n fsys.Node) fuse.DirEntry {
	return fuse.DirEntry{Name: n.Name, Ino: n.ID, Mode: n.Mode & unix.S_IFMT}
}

// Readlink implements gofs.NodeReadlinker.
func (f *file) Readlink(context.Context) ([]byte, syscall.Errno) {
	if f.n.Target == "" {
		return nil, unix.EIO
	}
	return []byte(f.n.Target), 0
}

// Open implements gofs.NodeOpener. What the kernel has cached of a file stays valid.
func (f *file) Open(ctx context.Context, flags uint32) (gofs.FileHandle, uint32, syscall.Errno) {
	if flags&unix.O_ACCMODE != unix.O_RDONLY {
		return nil, 0, unix.EROFS
	}
	c, err := f.v.c.Open(ctx, f.n)
	if err != nil {
		return nil, 0, errno(err)
	}
	return &opened{c}, fuse.FOPEN_KEEP_CACHE | fuse.FOPEN_NOFLUSH, 0
}

// opened is an open file.
type opened struct{ c fsys.Content }

var (
	_ gofs.FileReader   = (*opened)(nil)
	_ gofs.FileLseeker  = (*opened)(nil)
	_ gofs.FileReleaser = (*opened)(nil)
)

// Read implements gofs.FileReader.
func (o *opened) Read(_ context.Context, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	n, err := o.c.ReadAt(dest, off)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, errno(err)
	}
	return fuse.ReadResultData(dest[:n]), 0
}

// Lseek implements gofs.FileLseeker. It finds data and holes.
func (o *opened) Lseek(_ context.Context, off uint64, whence uint32) (uint64, syscall.Errno) {
	at := int64(off)
	if at < 0 || at >= o.c.Size() {
		return 0, unix.ENXIO
	}
	from, to, err := o.c.Data(at)
	switch {
	case err != nil:
		return 0, errno(err)
	case whence == unix.SEEK_DATA && from >= o.c.Size():
		return 0, unix.ENXIO
	case whence == unix.SEEK_DATA:
		return uint64(from), 0
	case whence == unix.SEEK_HOLE && from > at:
		return off, 0
	case whence == unix.SEEK_HOLE:
		return uint64(min(to, o.c.Size())), 0
	}
	return 0, unix.EINVAL
}

// Release implements gofs.FileReleaser.
func (o *opened) Release(context.Context) syscall.Errno { return errno(o.c.Close()) }

// errno returns the number that programs get for an error.
func errno(err error) syscall.Errno {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, fsys.ErrNoFile):
		return unix.ENOENT
	case errors.Is(err, fsys.ErrNotDirectory):
		return unix.ENOTDIR
	case errors.Is(err, context.Canceled):
		return unix.EINTR
	}
	return unix.EIO
}
