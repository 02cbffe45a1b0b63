// Package raw is the driver of raw image files: byte n of the file is byte n of the disk.
package raw

import (
	"fmt"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/target"
	"shunt/ops/target/internal/held"
	"shunt/ops/target/internal/kernel"
)

// Driver opens every regular file that is of no other format.
func Driver() target.Driver { return target.Driver{Open: openFile, Adopt: adopt, Peek: held.Peek} }

func openFile(c target.Candidate, opts target.Options) (target.Target, error) {
	r, err := build(c, opts)
	if err == nil {
		err = r.fit()
	}
	if err == nil {
		err = r.Admit(opts)
	}
	return r, err
}

func adopt(c target.Candidate, opts target.Options, files []*os.File) (target.Target, error) {
	if len(files) > 1 {
		return nil, fmt.Errorf("take over %s: got %d files instead of 1", c.Path, len(files))
	}
	r, err := build(c, opts)
	if err == nil {
		err = r.Adopted(opts)
	}
	return r, err
}

var (
	_ target.Plain  = (*file)(nil)
	_ target.Hosted = (*file)(nil)
)

type file struct {
	*held.File
	block int64 // block size of the host file system

	shared atomic.Int64                                  // bytes that Copy has copied by sharing blocks
	cannot struct{ punch, clone, copyRange atomic.Bool } // what the host file system turned out not to support
}

// build makes an image of an open file without locking or judging it.
func build(c target.Candidate, opts target.Options) (*file, error) {
	opened, err := held.New(c, opts)
	if err != nil {
		return nil, err
	}
	var host unix.Statfs_t
	if err := kernel.Retry(func() error { return unix.Fstatfs(int(c.File.Fd()), &host) }); err != nil {
		return nil, fmt.Errorf("stat the file system of %s: %w", c.Path, err)
	}
	return &file{File: opened, block: max(host.Bsize, 512)}, nil
}

// fit makes sure that the file can be a disk.
func (r *file) fit() error {
	switch size := r.Size(); {
	case size == 0:
		return fmt.Errorf("%s %w, for example with `%s`", r.Given, target.ErrEmpty, safetext.Command("truncate", "-s", "1GiB", safetext.Operand(r.Given)))
	case size < int64(r.Sector):
		return fmt.Errorf("%s has %d bytes and %w of %d bytes", r.Given, size, target.ErrTooSmall, r.Sector)
	}
	return nil
}

// Format is Target.Format.
func (r *file) Format() string { return "raw" }

// Fixed is Target.Fixed: an image file can be made longer and shorter.
func (r *file) Fixed() bool { return false }

// Beside is Target.Beside: the image's own path.
func (r *file) Beside() string { return r.Real }

// Files is Target.Files.
func (r *file) Files() []*os.File { return []*os.File{r.Read} }

// Identity is Target.Identity.
func (r *file) Identity() (target.Identity, error) {
	st, err := r.Stat()
	if err != nil {
		return target.Identity{}, err
	}
	return target.Identity{
		Kind: target.KindRaw, Path: r.Real, Dev: st.Dev, Inode: st.Ino, Size: st.Size, Modified: st.Mtim.Nano(),
	}, nil
}

// Shared is Device.Shared.
func (r *file) Shared() int64 { return r.shared.Load() }

// Refresh is Target.Refresh.
func (r *file) Refresh() error {
	st, err := r.Stat()
	if err != nil {
		return err
	}
	r.SetSize(st.Size)
	return nil
}

// Uses is Plain.Uses: a partition of an image file is in use when a loop device shows it.
func (r *file) Uses(parts []target.Part) map[int]model.Use {
	return kernel.Host().Windows(r.ID(), r.Size(), parts)
}

// Mounts is Plain.Mounts.
func (r *file) Mounts(p target.Part) []string { return kernel.Host().PartMounts(r.ID(), r.Size(), p) }

// AllowWrites is Target.AllowWrites. It also fails with *InUse when somebody uses the image who does not mind locks: a
// loop device may have come since the image was opened.
func (r *file) AllowWrites() error {
	if r.Mode == target.Edit {
		if err := r.InPlace(); err != nil {
			return err
		}
		if err := r.Unused(); err != nil {
			return err
		}
	}
	return r.File.AllowWrites()
}

// Truncate is Device.Truncate.
func (r *file) Truncate(n int64) error {
	w, err := r.Writer("truncate", 0, 0)
	if err != nil {
		return err
	}
	if n <= 0 {
		return fmt.Errorf("truncate %s to %d bytes: %w", r.Given, n, target.ErrRange)
	}
	if err := w.Truncate(n); err != nil {
		return fmt.Errorf("truncate %s from %d to %d bytes: %w", r.Given, r.Size(), n, kernel.Cause(err))
	}
	r.SetSize(n)
	return nil
}
