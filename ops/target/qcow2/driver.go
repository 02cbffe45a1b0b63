package qcow2

import (
	"errors"
	"fmt"
	"io"
	"os"

	"shunt/geometry"
	"shunt/ops/target"
	"shunt/ops/target/internal/held"
)

// Driver returns the driver for qcow2 images in regular files.
func Driver() target.Driver {
	return target.Driver{Open: openFile, Adopt: adopt, Peek: peek, Create: create}
}

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
	*Disk
	layers []*held.File // the backing files, from the nearest to the base
	below  string       // how the image names the first of them
	taken  bool         // over from another process
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
	f := &file{File: top, taken: true}
	for _, file := range files[1:] {
		layer, err := held.New(target.Candidate{Path: file.Name(), Real: file.Name(), File: file}, target.Options{Mode: target.Inspect, SectorSize: opts.SectorSize})
		if err != nil {
			return nil, err
		}
		f.layers = append(f.layers, layer)
	}
	return f, f.load(opts)
}

// load reads the image.
func (f *file) load(opts target.Options) (err error) {
	f.Disk, err = NewDisk(store{f.File}, f.Given, opts.Mode == target.Edit, func() (*Image, error) { return f.openImage(opts) })
	return err
}

// openImage reads the image on its backing files, and opens others if a switch has named others.
func (f *file) openImage(opts target.Options) (*Image, error) {
	h, err := readHeader(store{f.File})
	if err != nil {
		return nil, err
	}
	below := h.BackingFormat + ":" + h.Backing
	if f.below != "" && f.below != below {
		info, err := f.Read.Stat()
		if err != nil {
			return nil, err
		}
		next, err := openLayers(target.Candidate{Path: f.Given, Info: info, File: f.Read}, opts)
		if err != nil && f.taken {
			return open(h, store{f.File}, absent{err}, 1) // a worker need not read them, and may have lost sight of their place
		}
		if err != nil {
			return nil, err
		}
		_ = f.closeLayers() // they were only read
		f.layers = next
	}
	f.below = below
	return openChain(f.File, f.layers)
}

// absent is a backing file that cannot be read.
type absent struct{ err error }

func (a absent) ReadAt([]byte, int64) (int, error)        { return 0, a.err }
func (a absent) Size() int64                              { return 1 << 62 }
func (a absent) Data(int64) (start, end int64, err error) { return 0, 0, a.err }

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

// Refresh implements target.Target: another process may have switched the image.
func (f *file) Refresh() error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	f.SetSize(st.Size)
	return f.Disk.Refresh()
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
		for _, l := range f.layers {
			if err := l.Unwritten(); err != nil {
				return err
			}
		}
	}
	return f.File.AllowWrites()
}

func (f *file) Room() (free int64, shares bool, err error) {
	free, err = f.FreeRoom()
	return free, false, err
}

func (f *file) Size() int64                                  { return f.Disk.Size() }
func (f *file) ReadAt(p []byte, off int64) (int, error)      { return f.Disk.ReadAt(p, off) }
func (f *file) Data(off int64) (start, end int64, err error) { return f.Disk.Data(off) }

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

// A container is the file of an image, as bytes.
type container struct{ *held.File }

func (f *file) Container() target.Device { return container{f.File} }

// Copy is never needed: nothing moves inside the container.
func (c container) Copy(dst, src, n int64) error {
	if _, err := c.CopyWriter(dst, src, n); err != nil {
		return err
	}
	const chunk, grain = 1 << 20, 4096
	return c.CopyThrough(dst, src, n, chunk, grain)
}
