package target

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"shunt/geometry"
)

var _ Target = (*Raw)(nil)

// Raw is a raw image file: byte n of the file is byte n of the disk.
type Raw struct {
	handle
	block int64 // block size of the host file system
	file  *ImageFile

	shared  atomic.Int64                                  // bytes that Copy has copied by sharing blocks
	cannot  struct{ punch, clone, copyRange atomic.Bool } // what the host file system turned out not to support
	buffers sync.Pool
}

// build makes a Raw of an open file without locking or judging it.
func build(path, resolved string, f *os.File, mode Mode, z geometry.SectorSize) (*Raw, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("stat %s: %w", path, cause(err))
	}
	if err := regular(path, info); err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, fmt.Errorf("stat %s: %w", path, err)
	}
	var host unix.Statfs_t
	if err := retry(func() error { return unix.Fstatfs(int(f.Fd()), &host) }); err != nil {
		return nil, fmt.Errorf("stat the file system of %s: %w", path, err)
	}
	r := &Raw{
		handle: handle{path: path, real: resolved, mode: mode, sector: z, dev: st.Dev, inode: st.Ino, read: f},
		block:  max(host.Bsize, 512),
		file:   imageFile(st),
	}
	r.size.Store(st.Size)
	r.buffers.New = func() any { b := make([]byte, copyBuffer); return &b }
	return r, nil
}

// Format is Target.Format.
func (r *Raw) Format() string { return "raw" }

// Fixed is Target.Fixed: an image file can be made longer and shorter.
func (r *Raw) Fixed() bool { return false }

// Loose is Device.Loose: who holds an image holds all of it.
func (r *Raw) Loose() bool { return false }

// Shared is Device.Shared.
func (r *Raw) Shared() int64 { return r.shared.Load() }

// Physical is Target.Physical.
func (r *Raw) Physical() bool { return false }

// Beside is Target.Beside: the image's own path.
func (r *Raw) Beside() string { return r.real }

// Image is Target.Image.
func (r *Raw) Image() *ImageFile { return r.file }

// AllowWrites is Target.AllowWrites. It also fails with *InUse when somebody uses the image who does not mind locks: a
// loop device may have come since the image was opened.
func (r *Raw) AllowWrites() error {
	if r.mode == Edit {
		if err := r.inPlace(); err != nil {
			return err
		}
		if err := r.Unused(); err != nil {
			return err
		}
	}
	return r.handle.AllowWrites()
}

// Unused is Target.Unused.
func (r *Raw) Unused() error {
	if use := host().user(r.path, r.id(), wholly); use != nil {
		use.Advice = strings.TrimSuffix(strings.TrimSuffix(use.Advice, openAgain), " first") + " first"
		return use
	}
	return nil
}

// Truncate is Device.Truncate.
func (r *Raw) Truncate(n int64) error {
	w, err := r.writer("truncate", 0, 0)
	if err != nil {
		return err
	}
	if n <= 0 {
		return fmt.Errorf("truncate %s to %d bytes: %w", r.path, n, ErrRange)
	}
	if err := w.Truncate(n); err != nil {
		return fmt.Errorf("truncate %s from %d to %d bytes: %w", r.path, r.Size(), n, cause(err))
	}
	r.size.Store(n)
	return nil
}
