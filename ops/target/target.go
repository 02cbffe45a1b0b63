// Package target defines the interfaces of opened targets and of the drivers for their formats. It opens no target itself.
// Each format has a driver in a package below this one: raw for image files that hold the plain bytes of a disk, block for
// block devices. Package ops/target/registry knows all drivers and opens targets. It is a package of its own because the
// drivers import this one.
//
// Target has the methods that every format has. Others are in optional interfaces, for which callers ask with a type
// assertion:
//
//	Plain       the bytes of the disk lie in a file or device as they are, so the kernel can show them (AsPlain)
//	KernelDisk  a block device, whose partitions the kernel knows
//	Hosted      an image file, which takes room on a file system of the host
//
// Three things decide who may use an image file at the same time, in this order:
//
//	flock(2)        LOCK_EX while editing, LOCK_SH while inspecting: shunt against shunt
//	OFD byte locks  QEMU's protocol, against QEMU and its tools. All are read locks on single bytes:
//
//	                byte   100    101    103    |  201             203
//	                       I read I write I resize | nobody may write  nobody may resize
//	                editing   x      x      x   |    x               x
//	                inspecting x                |    x               x
//
//	                The locks are taken first and tested after (would a write lock on the opposite bytes be granted?),
//	                so of two that start at once at least one sees the other. Source: QEMU's file-posix driver.
//	                An editor also minds "I read": readers of raw images put up with other writers.
//	a search        for loop devices, swap and programs that have the file open for writing, since none of them takes locks
//
// The backing files of an image are held as for inspecting: others may read them, but nobody may write to them.
//
// A block device is locked by flock(2) on its node, which also keeps udev off. It is opened with O_EXCL, so that nothing on
// it can be mounted, unless a partition is in use already. If it is a loop device, its image file is locked as above. The
// kernel has its own list of the partitions, which Follow updates, and a page cache for each node. Refresh and AllowWrites
// make these caches agree.
//
// Invariants: a target is opened read-only, and nothing can be written until AllowWrites. The locks belong to the open file
// descriptions that Files hands out, so they last until the last process with these files has closed them or ended.
package target

import (
	"context"
	"io"
	"io/fs"
	"os"

	"shunt/geometry"
	"shunt/model"
)

// Mode says what a target is opened for.
type Mode int

// The modes.
const (
	// Edit opens a target to change it: nobody else may use it until it is closed.
	Edit Mode = iota
	// Inspect opens a target to look at it, even one that is in use. Target.Busy then says who uses it, and its contents may
	// change at any moment.
	Inspect
	// Hold keeps everybody else off as Edit does, but nothing can be written. It is for mounting and attaching, which change
	// how the system uses a target and not its bytes. The target may be read-only or a physical disk.
	Hold
	// Read opens a target to read all of it: others may read it at the same time, but nobody may write to it or to one of its
	// backing files. The target may be read-only or a physical disk. On a block device partitions can be in use (Plain.Uses).
	Read
)

// Shares reports whether others may have the target open for reading at the same time.
func (m Mode) Shares() bool { return m == Inspect || m == Read }

// Options say how to open a target. The zero value edits an image with sectors of 512 bytes.
type Options struct {
	Mode Mode
	// SectorSize is the size of a logical sector of an image; 0 means 512 bytes.
	SectorSize geometry.SectorSize
	// Format is the format that the target has, by the name in Target.Format; "" to recognise it. "raw" takes the bytes of a
	// file as the disk, whatever they look like. Any other name must agree with what is recognised.
	Format string
	// AllowDisks allows physical disks to be edited, and not only images, exports and memory.
	AllowDisks bool
	// NoLock leaves out the locks, for images on file systems that have none (ErrNoLocks). The search for other users still
	// takes place, but does not find every shunt or QEMU.
	NoLock bool
	// Shown accepts an image with parts that loop devices show, so that more such devices can be set up. It does not accept
	// one that a loop device shows as a whole. It is for Hold only.
	Shown bool
}

// A Driver opens targets of one format. The registry calls it only for files or devices of that format, with options whose
// sector size is valid. Errors are those of registry.Open and registry.Adopt.
type Driver struct {
	// Open locks the file or device in c and returns a Target. After an error c.File still belongs to the caller. An O_PATH
	// file belongs to the caller in any case, but Open may close it.
	Open func(c Candidate, opts Options) (Target, error)
	// Adopt returns a Target for the files that another process's Target.Files handed over, in the same order. c.File is the
	// first of them. After an error they still belong to the caller.
	Adopt func(c Candidate, opts Options, files []*os.File) (Target, error)
	// Peek returns the disk in an open file at path, and its length, for a short look without locks. It reads as little of f
	// as possible. done closes what else was opened; it is nil after an error. Peek is nil if the bytes of the file are those
	// of the disk.
	Peek func(path string, f *os.File, size int64) (disk io.ReaderAt, n int64, done func() error, err error)
	// Refuses returns why an image of the format can be read and never be edited, "" if it can be. It is nil for a format whose
	// images all can.
	Refuses func(f *os.File, size int64) model.Reason
	// Create writes a new image into an empty file. After an error, also that of ctx, the file holds anything. Create is nil for
	// a format that shunt cannot make images of.
	Create func(ctx context.Context, f *os.File, n New) error
}

// A Candidate is a file or device that is about to be opened.
type Candidate struct {
	Path string      // as the user gave it, for messages
	Real string      // absolute, without symbolic links
	Info fs.FileInfo // of the file itself
	// File is open for reading, and Info describes it. A device is opened with O_PATH only: the driver opens it for reading
	// after it has checked that this is allowed, and closes the O_PATH file.
	File *os.File
}
