package partfs

import (
	"io"
	"iter"
	"maps"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"shunt/ops/overlay"
)

// A Disk is what windows show parts of: an overlay, or a target itself. Its methods may be called from several goroutines at
// once.
type Disk interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
	// Zero makes a range read as zero.
	Zero(off, n int64) error
	Size() int64
	// Extents yields where the bytes of a range come from, in order.
	Extents(off, n int64) iter.Seq[overlay.Extent]
}

// files is the FUSE file system: a root directory with the windows in it. Operations that it does not define fail.
type files struct {
	fuse.RawFileSystem
	ov    Disk
	owner fuse.Owner

	mu      sync.Mutex
	windows map[string]window
	last    uint64 // the latest node number; no number is used twice
}

// A window is a range of the disk that is shown as a file. It never changes.
type window struct {
	id     uint64 // its node number
	off, n int64
}

// forever is how long the kernel may cache attributes, which never change.
const forever = 24 * time.Hour

func newFiles(ov Disk) *files {
	return &files{
		RawFileSystem: fuse.NewDefaultRawFileSystem(),
		ov:            ov,
		owner:         fuse.Owner{Uid: uint32(os.Geteuid()), Gid: uint32(os.Getegid())},
		windows:       map[string]window{},
		last:          fuse.FUSE_ROOT_ID,
	}
}

func (f *files) set(name string, off, n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last++
	f.windows[name] = window{id: f.last, off: off, n: max(0, n)}
}

func (f *files) remove(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.windows, name)
}

// window returns the window with a node number. The status is ESTALE if it was replaced or removed.
func (f *files) window(id uint64) (window, fuse.Status) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range f.windows {
		if w.id == id {
			return w, fuse.OK
		}
	}
	return window{}, fuse.Status(syscall.ESTALE)
}

func (f *files) String() string { return "shunt" }

func (f *files) Lookup(_ <-chan struct{}, _ *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	w, ok := f.windows[name]
	if !ok {
		return fuse.ENOENT
	}
	out.NodeId = w.id
	out.SetEntryTimeout(0)
	out.SetAttrTimeout(forever)
	out.Attr = f.attr(w)
	return fuse.OK
}

func (f *files) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	return f.attributes(in.NodeId, out)
}

func (f *files) attributes(id uint64, out *fuse.AttrOut) fuse.Status {
	out.SetTimeout(forever)
	if id == fuse.FUSE_ROOT_ID {
		out.Attr = fuse.Attr{Ino: id, Mode: fuse.S_IFDIR | 0o700, Nlink: 2, Owner: f.owner}
		return fuse.OK
	}
	w, status := f.window(id)
	if status.Ok() {
		out.Attr = f.attr(w)
	}
	return status
}

func (f *files) attr(w window) fuse.Attr {
	return fuse.Attr{
		Ino:     w.id,
		Size:    uint64(w.n),
		Blocks:  uint64(w.n+511) / 512,
		Blksize: 4096,
		Mode:    fuse.S_IFREG | 0o600,
		Nlink:   1,
		Owner:   f.owner,
	}
}

// OpenDir opens the root, the only directory.
func (f *files) OpenDir(<-chan struct{}, *fuse.OpenIn, *fuse.OpenOut) fuse.Status { return fuse.OK }

func (f *files) ReadDir(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	entries := []fuse.DirEntry{
		{Name: ".", Mode: fuse.S_IFDIR, Ino: fuse.FUSE_ROOT_ID},
		{Name: "..", Mode: fuse.S_IFDIR, Ino: fuse.FUSE_ROOT_ID},
	}
	for _, name := range slices.Sorted(maps.Keys(f.windows)) {
		entries = append(entries, fuse.DirEntry{Name: name, Mode: fuse.S_IFREG, Ino: f.windows[name].id})
	}
	for i := in.Offset; i < uint64(len(entries)); i++ {
		if !out.AddDirEntry(entries[i]) {
			break
		}
	}
	return fuse.OK
}

func (f *files) ReleaseDir(*fuse.ReleaseIn) {}

// StatFs describes a disk that is all free.
func (f *files) StatFs(_ <-chan struct{}, _ *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	blocks := uint64(f.ov.Size()) / 4096
	f.mu.Lock()
	defer f.mu.Unlock()
	*out = fuse.StatfsOut{Bsize: 4096, Frsize: 4096, Blocks: blocks, Bfree: blocks, Bavail: blocks, Files: uint64(len(f.windows)), NameLen: 255}
	return fuse.OK
}

// Nothing can be made, removed or renamed in the directory.

func (f *files) Create(<-chan struct{}, *fuse.CreateIn, string, *fuse.CreateOut) fuse.Status {
	return fuse.EPERM
}

func (f *files) Mknod(<-chan struct{}, *fuse.MknodIn, string, *fuse.EntryOut) fuse.Status {
	return fuse.EPERM
}

func (f *files) Mkdir(<-chan struct{}, *fuse.MkdirIn, string, *fuse.EntryOut) fuse.Status {
	return fuse.EPERM
}
func (f *files) Unlink(<-chan struct{}, *fuse.InHeader, string) fuse.Status { return fuse.EPERM }
func (f *files) Rename(<-chan struct{}, *fuse.RenameIn, string, string) fuse.Status {
	return fuse.EPERM
}
