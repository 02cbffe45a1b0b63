package fsys

import (
	"context"
	"path"
	"strconv"
	"strings"

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
	scan := fatScanner{kind: l.v.Kind}
	for ; len(b) >= fatDirEntry && !fatEnds(b); b = b[fatDirEntry:] {
		f, ok := scan.add(b[:fatDirEntry])
		if !ok {
			continue
		}
		name := path.Join(dir, strings.ReplaceAll(f.name, "/", "?"))
		n := node{id: f.first, kind: f.kind, size: geometry.Bytes(f.size)}
		if f.kind == report.FileDirectory {
			below = append(below, fatDir{f.first, name})
		} else if n.blocks, err = l.places(f.first, f.size); err != nil {
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
