package qcow2

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"shunt/geometry"
	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/internal/held"
)

// Driver returns the driver for qcow2 images in regular files.
func Driver() target.Driver { return target.Driver{Open: openFile, Adopt: adopt, Peek: peek} }

// peek reads the image and its backing files. It takes no locks.
func peek(path string, f *os.File, _ int64) (disk io.ReaderAt, n int64, done func() error, err error) {
	opts := target.Options{Mode: target.Inspect, SectorSize: geometry.Sector512, NoLock: true}
	c := target.Candidate{Path: path, Real: path, File: f}
	if c.Info, err = f.Stat(); err != nil {
		return nil, 0, nil, err
	}
	top, err := held.New(c, opts)
	if err != nil {
		return nil, 0, nil, err
	}
	i := &file{File: top}
	if i.layers, err = openLayers(c, opts); err != nil {
		return nil, 0, nil, err
	}
	if err := i.load(opts); err != nil {
		return nil, 0, nil, errors.Join(err, i.closeLayers())
	}
	im, _ := i.now()
	return im, im.Size(), i.closeLayers, nil
}

var (
	_ target.Switching = (*file)(nil)
	_ target.Hosted    = (*file)(nil)
)

// A file is an opened image with its chain of backing files.
type file struct {
	*held.File
	layers []*held.File // the backing files, from the nearest to the base

	mu    sync.RWMutex // guards the image, which a switch replaces
	image *Image
	check *Check // of the image; nil until it is needed

	length int64 // of the file before the last stage
}

func openFile(c target.Candidate, opts target.Options) (_ target.Target, err error) {
	top, err := held.New(c, opts)
	if err != nil {
		return nil, err
	}
	if err := top.Admit(opts); err != nil {
		return nil, err
	}
	f := &file{File: top}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.closeLayers())
		}
	}()
	if f.layers, err = openLayers(c, opts); err != nil {
		return nil, err
	}
	return f, f.load(opts)
}

func adopt(c target.Candidate, opts target.Options, files []*os.File) (target.Target, error) {
	top, err := held.New(c, opts)
	if err != nil {
		return nil, err
	}
	if err := top.Adopted(opts); err != nil {
		return nil, err
	}
	f := &file{File: top}
	for _, file := range files[1:] {
		layer, err := held.New(target.Candidate{Path: file.Name(), Real: file.Name(), File: file}, target.Options{Mode: target.Inspect, SectorSize: opts.SectorSize})
		if err != nil {
			return nil, err
		}
		f.layers = append(f.layers, layer)
	}
	return f, f.load(opts)
}

// load reads the image anew. For editing it follows all references, since a writer must not trust the counts alone.
func (f *file) load(opts target.Options) error {
	im, err := openChain(f.File, f.layers)
	if err != nil {
		return tried.Errorf("open %s: %w", f.Given, err)
	}
	var check *Check
	if opts.Mode == target.Edit {
		if check, err = im.Walk(context.Background()); err != nil {
			return tried.Errorf("open %s: %w", f.Given, err)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.image, f.check = im, check
	return nil
}

// now returns the image as it is now.
func (f *file) now() (*Image, *Check) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.image, f.check
}

func (f *file) Format() string { return "qcow2" }
func (f *file) Fixed() bool    { return false }

func (f *file) Files() []*os.File {
	list := []*os.File{f.Read}
	for _, l := range f.layers {
		list = append(list, l.Read)
	}
	return list
}

func (f *file) Close() error { return errors.Join(f.File.Close(), f.closeLayers()) }

func (f *file) closeLayers() (err error) {
	for _, l := range f.layers {
		err = errors.Join(err, l.Close())
	}
	return err
}

func (f *file) Identity() (target.Identity, error) {
	st, err := f.Stat()
	return target.Identity{
		Kind: target.KindQcow2, Path: f.Real, Dev: st.Dev, Inode: st.Ino, Size: f.Size(), Modified: st.Mtim.Nano(),
	}, err
}

// Refresh reads the image anew if another process has switched it.
func (f *file) Refresh() error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	f.SetSize(st.Size)
	var sector [sectorLen]byte
	if err := readFull(store{f.File}, sector[:], 0); err != nil {
		return err
	}
	if im, _ := f.now(); im.sector == sector {
		return nil
	}
	return f.load(target.Options{Mode: f.Mode})
}

// AllowWrites also fails with *InUse if the image is used without locks.
func (f *file) AllowWrites() error {
	if f.Mode == target.Edit {
		if err := f.InPlace(); err != nil {
			return err
		}
		if err := f.Unused(); err != nil {
			return err
		}
	}
	return f.File.AllowWrites()
}

func (f *file) Room() (free int64, shares bool, err error) {
	free, err = f.FreeRoom()
	return free, false, err
}

// Size returns the length of the disk. That of the file is the container's.
func (f *file) Size() int64 {
	im, _ := f.now()
	return im.Size()
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	im, _ := f.now()
	if off < 0 || off > im.Size() || int64(len(p)) > im.Size()-off {
		return 0, tried.Errorf("read %s: %d bytes at byte %d of %d: %w", f.Given, len(p), off, im.Size(), target.ErrRange)
	}
	n, err := im.ReadAt(p, off)
	if n == len(p) {
		return n, nil
	}
	return n, tried.Errorf("read %s: got %d of %d bytes at byte %d: %w", f.Given, n, len(p), off, tried.Cause(err))
}

func (f *file) Data(off int64) (start, end int64, err error) {
	im, _ := f.now()
	return im.Data(off)
}

func (f *file) Forget(int64, int64) {} // the host caches the file, not the disk

// The bytes of the disk change by a switch only.

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	return 0, f.asWhole("write", off, int64(len(p)))
}
func (f *file) Punch(off, n int64) error   { return f.asWhole("punch", off, n) }
func (f *file) Copy(dst, _, n int64) error { return f.asWhole("copy to", dst, n) }
func (f *file) Truncate(n int64) error     { return f.asWhole("truncate", n, 0) }

func (f *file) asWhole(verb string, off, n int64) error {
	if n == 0 && verb != "truncate" {
		return nil
	}
	return fmt.Errorf("%s %s at byte %d: %w", verb, f.Given, off, target.ErrAsWhole)
}
