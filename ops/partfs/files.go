package partfs

import (
	"maps"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"shunt/ops/overlay"
)

// files is the file system: a root directory and the windows in it. What is not defined here or in file.go cannot
// be done.
type files struct {
	fuse.RawFileSystem
	ov    *overlay.Overlay
	owner fuse.Owner
	apart bool // there is no window over the whole disk; its name is one as any other

	mu    sync.Mutex
	named map[string]*node // what can be opened
	nodes map[uint64]*node // what the kernel may ask for, also what is not named any more
	last  uint64           // the node number given last; none is given twice
}

// node is one window as it was set. Its range never changes.
type node struct {
	id      uint64
	off, n  int64
	lookups uint64 // how often the kernel has been told of the node without having forgotten it
	gone    bool   // replaced or removed
}

// forever is how long what never changes may be cached.
const forever = 24 * time.Hour

func newFiles(ov *overlay.Overlay) *files {
	f := &files{
		RawFileSystem: fuse.NewDefaultRawFileSystem(),
		ov:            ov,
		owner:         owner(),
		named:         map[string]*node{},
		nodes:         map[uint64]*node{},
		last:          fuse.FUSE_ROOT_ID,
	}
	f.put(Disk, 0, ov.Size())
	return f
}

// set replaces the window of a name.
func (f *files) set(name string, off, n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if name != Disk || f.apart {
		f.drop(name)
		f.put(name, off, n)
	}
}

func (f *files) remove(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if name != Disk || f.apart {
		f.drop(name)
	}
}

// put names a new node. The lock must be held (but in newFiles).
func (f *files) put(name string, off, n int64) *node {
	f.last++
	nd := &node{id: f.last, off: off, n: max(0, n)}
	f.named[name] = nd
	f.nodes[nd.id] = nd
	return nd
}

// drop takes the name away from its node. The lock must be held.
func (f *files) drop(name string) {
	nd, ok := f.named[name]
	if !ok {
		return
	}
	delete(f.named, name)
	nd.gone = true
	if nd.lookups == 0 {
		delete(f.nodes, nd.id)
	}
}

// find is the node of a name. The lock must be held.
func (f *files) find(name string) (*node, bool) {
	nd, ok := f.named[name]
	if ok && name == Disk && !f.apart && nd.n != f.ov.Size() {
		f.drop(Disk)
		nd = f.put(Disk, 0, f.ov.Size())
	}
	return nd, ok
}

// node is the node of a number, if it is still a window.
func (f *files) node(id uint64) (*node, fuse.Status) {
	f.mu.Lock()
	defer f.mu.Unlock()
	nd, ok := f.nodes[id]
	if !ok || nd.gone {
		return nil, fuse.Status(syscall.ESTALE)
	}
	return nd, fuse.OK
}

func (f *files) String() string { return "shunt" }

// Lookup finds a window by name.
func (f *files) Lookup(_ <-chan struct{}, _ *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	nd, ok := f.find(name)
	if !ok {
		return fuse.ENOENT
	}
	nd.lookups++
	out.NodeId = nd.id
	out.SetEntryTimeout(0)
	out.SetAttrTimeout(forever)
	f.fill(&out.Attr, nd)
	return fuse.OK
}

// Forget is told when the kernel no longer remembers a node.
func (f *files) Forget(id, lookups uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	nd, ok := f.nodes[id]
	if !ok {
		return
	}
	nd.lookups -= min(nd.lookups, lookups)
	if nd.gone && nd.lookups == 0 {
		delete(f.nodes, id)
	}
}

// GetAttr tells the attributes of the directory or of a window.
func (f *files) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	return f.attributes(in.NodeId, out)
}

func (f *files) attributes(id uint64, out *fuse.AttrOut) fuse.Status {
	out.SetTimeout(forever)
	if id == fuse.FUSE_ROOT_ID {
		out.Attr = fuse.Attr{Ino: id, Mode: fuse.S_IFDIR | 0o700, Nlink: 2, Owner: f.owner}
		return fuse.OK
	}
	nd, status := f.node(id)
	if status.Ok() {
		f.fill(&out.Attr, nd)
	}
	return status
}

func (f *files) fill(a *fuse.Attr, nd *node) {
	*a = fuse.Attr{
		Ino:     nd.id,
		Size:    uint64(nd.n),
		Blocks:  uint64(nd.n+511) / 512,
		Blksize: 4096,
		Mode:    fuse.S_IFREG | 0o600,
		Nlink:   1,
		Owner:   f.owner,
	}
}

// OpenDir opens the root, the only directory.
func (f *files) OpenDir(<-chan struct{}, *fuse.OpenIn, *fuse.OpenOut) fuse.Status { return fuse.OK }

// ReadDir lists the windows.
func (f *files) ReadDir(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	entries := []fuse.DirEntry{
		{Name: ".", Mode: fuse.S_IFDIR, Ino: fuse.FUSE_ROOT_ID},
		{Name: "..", Mode: fuse.S_IFDIR, Ino: fuse.FUSE_ROOT_ID},
	}
	for _, name := range slices.Sorted(maps.Keys(f.named)) {
		entries = append(entries, fuse.DirEntry{Name: name, Mode: fuse.S_IFREG, Ino: f.named[name].id})
	}
	for i := in.Offset; i < uint64(len(entries)); i++ {
		if !out.AddDirEntry(entries[i]) {
			break
		}
	}
	return fuse.OK
}

// ReleaseDir closes the directory.
func (f *files) ReleaseDir(*fuse.ReleaseIn) {}

// StatFs describes a disk every byte of which may be written.
func (f *files) StatFs(_ <-chan struct{}, _ *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	blocks := uint64(f.ov.Size()) / 4096
	f.mu.Lock()
	defer f.mu.Unlock()
	*out = fuse.StatfsOut{Bsize: 4096, Frsize: 4096, Blocks: blocks, Bfree: blocks, Bavail: blocks, Files: uint64(len(f.named)), NameLen: 255}
	return fuse.OK
}

// Nothing can be made, removed or renamed in the directory.

// Create is refused.
func (f *files) Create(<-chan struct{}, *fuse.CreateIn, string, *fuse.CreateOut) fuse.Status {
	return fuse.EPERM
}

// Mknod is refused.
func (f *files) Mknod(<-chan struct{}, *fuse.MknodIn, string, *fuse.EntryOut) fuse.Status {
	return fuse.EPERM
}

// Mkdir is refused.
func (f *files) Mkdir(<-chan struct{}, *fuse.MkdirIn, string, *fuse.EntryOut) fuse.Status {
	return fuse.EPERM
}

// Unlink is refused.
func (f *files) Unlink(<-chan struct{}, *fuse.InHeader, string) fuse.Status { return fuse.EPERM }

// Rename is refused.
func (f *files) Rename(<-chan struct{}, *fuse.RenameIn, string, string) fuse.Status {
	return fuse.EPERM
}
