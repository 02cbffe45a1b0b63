package scan

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// Probe recognises the contents of a partition or a whole disk, the n bytes at off of r, by their superblocks. If it
// recognises nothing, Kind is zero and Notes says whether the bytes hold something or could not be read. Probe reads
// about 200 KiB, or up to 4 MiB of allocation tables where the usage is stored only there, and uses less than 1 MiB of
// memory. No input makes it fail or panic.
//
// If there are signatures of two file systems and neither is visibly stale, Probe returns the likelier kind and says so
// in Dirty.
func Probe(r io.ReaderAt, off, n int64) model.Filesystem {
	found, w := search(r, off, n)
	if len(found) == 0 {
		return unrecognised(w)
	}
	fs := found[0]
	if int64(fs.Size) > n {
		fs.Dirty = model.Because("%s claims to be %s long, but there are only %s", fs.Kind,
			geometry.FormatBytes(fs.Size), geometry.FormatBytes(geometry.Bytes(n)))
	}
	if len(found) > 1 {
		fs.Dirty = model.Because("there are signatures of both %s and %s", fs.Kind, found[1].Kind)
	}
	if fs.Used > fs.Size {
		fs.Used = -1
	}
	fs.Min = min(fs.Min, fs.Size)
	return fs
}

// Signatures lists the kinds of contents whose signatures are in the n bytes at off of r, the likeliest first. More than
// one means that an old signature survived when the newer contents were made. A tool might pick the wrong one.
func Signatures(r io.ReaderAt, off, n int64) []model.FSKind {
	found, _ := search(r, off, n)
	kinds := make([]model.FSKind, 0, len(found))
	for _, fs := range found {
		kinds = append(kinds, fs.Kind)
	}
	return kinds
}

// search collects the kinds of contents whose signatures are there, the likeliest first. It drops stale ones if others
// remain.
func search(r io.ReaderAt, off, n int64) ([]model.Filesystem, *window) {
	w := newWindow(r, off, n)
	var found, alive []model.Filesystem
	for layer, rows := range registry {
		for _, p := range rows {
			fs, ok := p.probe(w)
			if !ok {
				continue
			}
			found = append(found, fs)
			if layer != content {
				if layer == container {
					found[0].Also = beneath(w)
				}
				return found, w
			}
			if p.stale == nil && int64(fs.Size) <= w.n || p.stale != nil && !p.stale(w) {
				alive = append(alive, fs)
			}
		}
		if len(found) > 1 && len(alive) > 0 {
			if len(alive) == 1 {
				alive[0].Also = other(found, alive[0].Kind)
			}
			return alive, w
		}
		if len(found) > 0 {
			break
		}
	}
	return found, w
}

// beneath returns the kind of file system that shows through a container, or "". It has to fit into the window.
func beneath(w *window) model.FSKind {
	for _, p := range registry[content] {
		if fs, ok := p.probe(w); ok && fs.Size > 0 && int64(fs.Size) <= w.n {
			return fs.Kind
		}
	}
	return model.Unformatted
}

// other returns the first kind in the list that is not this one, or "".
func other(list []model.Filesystem, kind model.FSKind) model.FSKind {
	for _, fs := range list {
		if fs.Kind != kind {
			return fs.Kind
		}
	}
	return model.Unformatted
}

// probe looks for the contents that one row of the registry describes.
func (p prober) probe(w *window) (model.Filesystem, bool) {
	if p.find != nil {
		return p.find(w)
	}
	for _, at := range p.places(w.n) {
		b := w.at(at, cmp.Or(p.size, 512))
		if b == nil || !p.magic.in(b) {
			continue
		}
		s := p.superblock(w, at, b)
		if p.read == nil || p.read(&s) {
			return s.fs, true
		}
	}
	return model.Filesystem{}, false
}

// superblock returns the superblock b, which begins at off in the window, with what the row itself knows of it.
func (p prober) superblock(w *window, off int64, b []byte) superblock {
	s := superblock{w: w, off: off, b: b, order: le, fs: model.Filesystem{Kind: p.kind, Used: -1, Elsewhere: p.elsewhere}}
	if p.order != nil {
		s.order = p.order
	}
	if p.elsewhere != model.WholeHere {
		s.fillWindow()
	}
	if p.uuid > 0 {
		s.fs.UUID = uuidText(b[p.uuid : p.uuid+16])
	}
	s.fs.Label = text(b[p.label.off : p.label.off+p.label.n])
	return s
}

// places returns the possible positions of the superblock in a window of n bytes.
func (p prober) places(n int64) []int64 {
	if p.at == nil {
		return []int64{0}
	}
	list := make([]int64, len(p.at))
	for i, at := range p.at {
		list[i] = p.place(n, at)
	}
	return list
}

// place returns where in a window of n bytes a position of a row is.
func (p prober) place(n, at int64) int64 {
	if at < 0 {
		at = max(0, n+at)
		at -= at % cmp.Or(p.grain, 4096)
	}
	return at
}

// in reports whether a superblock has one of the signatures.
func (m magics) in(b []byte) bool {
	for _, one := range m {
		if bytes.HasPrefix(b[one.off:], []byte(one.text)) {
			return true
		}
	}
	return false
}

// unrecognised describes a window without any known signature.
func unrecognised(w *window) model.Filesystem {
	if w.err != nil {
		return unreadable(w.err)
	}
	if slices.ContainsFunc(w.at(0, int(min(pageSize, w.n))), nonZero) {
		return strange
	}
	return model.Filesystem{}
}

// strange is what there is where no signature is known, but not all is zero.
var strange = unread("holds something that is not recognised")

func unreadable(err error) model.Filesystem { return unread("cannot be read: %v", err) }

// unread returns contents about which only this remark is known.
func unread(format string, a ...any) model.Filesystem {
	return model.Filesystem{Trait: model.Unread, Used: -1, Notes: fmt.Sprintf(format, a...)}
}
