package scan

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

// Probe tells what lies in the n bytes at off of r by looking at superblocks; the window is a partition or a
// whole disk. Its zero Kind means that nothing was recognised; Notes then tells whether there is something or
// whether it could not be read. It reads some 200 KiB at most, plus up to 4 MiB of allocation tables where only
// they tell what is used; memory stays below 1 MiB. Nothing in the window can make it fail or panic.
//
// A window that carries the signatures of two file systems, neither of them visibly stale, gets the likelier
// kind and a Dirty that says so.
func Probe(r io.ReaderAt, off, n int64) model.Filesystem {
	found, w := look(r, off, n)
	if len(found) == 0 {
		return nothing(w)
	}
	fs := found[0]
	if int64(fs.Size) > n {
		fs.Dirty = model.Because("%s believes to be %s long, but there are only %s", fs.Kind,
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

// Signatures lists the kinds of contents that the n bytes at off of r could be taken for, the likeliest first.
// More than one means that an old signature was left behind when the newer content was made, and that a tool
// might pick the wrong one.
func Signatures(r io.ReaderAt, off, n int64) []model.FSKind {
	found, _ := look(r, off, n)
	kinds := make([]model.FSKind, 0, len(found))
	for _, fs := range found {
		kinds = append(kinds, fs.Kind)
	}
	return kinds
}

// look collects what the window could be, the likeliest first.
func look(r io.ReaderAt, off, n int64) ([]model.Filesystem, *window) {
	w := newWindow(r, off, n)
	for _, l := range []layer{container, content, lastResort} {
		if found := l.find(w); len(found) > 0 {
			return found, w
		}
	}
	return nil, w
}

// find returns what the probers of a layer find in the window. It leaves out stale contents if there are others.
func (l layer) find(w *window) []model.Filesystem {
	var found []model.Filesystem
	var by []prober
	for _, p := range probers {
		if p.layer != l {
			continue
		}
		if fs, ok := p.probe(w); ok {
			found, by = append(found, fs), append(by, p)
			if l != content {
				return found
			}
		}
	}
	if len(found) < 2 {
		return found
	}
	var alive []model.Filesystem
	for i, fs := range found {
		if !by[i].left(w, fs) {
			alive = append(alive, fs)
		}
	}
	if len(alive) == 0 {
		return found
	}
	return alive
}

// nothing describes a window in which no signature is known.
func nothing(w *window) model.Filesystem {
	if w.err != nil {
		return model.Filesystem{Trait: model.Unread, Notes: "cannot be read: " + w.err.Error()}
	}
	if head := w.at(0, int(min(pageSize, w.n))); slices.ContainsFunc(head, func(b byte) bool { return b != 0 }) {
		return model.Filesystem{Trait: model.Unread, Notes: "holds something that is not recognised"}
	}
	return model.Filesystem{}
}

// text is a name from a superblock made fit for people: up to the first NUL, without blanks at its end, and with
// a replacement character for all that could disturb a terminal.
func text(b []byte) string {
	s, _, _ := strings.Cut(string(b), "\x00")
	return clean(s)
}

func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7F && r < 0xA0 || r == '\u2028' || r == '\u2029' || r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069' {
			return '\uFFFD'
		}
		return r
	}, s)
	return strings.TrimRight(s, " ")
}

// uuidText is a UUID stored in the order it is written in, or "" if it is all zero.
func uuidText(b []byte) string {
	if !slices.ContainsFunc(b, func(x byte) bool { return x != 0 }) {
		return ""
	}
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
