package fsys

import (
	"bytes"
	"context"
	"encoding/binary"
	"path"
	"strconv"
	"strings"
	"unicode/utf16"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan/fatfs"
	"shunt/ops/report"
)

// fatLister lists the files of a FAT volume that may be damaged. It follows no chain of a directory into another.
type fatLister struct {
	f     Window
	v     fatfs.Volume
	table *fatReader
	seen  *clusterSet // clusters of directories
	files tree
}

// fatDir is a directory still to be listed.
type fatDir struct {
	first int64
	path  string
}

// walkFAT lists all files.
func (j job) walkFAT(ctx context.Context) (t tree, err error) {
	err = j.edit(func(f File) error {
		v, err := readFATVolume(f)
		if err != nil {
			return err
		}
		l := fatLister{f, v, newFATReader(f, v), newClusterSet(v.Clusters() + fatfs.FirstCluster), tree{}}
		t = l.files
		return l.all(ctx)
	})
	return t, err
}

func (l *fatLister) all(ctx context.Context) error {
	pending := []fatDir{{l.v.RootCluster, "/"}}
	if l.v.Kind != model.FAT32 {
		b := make([]byte, l.v.RootEntries*fatDirEntry)
		if err := readFull(l.f, b, l.v.RootStart()*l.v.SectorSize); err != nil {
			return err
		}
		var err error
		if pending, err = l.list(b, "/"); err != nil {
			return err
		}
	}
	for len(pending) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		d := pending[0]
		b, err := l.chain(d.first)
		if err != nil {
			return err
		}
		below, err := l.list(b, d.path)
		if err != nil {
			return err
		}
		pending = append(pending[1:], below...)
	}
	return nil
}

// chain reads a directory as far as its chain leads, 2 MiB at most, which is what a directory can have.
func (l *fatLister) chain(c int64) ([]byte, error) {
	const most = 2 << 20
	var b []byte
	for c >= fatfs.FirstCluster && c < l.seen.n && !l.seen.has(c) && len(b) < most {
		l.seen.add(c)
		piece := make([]byte, l.v.ClusterSize())
		if err := readFull(l.f, piece, l.v.ClusterAt(c)); err != nil {
			return nil, err
		}
		b = append(b, piece...)
		e, err := l.table.get(c)
		if err != nil {
			return nil, err
		}
		if c = e.number(); e.last() || e.bad() {
			break
		}
	}
	return b, nil
}

// list enters what the entries in b say of the directory at dir, and returns the directories in it.
func (l *fatLister) list(b []byte, dir string) (below []fatDir, err error) {
	long := ""
	for ; len(b) >= fatDirEntry && b[0] != 0; b = b[fatDirEntry:] {
		e := b[:fatDirEntry]
		attr := e[11]
		switch {
		case e[0] != 0xE5 && attr&0x3F == fatAttrLong:
			long = longPiece(e) + long
			continue
		case e[0] == 0xE5, attr&fatAttrVolume != 0, e[0] == '.':
			long = ""
			continue
		}
		name := path.Join(dir, fatName(long, e))
		long = ""
		first := int64(binary.LittleEndian.Uint16(e[26:]))
		if l.v.Kind == model.FAT32 {
			first |= int64(binary.LittleEndian.Uint16(e[20:])) << 16
		}
		n := node{id: first, kind: report.FileRegular, size: geometry.Bytes(binary.LittleEndian.Uint32(e[28:]))}
		if attr&fatAttrDir != 0 {
			n.kind, n.size = report.FileDirectory, 0
			below = append(below, fatDir{first, name})
		} else if n.blocks, err = l.places(first, int64(n.size)); err != nil {
			return nil, err
		}
		if err := l.files.add(name, n); err != nil {
			return nil, err
		}
	}
	return below, nil
}

// places sums up which clusters hold the n bytes of the file that begins with cluster c.
func (l *fatLister) places(c, n int64) (uint64, error) {
	var h placeHash
	h.add(" ")
	for ; n > 0 && c >= fatfs.FirstCluster && c < l.table.n; n -= l.v.ClusterSize() {
		h.add(strconv.FormatInt(c, 36) + " ")
		e, err := l.table.get(c)
		if err != nil {
			return 0, err
		}
		if c = e.number(); e.last() || e.bad() {
			break
		}
	}
	return h.sum, nil
}

// longPiece returns the part of a long name that one entry holds.
func longPiece(e []byte) string {
	var units []uint16
	for _, at := range [...]int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30} {
		u := binary.LittleEndian.Uint16(e[at:])
		if u == 0 || u == 0xFFFF {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

// fatName returns the long name, or else the short one. A short name has a mark for each of its parts that is shown in small
// letters.
func fatName(long string, e []byte) string {
	part := func(b []byte, small byte) string {
		text := strings.TrimRight(string(bytes.ToValidUTF8(b, []byte("?"))), " ")
		if e[12]&small != 0 {
			return strings.ToLower(text)
		}
		return text
	}
	if long == "" {
		long = strings.TrimSuffix(part(e[:8], 0x08)+"."+part(e[8:11], 0x10), ".")
	}
	return strings.ReplaceAll(long, "/", "?")
}
