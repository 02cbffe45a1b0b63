package fsys

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"time"

	"shunt/model/tried"
	"shunt/ops/report"
)

// exfatFiles reads the files of an exFAT volume.
type exfatFiles struct {
	exfatVolume
	r    *io.SectionReader // the volume begins at 0
	root int64

	mu     sync.Mutex
	page   []byte // a piece of the FAT
	pageAt int64  // where it lies, -1 if it was not read
}

// exfatPage is how many bytes of the FAT are held in memory.
const exfatPage = 64 << 10

func openExFAT(_ context.Context, src Files) (Contents, error) {
	r := io.NewSectionReader(src.Base, src.Off, src.Len)
	head := make([]byte, bootSize)
	if err := readFull(r, head, 0); err != nil {
		return nil, tried.Errorf("read the boot sector: %w", err)
	}
	v, ok := exfatShape(head)
	if !ok {
		return nil, broken("the boot sector is not that of an exFAT volume")
	}
	v.end = max(exfatFirst, min(v.end, (src.Len-v.heap)/v.cluster+exfatFirst)) // whatever the boot sector says
	root := int64(binary.LittleEndian.Uint32(head[exfatRootAt:]))
	return &exfatFiles{exfatVolume: v, r: r, root: root, page: make([]byte, exfatPage), pageAt: -1}, nil
}

func (c *exfatFiles) Close() error { return nil }

func (c *exfatFiles) Root(context.Context) (Node, error) {
	return plainNode("", rootID, report.FileDirectory, false, exfatFound{first: c.root, length: mostExFATDir}), nil
}

func (c *exfatFiles) good(at int64) bool { return at >= exfatFirst && at < c.end }

// chain returns the clusters of a file.
func (c *exfatFiles) chain(f exfatFound) *clusterChain {
	return newChain(f.first, c.good, func(at int64) (int64, bool, error) {
		if f.together {
			return at + 1, true, nil
		}
		n, err := c.fat(at)
		if err != nil {
			return 0, false, err
		}
		return n, n < 0xFFFFFFF7 && n != 0, nil
	})
}

// fat returns the entry of the FAT for a cluster.
func (c *exfatFiles) fat(cluster int64) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := 4 * cluster
	if from := at / exfatPage * exfatPage; from != c.pageAt {
		c.pageAt = -1
		n := min(exfatPage, c.r.Size()-c.tables-from)
		if n < 4 {
			return 0, broken("the FAT lies behind the end of the volume")
		}
		if err := readFull(c.r, c.page[:n], c.tables+from); err != nil {
			return 0, tried.Errorf("read the FAT: %w", err)
		}
		clear(c.page[n:])
		c.pageAt = from
	}
	return int64(binary.LittleEndian.Uint32(c.page[at-c.pageAt:])), nil
}

func (c *exfatFiles) Entries(ctx context.Context, dir Node, each func(Node) error) error {
	d, ok := dir.at.(exfatFound)
	if !ok || dir.Kind != report.FileDirectory {
		return ErrNotDirectory
	}
	var s exfatScanner
	chain, seen, b := c.chain(d), newClusterSet(c.end), make([]byte, min(c.cluster, 64<<10))
	// The root has no length of its own and ends with its chain. Other directories may be shorter than they say.
	left := min(d.length, mostExFATDir, (c.end-exfatFirst)*c.cluster)
	for i := int64(0); left > 0; i++ {
		at, err := chain.cluster(i)
		if errors.Is(err, errChainEnds) && i > 0 {
			return nil
		}
		if err != nil {
			return err
		}
		if seen.has(at) {
			return broken("the clusters of a directory lead back into themselves")
		}
		seen.add(at)
		for off := int64(0); off < c.cluster && left > 0; off += int64(len(b)) {
			if err := readFull(c.r, b, c.place(at)+off); err != nil {
				return tried.Errorf("read a directory: %w", err)
			}
			more, err := s.nodes(b, c.place(at)+off, each)
			if err != nil || !more {
				return err
			}
			left -= int64(len(b))
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// nodes passes the files in a piece of a directory that lies at a byte of the volume. more is false if the directory ends
// there.
func (s *exfatScanner) nodes(b []byte, at int64, each func(Node) error) (more bool, err error) {
	for ; len(b) >= fatDirEntry; b, at = b[fatDirEntry:], at+fatDirEntry {
		if b[0] == 0 {
			return false, nil
		}
		f, ok := s.add(b[:fatDirEntry])
		if !ok {
			continue
		}
		kind := report.FileRegular
		if f.directory {
			kind = report.FileDirectory
		}
		n := plainNode(f.name, uint64(at/fatDirEntry)+2, kind, f.readOnly, f)
		n.Modified, n.Accessed, n.Created = f.modified, f.accessed, f.created
		if !f.directory {
			n.Size = f.length
		}
		if err := each(n); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (c *exfatFiles) Find(ctx context.Context, dir Node, name string) (Node, error) {
	return findFolded(name, func(each func(n Node, short string) error) error {
		return c.Entries(ctx, dir, func(n Node) error { return each(n, "") })
	})
}

func (c *exfatFiles) Open(_ context.Context, file Node) (Content, error) {
	f, ok := file.at.(exfatFound)
	if !ok || file.Kind != report.FileRegular {
		return nil, ErrNotFile
	}
	if n := (c.end - exfatFirst) * c.cluster; f.length > n {
		return nil, broken("the file should have %d bytes, and the volume has room for %d", f.length, n)
	}
	chain := c.chain(f)
	if err := chain.check((f.length+c.cluster-1)/c.cluster, c.end); err != nil {
		return nil, err
	}
	return &clusterFile{
		r: c.r, chain: chain, size: f.length, valid: min(f.valid, f.length), cluster: c.cluster, place: c.place,
	}, nil
}

// An exfatScanner reads the entries of one directory of exFAT, one after the other.
type exfatScanner struct {
	current *exfatFound // the set of entries that is read
	name    []uint16
	left    int // units of the name still to come, -1 before its length is known
}

// exfatFound is what a set of entries says.
type exfatFound struct {
	name                        string
	directory, readOnly         bool
	together                    bool
	first, length, valid        int64
	modified, accessed, created time.Time
}

// add reads one entry. A set is complete with the last piece of its name: then ok is true.
func (s *exfatScanner) add(e []byte) (f exfatFound, ok bool) {
	switch {
	case e[0] == exfatFile:
		attr := binary.LittleEndian.Uint16(e[4:])
		s.current, s.name, s.left = &exfatFound{
			directory: attr&exfatDir != 0, readOnly: attr&1 != 0,
			created: exfatTime(e[8:], e[20], e[22]), modified: exfatTime(e[12:], e[21], e[23]),
			accessed: exfatTime(e[16:], 0, e[24]),
		}, nil, -1
	case s.current == nil:
	case e[0] == exfatStream:
		s.current.together, s.left = e[1]&exfatTogether != 0, int(e[3])
		s.current.valid = int64(binary.LittleEndian.Uint64(e[8:]))
		s.current.first = int64(binary.LittleEndian.Uint32(e[20:]))
		s.current.length = max(0, int64(binary.LittleEndian.Uint64(e[24:])))
	case e[0] == exfatName:
		for at := 2; at < fatDirEntry && s.left > 0; at += 2 {
			s.name = append(s.name, binary.LittleEndian.Uint16(e[at:]))
			s.left--
		}
	default:
		s.current = nil // another set begins, or one that is deleted
	}
	if s.current == nil || s.left != 0 {
		return f, false
	}
	f, s.current = *s.current, nil
	f.name = fromUTF16(s.name)
	if f.valid < 0 {
		f.valid = f.length
	}
	return f, true
}

// exfatTime returns the time in an entry: a date and a time of day, hundredths of a second, and the distance from UTC in
// quarters of an hour if the highest bit is set.
func exfatTime(b []byte, hundredths, zone byte) time.Time {
	t := dosTime(binary.LittleEndian.Uint16(b[2:]), binary.LittleEndian.Uint16(b))
	if t.IsZero() {
		return t
	}
	t = t.Add(time.Duration(min(hundredths, 199)) * 10 * time.Millisecond)
	if zone&0x80 != 0 {
		quarters := int(int8(zone<<1) >> 1)
		t = t.Add(-time.Duration(quarters) * 15 * time.Minute)
	}
	return t
}
