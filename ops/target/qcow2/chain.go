package qcow2

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"shunt/model/safetext"
	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/internal/held"
)

// maxLayers is the number of backing files that a chain may have.
const maxLayers = 64

// A store is the file of one layer.
type store struct{ *held.File }

func (s store) ReadAt(p []byte, off int64) (int, error) {
	size := s.Size()
	if off >= size {
		return 0, io.EOF
	}
	n, err := s.File.ReadAt(p[:min(int64(len(p)), size-off)], off)
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// WriteAt makes the file longer where that is needed.
func (s store) WriteAt(p []byte, off int64) (int, error) {
	size, end := s.Size(), off+int64(len(p))
	if end > size {
		s.SetSize(end) // without it the write would be refused
	}
	n, err := s.File.WriteAt(p, off)
	if err != nil && end > size {
		if st, unknown := s.Stat(); unknown == nil {
			s.SetSize(st.Size)
		}
	}
	return n, err
}

// openLayers opens and locks the backing files of an image, from the nearest to the base. Nobody may write to them while
// the image is open.
func openLayers(c target.Candidate, opts target.Options) (layers []*held.File, err error) {
	defer func() {
		if err == nil {
			return
		}
		for _, l := range layers {
			err = errors.Join(err, l.Close())
		}
		layers = nil
	}()
	seen := []os.FileInfo{c.Info}
	at, path := io.ReaderAt(c.File), c.Path
	for {
		h, err := readHeader(fileReader{at})
		if err != nil {
			return layers, tried.Errorf("open %s: %w", path, err)
		}
		if h.Backing == "" {
			return layers, nil
		}
		if len(layers) == maxLayers {
			return layers, fmt.Errorf("%s has more than %d backing files one behind the other", c.Path, maxLayers)
		}
		below, err := backingPath(h, path)
		if err != nil {
			return layers, err
		}
		l, info, err := openLayer(below, path, opts, func(info os.FileInfo) error {
			if slices.ContainsFunc(seen, func(s os.FileInfo) bool { return os.SameFile(s, info) }) {
				return fmt.Errorf("%s leads back to itself by its backing files, at %s", c.Path, below)
			}
			return nil
		})
		if err != nil {
			return layers, err
		}
		layers = append(layers, l)
		if h.BackingFormat == "raw" {
			return layers, nil
		}
		seen, at, path = append(seen, info), l.Read, below
	}
}

// fileReader reads a file as readHeader needs it.
type fileReader struct{ io.ReaderAt }

// backingPath returns the path of the backing file of the image at path. A relative name is relative to the directory of
// the image as it was named, as for QEMU, which does not follow links first.
func backingPath(h *Header, path string) (string, error) {
	name := strings.TrimPrefix(h.Backing, "file:")
	how := "`" + safetext.Command("qemu-img", "rebase", "-u", "-F", "FORMAT", "-b", name, safetext.Operand(path)) + "`, where FORMAT is raw or qcow2"
	switch h.BackingFormat {
	case "raw", "qcow2":
	case "":
		return "", fmt.Errorf("%s does not name the format of its backing file, and a guess can be wrong: say it with %s", path, how)
	default:
		return "", fmt.Errorf("%s has a backing file of the format %s, which this version does not read: convert it with `qemu-img convert`", path, safetext.Printable(h.BackingFormat))
	}
	if protocol(name) {
		return "", fmt.Errorf("%s has a backing file that is named as a protocol (%s), which this version does not read: convert it with `qemu-img convert`", path, safetext.Printable(name))
	}
	return beside(path, name), nil
}

// beside returns the path of a name in the directory of the image at path. It is not shortened: the host follows ".." from
// where a link leads.
func beside(path, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Dir(path) + "/" + name
}

// openLayer opens and locks the backing file at path, of the image above, if admit has nothing against it.
func openLayer(
	path, above string, opts target.Options, admit func(os.FileInfo) error,
) (l *held.File, info os.FileInfo, err error) {
	seen, err := held.Hold(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("the backing file of %s is missing: %s", above, path)
	}
	if err != nil {
		return nil, nil, held.OpenError(path, err)
	}
	defer func() { _ = seen.Close() }() // it was only looked at
	if info, err = seen.Stat(); err != nil {
		return nil, nil, tried.Errorf("stat %s: %w", path, tried.Cause(err))
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("the backing file of %s is not a regular file: %s", above, path)
	}
	if err := admit(info); err != nil {
		return nil, nil, err
	}
	opened, err := held.Reopen(seen, os.O_RDONLY)
	_ = seen.Close() // a search for users of the file must not find it
	if err != nil {
		return nil, nil, held.OpenError(path, err)
	}
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		l, err = held.New(target.Candidate{Path: path, Real: real, Info: info, File: opened}, target.Options{Mode: target.Inspect, SectorSize: opts.SectorSize})
	}
	if err == nil && opts.Mode != target.Inspect {
		if err = l.Rely(opts); err != nil {
			err = fmt.Errorf("the backing file of %s must stay as it is: %w", above, err)
		}
	}
	if err != nil {
		return nil, nil, errors.Join(err, opened.Close())
	}
	return l, info, nil
}

// openChain opens an image on its backing files, which are in the order of openLayers.
func openChain(top *held.File, layers []*held.File) (*Image, error) {
	h, err := readHeader(store{top})
	if err != nil {
		return nil, err
	}
	var backing Backing
	switch {
	case h.Backing == "" && len(layers) == 0:
	case h.Backing == "" || len(layers) == 0:
		return nil, errors.New("its backing file is not the one that was opened")
	case h.BackingFormat == "raw":
		backing = store{layers[0]}
	default:
		if backing, err = openChain(layers[0], layers[1:]); err != nil {
			return nil, fmt.Errorf("its backing file %s: %w", layers[0].Given, err)
		}
	}
	return open(h, store{top}, backing)
}
