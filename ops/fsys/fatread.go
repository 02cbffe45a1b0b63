package fsys

import (
	"context"
	"io"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/scan/fatfs"
	"shunt/model/tried"
	"shunt/ops/report"
)

// fatFiles reads the files of a FAT volume.
type fatFiles struct {
	r io.ReaderAt // the volume begins at 0
	v fatfs.Volume

	mu    sync.Mutex
	table *fatReader
}

// fatAt is where a file of FAT lies.
type fatAt struct{ first, size int64 }

const (
	rootID = 1
	// mostFATDir is the largest directory that there can be, in bytes.
	mostFATDir = 2 << 20
)

func openFAT(_ context.Context, src Files) (Contents, error) {
	r := io.NewSectionReader(src.Base, src.Off, src.Len)
	b := make([]byte, fatfs.BootSize)
	if err := readFull(r, b, 0); err != nil {
		return nil, tried.Errorf("read the boot sector: %w", err)
	}
	v, ok := fatfs.Parse(b)
	if !ok || v.Active >= v.Copies {
		return nil, broken("the boot sector is not that of a FAT volume")
	}
	return &fatFiles{r: r, v: v, table: newFATReader(r, v)}, nil
}

func (c *fatFiles) Close() error { return nil }

func (c *fatFiles) Root(context.Context) (Node, error) {
	return plainNode("", rootID, report.FileDirectory, false, fatAt{first: c.v.RootCluster}), nil
}

// plainNode returns a node of a file system that stores no owner.
func plainNode(name string, id uint64, kind report.FileKind, readOnly bool, at any) Node {
	n := Node{Name: name, ID: id, Kind: kind, Mode: unix.S_IFREG | 0o644, Links: 1, at: at}
	if kind == report.FileDirectory {
		n.Mode = unix.S_IFDIR | 0o755
	} else if readOnly {
		n.Mode &^= 0o222
	}
	return n
}

// next returns the cluster behind another in its chain.
func (c *fatFiles) next(at int64) (int64, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, err := c.table.get(at)
	if err != nil {
		return 0, false, err
	}
	return e.number(), !e.last() && !e.bad() && !e.free(), nil
}

func (c *fatFiles) good(at int64) bool { return at >= fatfs.FirstCluster && at < c.table.n }

// directory reads a directory piece by piece and calls each with every piece, a whole number of entries, and with its place
// on the disk in bytes. It stops when each returns false.
func (c *fatFiles) directory(first int64, each func(b []byte, at int64) (bool, error)) error {
	if first == 0 && c.v.Kind != model.FAT32 {
		b, at := make([]byte, c.v.RootEntries*fatDirEntry), c.v.RootStart()*c.v.SectorSize
		if err := readFull(c.r, b, at); err != nil {
			return tried.Errorf("read the root directory: %w", err)
		}
		_, err := each(b, at)
		return err
	}
	if first == 0 {
		first = c.v.RootCluster
	}
	b, seen := make([]byte, c.v.ClusterSize()), newClusterSet(c.table.n)
	for at, read := first, int64(0); read < mostFATDir; read += int64(len(b)) {
		if !c.good(at) {
			return broken("cluster %d, where a directory should lie, does not exist", at)
		}
		if seen.has(at) {
			return broken("the clusters of a directory lead back into themselves")
		}
		seen.add(at)
		if err := readFull(c.r, b, c.v.ClusterAt(at)); err != nil {
			return tried.Errorf("read a directory: %w", err)
		}
		more, err := each(b, c.v.ClusterAt(at))
		if err != nil || !more {
			return err
		}
		ok := false
		if at, ok, err = c.next(at); err != nil || !ok {
			return err
		}
	}
	return nil
}

func (c *fatFiles) Entries(ctx context.Context, dir Node, each func(Node) error) error {
	return c.entries(ctx, dir, func(n Node, _ string) error { return each(n) })
}

// entries also passes the short names.
func (c *fatFiles) entries(ctx context.Context, dir Node, each func(n Node, short string) error) error {
	place, ok := dir.at.(fatAt)
	if !ok || dir.Kind != report.FileDirectory {
		return ErrNotDirectory
	}
	s := fatScanner{kind: c.v.Kind}
	return c.directory(place.first, func(b []byte, at int64) (bool, error) {
		for ; len(b) >= fatDirEntry; b, at = b[fatDirEntry:], at+fatDirEntry {
			if fatEnds(b) {
				return false, nil
			}
			f, ok := s.add(b[:fatDirEntry])
			if !ok {
				continue
			}
			n := plainNode(f.name, uint64(at/fatDirEntry)+2, f.kind, f.readOnly, fatAt{f.first, f.size})
			n.Size, n.Modified, n.Accessed, n.Created = f.size, f.modified, f.accessed, f.created
			if err := each(n, f.short); err != nil {
				return false, err
			}
		}
		return true, ctx.Err()
	})
}

func (c *fatFiles) Find(ctx context.Context, dir Node, name string) (Node, error) {
	return findFolded(name, func(each func(n Node, short string) error) error { return c.entries(ctx, dir, each) })
}

// findFolded looks for an entry of this name, or else for one that differs only in the case of letters, or else for one
// with this short name.
func findFolded(name string, entries func(each func(n Node, short string) error) error) (Node, error) {
	var exact, folded, alias *Node
	err := entries(func(n Node, short string) error {
		switch {
		case n.Name == name:
			exact = &n
			return errFound
		case folded == nil && strings.EqualFold(n.Name, name):
			folded = &n
		case alias == nil && short != "" && strings.EqualFold(short, name):
			alias = &n
		}
		return nil
	})
	for _, n := range []*Node{exact, folded, alias} {
		if n != nil {
			return *n, nil
		}
	}
	if err == nil {
		err = ErrNoFile
	}
	return Node{}, err
}

func (c *fatFiles) Open(_ context.Context, file Node) (Content, error) {
	place, ok := file.at.(fatAt)
	if !ok || file.Kind != report.FileRegular {
		return nil, ErrNotFile
	}
	if n := c.v.Clusters() * c.v.ClusterSize(); place.size > n {
		return nil, broken("the file should have %d bytes, and the volume has room for %d", place.size, n)
	}
	chain, size := newChain(place.first, c.good, c.next), c.v.ClusterSize()
	if err := chain.check((place.size+size-1)/size, c.table.n); err != nil {
		return nil, err
	}
	return &clusterFile{r: c.r, chain: chain, size: place.size, valid: place.size, cluster: size, place: c.v.ClusterAt}, nil
}
