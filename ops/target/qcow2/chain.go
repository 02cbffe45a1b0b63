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

// What a chain may have, so that it can be read with little memory.
const (
	maxLayers    = 64
	maxChainL1   = 2 * maxL1 // bytes of the L1 tables of all its images
	bytesPerWord = 8
)

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
	var tables int64 // bytes
	for {
		h, err := readHeader(at)
		if err != nil && len(layers) > 0 {
			return layers, tried.Errorf("open %s, a backing file of %s: %w", path, c.Path, err)
		}
		if err != nil {
			return layers, tried.Errorf("open %s: %w", path, err)
		}
		if tables += int64(h.l1.entries) * bytesPerWord; tables > maxChainL1 {
			return layers, fmt.Errorf("the L1 tables of %s and its backing files take more than %d MiB, which is more than this program "+
				"reads: make one image of them with `qemu-img convert`", c.Path, maxChainL1>>20)
		}
		if h.Backing == "" {
			return layers, nil
		}
		if len(layers) == maxLayers {
			return layers, fmt.Errorf("%s has more than %d backing files one behind the other: make one image of them with `qemu-img convert`", c.Path, maxLayers)
		}
		below, err := backingPath(h, path)
		if err != nil {
			return layers, err
		}
		l, info, err := openLayer(below, path, opts, func(info os.FileInfo) error {
			if slices.ContainsFunc(seen, func(s os.FileInfo) bool { return os.SameFile(s, info) }) {
				return fmt.Errorf("%s leads back to itself by its backing files, at %s; name another one with %s", c.Path, below, rebase("BASE", path))
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
		// Of a file of the kernel, which has no length, nothing is read: reads of some wait for ever.
		seen, at, path = append(seen, info), store{l}, below
	}
}

// backingPath returns the path of the backing file of the image at path. It fails, with what to do, if the image does not
// name a file or its format.
func backingPath(h *Header, path string) (string, error) {
	how := rebase(strings.TrimPrefix(h.Backing, "file:"), path)
	switch h.BackingFormat {
	case "raw", "qcow2":
	case "":
		return "", fmt.Errorf("%s does not name the format of its backing file, and a guess can be wrong: say it with %s", path, how)
	default:
		return "", &target.ForeignBacking{Path: path, Format: safetext.Printable(h.BackingFormat)}
	}
	below, err := h.backingFile(path)
	if err != nil {
		return "", fmt.Errorf("%s has a backing file that cannot be read by its name, %s: %w; if it is a file, say so with %s, "+
			"else convert %s with `qemu-img convert`", path, safetext.Printable(h.Backing), err, rebase("BASE", path), path)
	}
	return below, nil
}

// rebase is the command that gives the image at path a backing file by name.
func rebase(name, path string) string {
	return "`" + safetext.Command("qemu-img", "rebase", "-u", "-F", "FORMAT", "-b", name, safetext.Operand(path)) + "`, where FORMAT is raw or qcow2"
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
		return nil, nil, missingBase(path, above)
	}
	if err != nil {
		return nil, nil, held.OpenError(path, err)
	}
	defer func() { _ = seen.Close() }() // it was only looked at
	if info, err = seen.Stat(); err != nil {
		return nil, nil, tried.Errorf("stat %s: %w", path, tried.Cause(err))
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("the backing file of %s is not a regular file: %s; name another one with %s", above, path, rebase("BASE", above))
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

// missingBase says that the backing file at path, of the image above, is not there, and what to do.
func missingBase(path, above string) error {
	const say = "the backing file of %s is missing: %s"
	if real, err := filepath.EvalSymlinks(above); err == nil {
		if rel, err := filepath.Rel(filepath.Dir(above), path); err == nil {
			there := filepath.Join(filepath.Dir(real), rel)
			if _, err := os.Stat(there); err == nil && there != filepath.Clean(path) {
				return fmt.Errorf(say+"; its name counts from the directory in which the image was named, as for QEMU, and %s leads to %s: open that instead",
					above, path, above, real)
			}
		}
	}
	return fmt.Errorf(say+"; get it back, or say where it is with %s", above, path, rebase("BASE", above))
}

// openChain opens an image on its backing files, which are in the order of openLayers.
func openChain(top *held.File, layers []*held.File) (*Image, error) {
	return openAbove(top, layers, int64(len(layers)+1))
}

// openAbove opens an image on its backing files, as one of so many images in the chain.
func openAbove(top *held.File, layers []*held.File, chain int64) (*Image, error) {
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
		if backing, err = openAbove(layers[0], layers[1:], chain); err != nil {
			return nil, fmt.Errorf("its backing file %s: %w", layers[0].Given, err)
		}
	}
	return open(h, store{top}, backing, chain)
}
