package fsys

import (
	"context"
	"encoding/binary"
	"io"
	"path"
	"strconv"
	"strings"

	"shunt/geometry"
	"shunt/ops/report"
)

// A file of exFAT has a set of entries of 32 bytes in its directory. The first byte of each is its kind; in use, bit 7 is
// set. Integers are little-endian:
//
//	0x85  first: attributes (2 bytes at 4)
//	0xC0  flags (1): 2 for a file whose clusters follow each other; length of the name (3); first cluster (4 bytes at 20);
//	      length (8 bytes at 24)
//	0xC1  15 units of the name (from 2)
//
// Source: Microsoft, "exFAT file system specification".
const (
	exfatFile     = 0x85
	exfatStream   = 0xC0
	exfatName     = 0xC1
	exfatTogether = 2
	exfatDir      = 0x10 // attribute
	exfatFirst    = 2    // number of the first cluster
)

// exfatVolume is the geometry of an exFAT volume.
type exfatVolume struct {
	tables, heap int64 // where the FAT and the first cluster lie, in bytes
	cluster      int64 // bytes
	end          int64 // number behind that of the last cluster
}

// exfatShape reads the geometry from a boot sector. ok is false if it is not one of exFAT.
func exfatShape(head []byte) (v exfatVolume, ok bool) {
	u32 := func(at int) int64 { return int64(binary.LittleEndian.Uint32(head[at:])) }
	sector, shift := head[exfatShiftAt], head[exfatShiftAt+1]
	if string(head[3:11]) != "EXFAT   " || sector < 9 || sector > 12 || shift > 25-sector {
		return v, false
	}
	return exfatVolume{tables: u32(80) << sector, heap: u32(88) << sector, cluster: 1 << (sector + shift), end: u32(92) + exfatFirst}, true
}

// place returns the byte at which a cluster begins.
func (v exfatVolume) place(c int64) int64 { return v.heap + (c-exfatFirst)*v.cluster }

// exfatLister lists the files of an exFAT volume that may be damaged.
type exfatLister struct {
	exfatVolume
	f       io.ReaderAt
	seen    *clusterSet
	files   tree
	buf     [4]byte
	pending []exfatPending // directories still to be listed
	scan    exfatScanner
}

// exfatPending is a directory still to be listed.
type exfatPending struct {
	exfatFound
	path string
}

// walkExFAT lists all files.
func (j job) walkExFAT(ctx context.Context) (t tree, err error) {
	err = j.edit(func(f File) error {
		head := make([]byte, bootSize)
		if err := readFull(f, head, 0); err != nil {
			return err
		}
		v, ok := exfatShape(head)
		if !ok {
			return errNoBoot
		}
		l := exfatLister{exfatVolume: v, f: f, files: tree{}}
		t, l.seen = l.files, newClusterSet(l.end)
		root := int64(binary.LittleEndian.Uint32(head[exfatRootAt:]))
		l.pending = []exfatPending{{exfatFound{directory: true, first: root, length: mostExFATDir}, "/"}}
		for len(l.pending) > 0 && err == nil {
			d := l.pending[0]
			l.pending = l.pending[1:]
			if err = ctx.Err(); err == nil {
				err = l.list(d)
			}
		}
		return err
	})
	return t, err
}

// mostExFATDir is the largest directory that there can be, in bytes.
const mostExFATDir = 256 << 20

// next returns the cluster behind c in a file, or 0.
func (l *exfatLister) next(d exfatFound, c int64) (int64, error) {
	if d.together {
		return c + 1, nil
	}
	if err := readFull(l.f, l.buf[:], l.tables+4*c); err != nil {
		return 0, err
	}
	return int64(binary.LittleEndian.Uint32(l.buf[:])), nil
}

// list enters what is in a directory.
func (l *exfatLister) list(d exfatPending) (err error) {
	b := make([]byte, l.cluster)
	l.scan = exfatScanner{}
	for c, left := d.first, min(d.length, mostExFATDir); left > 0 && c >= exfatFirst && c < l.end && !l.seen.has(c); left -= l.cluster {
		l.seen.add(c)
		if err := readFull(l.f, b, l.place(c)); err != nil {
			return err
		}
		for at := 0; at < len(b); at += fatDirEntry {
			if b[at] == 0 {
				return nil
			}
			if err := l.entry(d.path, b[at:at+fatDirEntry]); err != nil {
				return err
			}
		}
		if c, err = l.next(d.exfatFound, c); err != nil {
			return err
		}
	}
	return nil
}

// entry reads one entry of a directory.
func (l *exfatLister) entry(dir string, e []byte) error {
	found, ok := l.scan.add(e)
	if !ok {
		return nil
	}
	at := path.Join(dir, strings.ReplaceAll(found.name, "/", "?"))
	n := node{id: found.first, kind: report.FileDirectory}
	if found.directory {
		l.pending = append(l.pending, exfatPending{found, at})
	} else {
		var err error
		n.kind, n.size = report.FileRegular, geometry.Bytes(found.length)
		if n.blocks, err = l.places(found); err != nil {
			return err
		}
	}
	return l.files.add(at, n)
}

// places sums up which clusters hold a file.
func (l *exfatLister) places(f exfatFound) (uint64, error) {
	var h placeHash
	h.add(" ")
	for c, left := f.first, f.length; left > 0 && c >= exfatFirst && c < l.end; left -= l.cluster {
		h.add(strconv.FormatInt(c, 36) + " ")
		if f.together {
			left = min(left, l.cluster) // the first one and the length say all
		}
		var err error
		if c, err = l.next(f, c); err != nil {
			return 0, err
		}
	}
	return h.sum, nil
}
