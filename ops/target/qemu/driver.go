package qemu

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/internal/held"
)

// Driver returns the driver for one of the formats in regular files.
func Driver(format string) target.Driver {
	return target.Driver{
		Open: func(c target.Candidate, opts target.Options) (target.Target, error) { return openFile(c, opts, format) },
		Adopt: func(c target.Candidate, opts target.Options, files []*os.File) (target.Target, error) {
			return adopt(c, opts, files, format)
		},
		Refuses: func(f *os.File, size int64) model.Reason {
			facts, _ := formats[format].look(f, size) // what cannot be opened is said when it is
			if facts.only.OK() {
				return ""
			}
			return model.Because("it can be read and not edited, since %s: make another image of it with `shunt image convert`",
				facts.only)
		},
		Peek: func(path string, f *os.File, _ int64) (io.ReaderAt, int64, func() error, error) {
			return peek(path, f, format)
		},
	}
}

var (
	_ target.Hosted   = (*file)(nil)
	_ target.Reserver = (*file)(nil)
	_ target.Foreign  = (*file)(nil)
)

// A file is an opened image.
type file struct {
	*held.File // its size is that of the disk
	format     string
	facts      facts
	extents    []*held.File

	mu      sync.RWMutex // held for reading during each request, and for writing while the daemon changes
	server  *server
	writing sync.Mutex   // one change at a time
	state   target.State // of the image when the daemon began
	length  int64        // of the image file, when it was opened
	mended  []string
	looked  atomic.Int64 // bytes that inner has read
	runs    runs
}

func openFile(c target.Candidate, opts target.Options, format string) (_ target.Target, err error) {
	f, err := build(c, opts, format)
	if err != nil {
		return nil, err
	}
	if only := f.facts.only; opts.Mode == target.Edit && !only.OK() {
		return nil, &target.OnlyRead{Path: f.Given, Format: format, Why: only, Raw: f.flat()}
	}
	if err := f.Admit(opts); err != nil {
		return nil, err
	}
	if err := f.openExtents(opts); err != nil {
		return nil, err
	}
	if opts.Mode == target.Edit {
		err = f.mend()
	}
	if err == nil {
		err = f.start(false)
	}
	if err != nil && opts.Mode == target.Edit && f.replay() == nil {
		err = f.start(false)
	}
	if err == nil && opts.Mode == target.Edit {
		if err = f.whole(); err != nil {
			_ = f.stop() // err says more
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.closeExtents())
	}
	return f, nil
}

func adopt(c target.Candidate, opts target.Options, files []*os.File, format string) (target.Target, error) {
	f, err := build(c, opts, format)
	if err == nil {
		err = f.Adopted(opts)
	}
	if err == nil && len(files)-1 != len(f.facts.parts) {
		err = tried.Errorf("take over %s: got %d files instead of %d", c.Path, len(files), len(f.facts.parts)+1)
	}
	if err != nil {
		return nil, err
	}
	for i, opened := range files[1:] {
		path := filepath.Join(filepath.Dir(f.Real), f.facts.parts[i])
		c := target.Candidate{Path: path, Real: path, File: opened}
		l, err := held.New(c, target.Options{Mode: target.Inspect, SectorSize: opts.SectorSize})
		if err != nil {
			return nil, err
		}
		f.extents = append(f.extents, l)
	}
	return f, f.start(false)
}

// peek reads the image. It takes no locks.
func peek(path string, opened *os.File, format string) (disk io.ReaderAt, n int64, done func() error, err error) {
	opts := target.Options{Mode: target.Inspect, SectorSize: geometry.Sector512, NoLock: true}
	real, err := filepath.Abs(path)
	if err == nil {
		real, err = filepath.EvalSymlinks(real)
	}
	if err != nil {
		return nil, 0, nil, tried.Cause(err)
	}
	f, err := build(target.Candidate{Path: path, Real: real, File: opened}, opts, format)
	if err == nil {
		err = f.openExtents(opts)
	}
	if err != nil {
		return nil, 0, nil, err
	}
	if err := f.start(false); err != nil {
		return nil, 0, nil, errors.Join(err, f.closeExtents())
	}
	return f, f.Size(), func() error { return errors.Join(f.stop(), f.closeExtents()) }, nil
}

// build reads what the file says about itself. It neither locks it nor starts a daemon.
func build(c target.Candidate, opts target.Options, format string) (*file, error) {
	opened, err := held.New(c, opts)
	if err != nil {
		return nil, err
	}
	f := &file{File: opened, format: format, length: opened.Size()}
	f.facts, err = formats[format].look(c.File, opened.Size())
	if err != nil {
		return nil, fmt.Errorf("%s cannot be opened as a %s image: %w", c.Path, format, err)
	}
	if below := f.facts.below; below != "" {
		return nil, &target.Overlay{Path: c.Path, Format: format, Below: safetext.Printable(below)}
	}
	return f, nil
}

// flat returns the path of the file that is a raw image of the whole disk, or "".
func (f *file) flat() string {
	if f.facts.sub == "monolithicFlat" && len(f.facts.parts) == 1 {
		return filepath.Join(filepath.Dir(f.Given), f.facts.parts[0])
	}
	return ""
}

// start starts a daemon in place of the present one. After an error the present one is gone if the new one was to write.
func (f *file) start(write bool) error {
	from := source{given: f.Given, format: f.format, image: f.Read, write: write, backless: formats[f.format].backs}
	for _, l := range f.extents {
		from.path, from.parts = f.Real, append(from.parts, fmt.Sprintf("/proc/self/fd/%d", l.Read.Fd()))
	}
	state, err := f.File.State()
	if err != nil {
		return err
	}
	if write {
		_ = f.stop() // two daemons would have two versions of the format's tables
		if err := f.mend(); err != nil {
			return err
		}
	}
	s, err := serve(from)
	if err != nil {
		if errors.As(err, new(*target.NeedsProgram)) {
			return err
		}
		return tried.Errorf("open %s as a %s image: %w; it may be damaged or cut short", f.Given, f.format, err)
	}
	f.mu.Lock()
	old := f.server
	f.server, f.state = s, state
	f.mu.Unlock()
	f.runs.version.Add(1)
	f.SetSize(s.Size())
	if old != nil {
		_ = old.close() // it only read
	}
	return nil
}

// stop ends the daemon.
func (f *file) stop() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.server
	f.server = nil
	if s == nil {
		return nil
	}
	return s.close()
}

func (f *file) Format() string { return f.format }
func (f *file) QEMU() string   { return f.format }
func (f *file) Fixed() bool    { return true }

func (f *file) Files() []*os.File {
	list := []*os.File{f.Read}
	for _, l := range f.extents {
		list = append(list, l.Read)
	}
	return list
}

func (f *file) Close() error { return errors.Join(f.stop(), f.File.Close(), f.closeExtents()) }

func (f *file) Identity() (target.Identity, error) {
	st, err := f.Stat()
	return target.Identity{
		Kind: target.Kind(f.format + " image"), Path: f.Real, Dev: st.Dev, Inode: st.Ino, Size: f.Size(), Modified: st.Mtim.Nano(),
	}, err
}

// State implements target.Device. The times of the image say nothing about the disk: a daemon that opens or closes an image to
// write to it changes marks of the format.
func (f *file) State() (target.State, error) { return target.State{}, nil }

// Refresh implements target.Target. A daemon that only reads may have old tables in its memory, so another takes its place.
func (f *file) Refresh() error {
	state, err := f.File.State()
	if err != nil {
		return err
	}
	fresh := false
	_ = f.ask(func(s *server) error { // without a daemon there is nothing fresh
		same := state.Known() && state == f.state && len(f.extents) == 0
		fresh = s.write || same && s.alive()
		return nil
	})
	if fresh {
		return nil
	}
	return f.start(false)
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
	if err := f.File.AllowWrites(); err != nil {
		return err
	}
	err := f.start(true)
	if err != nil && f.server == nil {
		err = errors.Join(err, f.start(false))
	}
	return err
}

func (f *file) Room() (free int64, shares bool, err error) {
	free, err = f.FreeRoom()
	return free, false, err
}
