package fsys

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"shunt/model/scan/extfs"
	"shunt/model/tried"
	"shunt/ops/report"
)

// extFiles reads the files of ext2, ext3 and ext4.
type extFiles struct {
	r  *io.SectionReader // the file system begins at 0
	sb extfs.Superblock

	mu    sync.Mutex
	descs blockCache // of descriptors
	table blockCache // of an inode table
}

// A blockCache holds the block that was read last.
type blockCache struct {
	at uint64 // its number, 0 if there is none
	b  []byte
}

// read returns the block with a number. The result is valid until the next call.
func (c *blockCache) read(e *extFiles, at uint64) ([]byte, error) {
	if at == c.at && at != 0 {
		return c.b, nil
	}
	if at == 0 || at >= e.sb.Blocks {
		return nil, broken("block %d does not exist", at)
	}
	if c.b == nil {
		c.b = make([]byte, e.sb.BlockSize)
	}
	c.at = 0
	if err := readFull(e.r, c.b, int64(at)*e.sb.BlockSize); err != nil {
		return nil, tried.Errorf("read block %d: %w", at, err)
	}
	c.at = at
	return c.b, nil
}

const extRoot = 2 // the inode of the root directory

func openExt(_ context.Context, src Files) (Contents, error) {
	sb, err := readExt(src.Base, src.Off)
	if err != nil {
		return nil, err
	}
	return &extFiles{r: io.NewSectionReader(src.Base, src.Off, src.Len), sb: sb}, nil
}

func (e *extFiles) Close() error { return nil }

// An inode is 128 bytes long or more. All integers are little-endian:
//
//	0x00 mode (2)        0x08 access (4)    0x18 group (2)     0x28 content (60)     0x78 user, upper half (2)
//	0x02 user (2)        0x0C change (4)    0x1A links (2)     0x6C size, high (4)   0x7A group, upper half (2)
//	0x04 size, low (4)   0x10 modified (4)  0x20 flags (4)     0x80 length of what follows (2)
//	0x68 block with extended attributes (4)
//	0x88 modified, more (4)   0x8C access, more (4)   0x90 creation (4)   0x94 creation, more (4)
//
// The content is a list of blocks, the root of a tree of extents, the beginning of the data itself, or the target of a
// link. Source: the Linux kernel's Documentation/filesystems/ext4.
type extInode struct {
	number  uint32
	flags   uint32
	size    int64
	content [60]byte
	more    []byte // the attributes behind the fields of the inode
}

const (
	extEncrypted = 0x800
	extExtents   = 0x80000
	extInline    = 0x10000000
)

// inode reads an inode.
func (e *extFiles) inode(number uint32, name string) (Node, error) {
	if number == 0 || number > e.sb.Inodes {
		return Node{}, broken("inode %d does not exist", number)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	group, index := uint64(number-1)/uint64(e.sb.InodesPerGroup), uint64(number-1)%uint64(e.sb.InodesPerGroup)
	if group >= e.sb.Groups() {
		return Node{}, broken("inode %d does not exist", number)
	}
	b, err := e.descs.read(e, e.sb.DescBlock(group/e.sb.DescsPerBlock()))
	if err != nil {
		return Node{}, err
	}
	d, err := e.sb.Descriptor(group, b[group%e.sb.DescsPerBlock()*uint64(e.sb.DescSize):])
	if err != nil {
		return Node{}, broken("the table of inodes is lost: %v", err)
	}
	at := index * uint64(e.sb.InodeSize)
	if b, err = e.table.read(e, d.InodeTable+at/uint64(e.sb.BlockSize)); err != nil {
		return Node{}, err
	}
	at %= uint64(e.sb.BlockSize)
	return e.parseInode(b[at:][:e.sb.InodeSize], number, name)
}

func (e *extFiles) parseInode(b []byte, number uint32, name string) (Node, error) {
	u16 := func(at int) uint32 { return uint32(binary.LittleEndian.Uint16(b[at:])) }
	u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
	in := extInode{number: number, flags: u32(0x20), content: [60]byte(b[0x28:])}
	in.size = int64(uint64(u32(4)) | uint64(u32(0x6C))<<32)
	n := Node{
		Name: name, ID: uint64(number), Kind: fileKind(u16(0)), Mode: u16(0), Owned: true, Links: u16(0x1A),
		UID: u16(2) | u16(0x78)<<16, GID: u16(0x18) | u16(0x7A)<<16,
	}
	extra := func(at int) uint32 { // fields that an inode may be too short for
		if len(b) <= 128 || 128+int(u16(0x80)) < at+4 || at+4 > len(b) {
			return 0
		}
		return u32(at)
	}
	n.Modified, n.Accessed = extTime(u32(0x10), extra(0x88)), extTime(u32(8), extra(0x8C))
	n.Created = extTime(extra(0x90), extra(0x94))
	if end := 128 + int(u16(min(0x80, len(b)-2))); len(b) > 128 && end < len(b) {
		in.more = append(in.more, b[end:]...)
	}
	n.Attributes = u32(0x68) != 0 || extOtherAttributes(in.more)
	if in.size < 0 {
		return n, broken("inode %d has an impossible size", number)
	}
	n.at = in
	switch n.Kind {
	case report.FileRegular:
		n.Size = in.size
	case report.FileSymlink:
		if target, err := e.target(in); err == nil {
			n.Target = target
		} else {
			n.NoTarget = err.Error()
		}
	case report.FileDirectory, report.FileOther:
	}
	return n, nil
}

// extTime returns a time. The two lowest bits of more extend the seconds, the others are nanoseconds.
func extTime(seconds, more uint32) time.Time {
	if seconds == 0 && more == 0 {
		return time.Time{}
	}
	return time.Unix(int64(int32(seconds))+int64(more&3)<<32, int64(more>>2)).UTC()
}

// target returns where a link leads. A short one lies in the inode itself.
func (e *extFiles) target(in extInode) (string, error) {
	switch {
	case in.flags&extEncrypted != 0:
		return "", errExtEncrypted
	case in.size >= unix.PathMax:
		return "", broken("the target of a link is longer than a path can be")
	case in.size < int64(len(in.content)) && in.flags&(extExtents|extInline) == 0:
		return string(in.content[:in.size]), nil
	}
	f := e.file(in)
	b := make([]byte, in.size)
	if n, err := f.ReadAt(b, 0); n < len(b) {
		return "", err
	}
	return string(b), nil
}

var errExtEncrypted = errors.New("it is encrypted, and the key is not in the image")

func (e *extFiles) Root(context.Context) (Node, error) { return e.inode(extRoot, "") }

func (e *extFiles) Entries(ctx context.Context, dir Node, each func(Node) error) error {
	return e.names(ctx, dir, func(number uint32, name string) error {
		n, err := e.inode(number, name)
		if err != nil {
			return err
		}
		return each(n)
	})
}

func (e *extFiles) Find(ctx context.Context, dir Node, name string) (n Node, err error) {
	err = e.names(ctx, dir, func(number uint32, has string) error {
		if has != name {
			return nil
		}
		if n, err = e.inode(number, name); err != nil {
			return err
		}
		return errFound
	})
	switch {
	case errors.Is(err, errFound):
		return n, nil
	case err == nil:
		err = ErrNoFile
	}
	return Node{}, err
}

// names calls each for every name in a directory and its inode.
func (e *extFiles) names(ctx context.Context, dir Node, each func(number uint32, name string) error) error {
	in, ok := dir.at.(extInode)
	if !ok || dir.Kind != report.FileDirectory {
		return ErrNotDirectory
	}
	f := e.file(in)
	if inline, ok := f.(extInlineFile); ok {
		return inline.names(each)
	}
	const most = 1 << 30
	b := make([]byte, e.sb.BlockSize)
	for off := int64(0); off < min(in.size, most); off += e.sb.BlockSize {
		from, _, err := f.Data(off)
		if err != nil || from >= in.size {
			return err
		}
		off = from / e.sb.BlockSize * e.sb.BlockSize
		if _, err := f.ReadAt(b, off); err != nil {
			return err
		}
		if err := extNames(b, each); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// extNames calls each for every entry in a block of a directory: inode (4 bytes), length of the entry (2), length of the
// name (1), kind (1), name.
func extNames(b []byte, each func(number uint32, name string) error) error {
	for len(b) >= 8 {
		number, size, name := binary.LittleEndian.Uint32(b), int(binary.LittleEndian.Uint16(b[4:])), int(b[6])
		if size == 0 || size == 0xFFFF { // of blocks of 64 KiB
			size = 1 << 16
		}
		if size < 8 || size > len(b) || number != 0 && 8+name > size {
			return broken("a directory has an entry that is cut off")
		}
		if text := string(b[8 : 8+min(name, size-8)]); number != 0 && text != "." && text != ".." {
			if err := each(number, text); err != nil {
				return err
			}
		}
		b = b[size:]
	}
	return nil
}

func (e *extFiles) Open(_ context.Context, file Node) (Content, error) {
	in, ok := file.at.(extInode)
	switch {
	case !ok, file.Kind != report.FileRegular:
		return nil, ErrNotFile
	case in.flags&extEncrypted != 0:
		return nil, errExtEncrypted
	}
	return e.file(in), nil
}
