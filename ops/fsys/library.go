package fsys

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf8"

	"github.com/diskfs/go-diskfs/filesystem/ext4"
	"github.com/diskfs/go-diskfs/filesystem/fat12"
	"github.com/diskfs/go-diskfs/filesystem/fat16"
	"github.com/diskfs/go-diskfs/filesystem/fat32"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan/extfs"
	"shunt/ops"
)

// directories is the part of go-diskfs that is used: nothing is ever opened, for a link that leads to itself would
// overflow the stack there, and nothing is asked for by name but directories.
type directories interface {
	ReadDir(path string) ([]fs.DirEntry, error)
}

// errNotSuited is why go-diskfs is not let at a file system.
var errNotSuited = errors.New("not suited for go-diskfs")

// libraryReadsExt says why go-diskfs must not read an ext file system: it knows ext4 with metadata checksums, extents,
// typed entries and inodes of 160 bytes and more only, and does not notice what else is there.
func libraryReadsExt(src Files) error {
	b := make([]byte, extfs.SuperblockSize)
	if n, err := src.Base.ReadAt(b, src.Off+extfs.SuperblockOffset); n < len(b) {
		return err
	}
	sb, err := extfs.Parse(b)
	if err != nil {
		return err
	}
	const needs, refused = extfs.IncompatExtents | extfs.IncompatFiletype, extfs.IncompatInlineData | extfs.IncompatMetaBG |
		extfs.IncompatJournalDev | extfs.IncompatEncrypt
	switch {
	case !sb.HasMetadataCsum() || sb.Incompat&needs != needs || sb.Incompat&refused != 0,
		sb.InodeSize < 256 || sb.Size() > src.Len,
		strings.Contains(sb.Dirty(), "checksum"):
		return errNotSuited
	}
	return nil
}

func readExtLibrary(_ context.Context, src Files, dir []string) ([]ops.FileEntry, bool, error) {
	return guarded(func() (directories, error) { return ext4.Read(newStorage(src), src.Len, 0, 512) }, dir)
}

// libraryReadsFAT says why go-diskfs must not read a FAT file system: it reads the whole FAT at once, wants two that are
// equal, follows chains without end, and takes names in code pages for UTF-8.
func libraryReadsFAT(src Files) error {
	const mostTable = 8 << 20 // go-diskfs takes some four times as much memory
	b := make([]byte, 512)
	if n, err := src.Base.ReadAt(b, src.Off); n < len(b) {
		return err
	}
	u16 := func(off int) int64 { return int64(binary.LittleEndian.Uint16(b[off:])) }
	sector, sectors := u16(11), u16(22)
	if sectors == 0 {
		sectors = int64(binary.LittleEndian.Uint32(b[36:]))
	}
	if sector < 512 || sector > 4096 || sector&(sector-1) != 0 || b[13] == 0 || b[13]&(b[13]-1) != 0 || u16(14) == 0 || b[16] != 2 ||
		sectors == 0 || sectors > mostTable/sector || (u16(14)+2*sectors)*sector > src.Len {
		return errNotSuited
	}
	return fatAcyclic(src, u16(14)*sector, sectors*sector)
}

func readFATLibrary(_ context.Context, src Files, dir []string) ([]ops.FileEntry, bool, error) {
	s := newStorage(src)
	return guarded(func() (directories, error) {
		switch src.Kind {
		case model.FAT12:
			return fat12.Read(s, src.Len, 0, 512)
		case model.FAT16:
			return fat16.Read(s, src.Len, 0, 512)
		default:
			return fat32.Read(s, src.Len, 0, 512)
		}
	}, dir)
}

// guarded lists a directory with go-diskfs, which panics on a good part of what is damaged.
func guarded(open func() (directories, error), dir []string) (entries []ops.FileEntry, more bool, err error) {
	defer func() {
		if v := recover(); v != nil {
			entries, err = nil, fmt.Errorf("go-diskfs failed: %v", v)
		}
	}()
	path := "."
	if len(dir) > 0 {
		path = strings.Join(dir, "/")
	}
	if !fs.ValidPath(path) {
		return nil, false, errNotSuited
	}
	d, err := open()
	if err != nil {
		return nil, false, err
	}
	// Its error for a directory that is not there looks like every other one: the next reader knows.
	found, err := d.ReadDir(path)
	if err != nil {
		return nil, false, err
	}
	for _, f := range found {
		if len(entries) == MostEntries {
			return entries, true, nil
		}
		if !utf8.ValidString(f.Name()) || f.Name() == "" {
			return nil, false, errNotSuited
		}
		entry, err := libraryEntry(f)
		if err != nil {
			return nil, false, err
		}
		entries = append(entries, entry)
	}
	return entries, false, nil
}

func libraryEntry(f fs.DirEntry) (ops.FileEntry, error) {
	info, err := f.Info()
	if err != nil {
		return ops.FileEntry{}, err
	}
	size := geometry.Bytes(info.Size())
	kind := fileKind(f.Type())
	if kind != ops.FileRegular {
		size = -1
	}
	e := ops.NewFileEntry(f.Name(), kind, size, info.ModTime().UTC())
	if st, ok := info.Sys().(*ext4.StatT); ok && kind == ops.FileSymlink {
		e.Target = ops.Printable(st.LinkTarget)
	}
	return e, nil
}

func fileKind(mode fs.FileMode) ops.FileKind {
	switch {
	case mode.IsDir():
		return ops.FileDirectory
	case mode&fs.ModeSymlink != 0:
		return ops.FileSymlink
	case mode.IsRegular():
		return ops.FileRegular
	}
	return ops.FileOther
}
