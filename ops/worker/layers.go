package worker

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/model/scan"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/target"
)

// LayersOf says what the format of a target keeps besides the disk, or returns nil.
func LayersOf(t target.Target) *ops.Layers {
	l, ok := t.(target.Layered)
	if !ok {
		return nil
	}
	return &ops.Layers{
		Snapshots: l.Snapshots, NoSnapshot: l.NoSnapshot,
		Snapshot: func(id string) (model.Disk, error) {
			disk, n, err := l.Snapshot(id)
			if err != nil {
				return model.Disk{}, err
			}
			return scan.Scan(disk, n, t.SectorSize())
		},
		Finds: func(name, path string) bool { return finds(t.Path(), name, path) },
		Backing: func() string {
			path, _ := l.Backing()
			return path
		},
	}
}

// OtherOf describes another image as one that may lie below or over a target. given is the path as the user gave it.
func OtherOf(t, other target.Target, given string) (ops.Other, error) {
	o := ops.Other{Path: other.Path(), Format: other.Format(), NoOverlay: "it has no backing file"}
	id, err := t.Identity()
	if err != nil {
		return o, err
	}
	o.Recorded = recorded(t.Path(), given)
	l, layered := other.(target.Layered)
	switch _, hosted := other.(target.Hosted); {
	case !hosted:
		o.NoBacking = "it is no image file, and a backing file has to be one"
	case layered && l.Layer(id) >= 0:
		o.NoBacking = "it shows this image as its own backing file, so the two would show each other"
	}
	if !layered {
		return o, nil
	}
	path, format := l.Backing()
	switch {
	case path == "":
		return o, nil
	case l.Layer(id) != 0:
		o.NoOverlay = model.Because("its backing file is %s", safetext.Printable(path))
		return o, nil
	case format != t.Format():
		o.NoOverlay = model.Because("it takes the format of its backing file for %s, and this is %s: one of them is wrong, and a guess can destroy it",
			safetext.Printable(format), t.Format())
		return o, nil
	}
	o.NoOverlay = ""
	n := max(t.Size(), other.Size())
	if o.Result, err = scan.Scan(covered{t, other}, n, t.SectorSize()); err != nil {
		err = tried.Errorf("read %s: %w", given, err)
	}
	return o, err
}

// covered is a disk with another one over its beginning, or over all of it.
type covered struct{ below, over target.Device }

func (c covered) ReadAt(p []byte, off int64) (int, error) {
	n := max(0, min(int64(len(p)), c.over.Size()-off))
	if n > 0 {
		if done, err := c.over.ReadAt(p[:n], off); err != nil {
			return done, err
		}
	}
	if n == int64(len(p)) {
		return len(p), nil
	}
	done, err := c.below.ReadAt(p[n:], off+n)
	return int(n) + done, err
}

// recorded returns the name by which the image at path refers to a file. A relative one is relative to the directory of the
// image, as QEMU reads it.
func recorded(image, given string) string {
	abs, err := filepath.Abs(given)
	if err != nil {
		return given
	}
	if filepath.IsAbs(given) {
		return abs
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(image))
	if err != nil {
		return abs
	}
	below, err := filepath.EvalSymlinks(filepath.Dir(abs))
	if err != nil {
		return abs
	}
	name, err := filepath.Rel(dir, below)
	if err != nil {
		return abs
	}
	name = filepath.Join(name, filepath.Base(abs))
	if strings.Contains(name, ":") && !strings.HasPrefix(name, ".") {
		name = "./" + name // or QEMU could take the beginning for a protocol
	}
	if !finds(image, name, abs) {
		return abs
	}
	return name
}

// finds reports whether the image at a path finds a file by a name, as QEMU does.
func finds(image, name, path string) bool {
	if colon := strings.IndexByte(name, ':'); name == "" || colon >= 0 && !strings.Contains(name[:colon], "/") {
		return false // a protocol
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(image), name)
	}
	found, err := os.Stat(name)
	if err != nil {
		return false
	}
	meant, err := os.Stat(path)
	return err == nil && os.SameFile(found, meant)
}

// others returns a function that looks up another target that was handed over.
func (w *process) others() func(path string) (ops.Other, error) {
	return func(path string) (ops.Other, error) {
		t, ok := w.sources[path].(target.Target)
		if !ok {
			return ops.Other{}, errors.New("it was not handed over")
		}
		return OtherOf(w.target, t, path)
	}
}
