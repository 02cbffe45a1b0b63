package fsys

import (
	"encoding/binary"
	"errors"
	"io"
	"sync"

	"shunt/model/tried"
)

// file returns the content of an inode.
func (e *extFiles) file(in extInode) Content {
	if in.flags&extInline != 0 {
		return newExtInline(in)
	}
	f := &extFile{e: e, in: in}
	f.find = f.listed
	if in.flags&extExtents != 0 {
		f.find = f.extent
	}
	return f
}

// extFile is a file whose content lies in blocks.
type extFile struct {
	e    *extFiles
	in   extInode
	find func(block uint64) (extRun, error)

	mu    sync.Mutex
	nodes [6]blockCache // of the tree that leads to the blocks, by level
}

// extRun is a run of blocks of a file that lie together, or of none.
type extRun struct {
	at uint64 // the first block, 0 for zeros
	n  uint64 // how many, at least 1
}

func (f *extFile) Size() int64  { return f.in.size }
func (f *extFile) Close() error { return nil }

// run returns the run that begins with a block of the file. The blocks exist.
func (f *extFile) run(block uint64) (extRun, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.find(block)
	if err == nil && r.at != 0 && (r.at >= f.e.sb.Blocks || r.n > f.e.sb.Blocks-r.at) {
		err = broken("inode %d has blocks behind the end of the file system", f.in.number)
	}
	return r, err
}

func (f *extFile) Data(off int64) (from, to int64, err error) {
	size, found := f.e.sb.BlockSize, false
	for at := off; at < f.in.size; {
		r, err := f.run(uint64(at / size))
		if err != nil {
			return 0, 0, err
		}
		switch {
		case r.at != 0 && !found:
			from, found = at, true
		case r.at == 0 && found:
			return from, at, nil
		}
		if r.n > uint64(f.in.size/size)+1 {
			break // to the end
		}
		at = (at/size + int64(r.n)) * size
	}
	if !found {
		from = f.in.size
	}
	return from, f.in.size, nil
}

func (f *extFile) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errNegative
	}
	n, size := 0, f.e.sb.BlockSize
	for n < len(p) && off < f.in.size {
		r, err := f.run(uint64(off / size))
		if err != nil {
			return n, err
		}
		have := f.in.size - off
		if r.n <= uint64(have/size) {
			have = int64(r.n)*size - off%size
		}
		piece := p[n:][:min(int64(len(p)-n), have)]
		if r.at == 0 {
			clear(piece)
		} else if err := readFull(f.e.r, piece, int64(r.at)*size+off%size); err != nil {
			return n, tried.Errorf("read block %d: %w", r.at, err)
		}
		n, off = n+len(piece), off+int64(len(piece))
	}
	return n, eof(n < len(p))
}

// errNegative is returned for reads in front of a file.
var errNegative = errors.New("a file has no bytes in front of its first one")

// extent looks a block up in the tree of extents. Each node of it begins with 12 bytes: magic (2), number of entries (2),
// room for entries (2), level (2). An entry has 12 bytes too. On level 0: first block of the file (4), how many (2; above
// 32768: reserved and not written), first block on the disk (high 2, low 4). Above: first block of the file (4), block of
// the node (low 4, high 2).
func (f *extFile) extent(block uint64) (extRun, error) {
	b, end := f.in.content[:], uint64(1)<<32
	if block >= end {
		return extRun{}, broken("inode %d is longer than its kind of file can be", f.in.number)
	}
	for level, first := -1, true; ; first = false {
		u16 := func(at int) uint64 { return uint64(binary.LittleEndian.Uint16(b[at:])) }
		u32 := func(at int) uint64 { return uint64(binary.LittleEndian.Uint32(b[at:])) }
		depth, count := int(u16(6)), int(u16(2))
		if u16(0) != 0xF30A || depth >= len(f.nodes) || !first && depth != level-1 || 12+12*count > len(b) {
			return extRun{}, broken("the tree of inode %d is damaged", f.in.number)
		}
		level = depth
		at := 0 // of the entry that covers the block
		for i := 1; i <= count; i++ {
			if start := u32(12 * i); start > block {
				end = min(end, start)
				break
			}
			at = 12 * i
		}
		if at == 0 {
			return extRun{n: end - block}, nil
		}
		if level == 0 {
			const written = 32768
			start, n := u32(at), u16(at+4)
			hole := n > written
			if hole {
				n -= written
			}
			switch {
			case block >= start+n:
				return extRun{n: max(1, end-block)}, nil
			case hole:
				return extRun{n: start + n - block}, nil
			}
			return extRun{at: u16(at+6)<<32 + u32(at+8) + block - start, n: start + n - block}, nil
		}
		var err error
		if b, err = f.nodes[level-1].read(f.e, u32(at+4)+u16(at+8)<<32); err != nil {
			return extRun{}, err
		}
	}
}

// listed looks a block up in the lists of ext2 and ext3: the inode has the numbers of the first 12 blocks, then that of a
// block with numbers, then one whose numbers lead to such blocks, then one with a level more.
func (f *extFile) listed(block uint64) (extRun, error) {
	const direct = 12
	number := func(b []byte, i uint64) uint64 { return uint64(binary.LittleEndian.Uint32(b[4*i:])) }
	per := uint64(f.e.sb.BlockSize / 4)
	if block < direct {
		return extRun{at: number(f.in.content[:], block), n: 1}, nil
	}
	block -= direct
	covers := per // blocks below the number at hand
	for level := uint64(0); level < 3; level++ {
		if block >= covers {
			block -= covers
			covers *= per
			continue
		}
		at := number(f.in.content[:], direct+level)
		for depth := int(level); ; depth-- {
			if at == 0 {
				return extRun{n: covers - block%covers}, nil
			}
			if depth < 0 {
				return extRun{at: at, n: 1}, nil
			}
			b, err := f.nodes[depth].read(f.e, at)
			if err != nil {
				return extRun{}, err
			}
			covers /= per
			at = number(b, block/covers%per)
		}
	}
	return extRun{}, broken("inode %d is longer than its kind of file can be", f.in.number)
}

// extInlineFile is a file whose content lies in its inode: the first 60 bytes in place of the list of blocks, the others in
// the attribute "system.data".
type extInlineFile struct {
	data []byte
	size int64
	in   extInode
}

func newExtInline(in extInode) Content {
	data := append([]byte(nil), in.content[:]...)
	return extInlineFile{append(data, extAttribute(in.more)...), in.size, in}
}

// extAttribute returns the value of "system.data".
func extAttribute(b []byte) (value []byte) {
	eachExtAttribute(b, func(inline bool, v []byte) {
		if inline {
			value = v
		}
	})
	return value
}

// extOtherAttributes reports whether there are attributes that people gave the file.
func extOtherAttributes(b []byte) (found bool) {
	eachExtAttribute(b, func(inline bool, _ []byte) { found = found || !inline })
	return found
}

// eachExtAttribute calls each for every extended attribute that lies in an inode, and says which one is "system.data". The
// attributes begin with a magic number (4 bytes). An entry has: length of the name (1), prefix (1; 7: "system."), where the
// value lies behind the magic number (2), inode (4), length of the value (4), hash (4), name.
func eachExtAttribute(b []byte, each func(inline bool, value []byte)) {
	const magic, system, name = 0xEA020000, 7, "data"
	if len(b) < 4 || binary.LittleEndian.Uint32(b) != magic {
		return
	}
	b = b[4:]
	for e := b; len(e) >= 16 && binary.LittleEndian.Uint32(e) != 0; {
		size := int(e[0])
		from, n := int(binary.LittleEndian.Uint16(e[2:])), int(binary.LittleEndian.Uint32(e[8:]))
		next := (16 + size + 3) / 4 * 4
		if next > len(e) {
			return
		}
		inline := e[1] == system && string(e[16:16+size]) == name
		if from > len(b) || n > len(b)-from {
			from, n = 0, 0
		}
		each(inline, b[from:from+n])
		e = e[next:]
	}
}

func (f extInlineFile) Size() int64  { return f.size }
func (f extInlineFile) Close() error { return nil }

func (f extInlineFile) Data(off int64) (from, to int64, err error) {
	return min(off, f.size), f.size, nil
}

func (f extInlineFile) ReadAt(p []byte, off int64) (int, error) {
	switch {
	case off < 0:
		return 0, errNegative
	case f.size > int64(len(f.data)):
		return 0, broken("inode %d has %d bytes, and room for %d", f.in.number, f.size, len(f.data))
	case off >= f.size:
		return 0, io.EOF
	}
	n := copy(p, f.data[off:f.size])
	return n, eof(n < len(p))
}

// names calls each for every name if the file is a directory. It begins with the inode of its parent.
func (f extInlineFile) names(each func(number uint32, name string) error) error {
	if f.size > int64(len(f.data)) {
		return broken("inode %d has %d bytes, and room for %d", f.in.number, f.size, len(f.data))
	}
	const inInode = len(f.in.content)
	if err := extNames(f.data[4:min(int64(inInode), f.size)], each); err != nil || f.size <= int64(inInode) {
		return err
	}
	return extNames(f.data[inInode:f.size], each)
}
