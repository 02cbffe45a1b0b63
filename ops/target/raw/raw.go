// Package raw is the driver of raw image files: byte n of the file is byte n of the disk.
package raw

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/internal/held"
	"shunt/ops/target/internal/kernel"
)

// Driver returns the driver for regular files without another format.
func Driver() target.Driver { return target.Driver{Open: openFile, Adopt: adopt, Create: create} }

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
		return nil, tried.Errorf("take over %s: got %d files instead of 1", c.Path, len(files))
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

	_ target.Reserver = (*file)(nil)
	_ target.Trimmer  = (*file)(nil)
)

type file struct {
	*held.File
	block int64 // block size of the host file system

	shared atomic.Int64                           // bytes that Copy has copied by sharing blocks
	cannot struct{ clone, copyRange atomic.Bool } // operations that the host's file system does not support
}

// build returns an image for an open file. It neither locks nor checks it.
func build(c target.Candidate, opts target.Options) (*file, error) {
	opened, err := held.New(c, opts)
	if err != nil {
		return nil, err
	}
	host, err := kernel.StatHost(c.File)
	if err != nil {
		return nil, tried.Errorf("stat the file system of %s: %w", c.Path, err)
	}
	return &file{File: opened, block: max(host.Bsize, 512)}, nil
}

// fit returns an error if the file is too short for a disk.
func (r *file) fit() error {
	switch size := r.Size(); {
	case size == 0:
		return fmt.Errorf("%s %w, for example with `%s`", r.Given, target.ErrEmpty, safetext.Command("truncate", "-s", "1GiB", safetext.Operand(r.Given)))
	case size < int64(r.Sector):
		return fmt.Errorf("%s has %d bytes and %w of %d bytes", r.Given, size, target.ErrTooSmall, r.Sector)
	}
	return nil
}

func (r *file) Format() string    { return "raw" }
func (r *file) Fixed() bool       { return false }
func (r *file) Files() []*os.File { return []*os.File{r.Read} }
func (r *file) Shared() int64     { return r.shared.Load() }

func (r *file) Identity() (target.Identity, error) {
	st, err := r.Stat()
	return target.Identity{
		Kind: target.KindRaw, Path: r.Real, Dev: st.Dev, Inode: st.Ino, Size: st.Size, Modified: st.Mtim.Nano(),
	}, err
}

func (r *file) Refresh() error {
	st, err := r.Stat()
	if err == nil {
		r.SetSize(st.Size)
	}
	return err
}

// Uses returns the partitions that loop devices show.
func (r *file) Uses(parts []target.Part) map[int]model.Use {
	return kernel.Host().PartUses(r.ID(), r.Size(), parts)
}

func (r *file) Mounts(p target.Part) []string { return kernel.Host().PartMounts(r.ID(), r.Size(), p) }

// AllowWrites also fails with *InUse if the image is used without locks: a loop device may have been set up since the image
// was opened.
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

func (r *file) Room() (free int64, shares bool, err error) {
	free, err = r.FreeRoom()
	if err != nil {
		return 0, false, err
	}
	st, err := kernel.StatHost(r.Read)
	if err != nil {
		return 0, false, tried.Errorf("ask for the kind of file system at %s: %w", r.Given, err)
	}
	return free, sharesBlocks(r.Read, st), nil
}

// sharesBlocks reports whether the file system of a file copies by sharing blocks.
func sharesBlocks(f *os.File, st unix.Statfs_t) bool {
	const (
		bcachefs = 0xca451a4e
		ocfs2    = 0x7461636f
	)
	switch uint32(st.Type) {
	case unix.XFS_SUPER_MAGIC:
		return xfsShares(f)
	case unix.BTRFS_SUPER_MAGIC, bcachefs, ocfs2:
		return true
	}
	return false
}

// xfsShares reports whether the XFS of a file was made with shared blocks (reflink). It asks for the geometry, as xfs_info
// does. The source of the numbers is linux/fs/xfs/libxfs/xfs_fs.h.
func xfsShares(f *os.File) bool {
	const (
		getGeometry = 0x8100587e // XFS_IOC_FSGEOMETRY
		length      = 256        // of struct xfs_fsop_geom
		flags       = 92         // where its flags lie
		reflink     = 1 << 20    // XFS_FSOP_GEOM_FLAGS_REFLINK
	)
	var geometry [length]byte
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), getGeometry, uintptr(unsafe.Pointer(&geometry[0])))
	return errno == 0 && binary.NativeEndian.Uint32(geometry[flags:])&reflink != 0
}
