// Package target says what an opened target is and what a format of targets has to bring. It opens no target itself: each
// format is a driver in a package below this one (raw for image files that hold the plain bytes of a disk, block for
// block devices), and ops/target/registry, the only one that knows all drivers, opens targets. The registry is a package
// of its own because the drivers import this one.
//
// A Target is small: it has what every format has. What only some formats have is an optional interface, which callers ask
// for with a type assertion:
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
//	a look around   loop devices, swap and programs that have the file open for writing: none of them locks anything
//
// A block device is held by flock(2) on its node, which also keeps udev off, by opening it with O_EXCL, so that nothing
// on it can be mounted, and, if it is a loop device, by the locks above on its image file. Partitions that are in use do
// not prevent that; O_EXCL is left out then. The kernel has its own idea of the partitions, which Follow brings up to
// date, and a page cache for each node; Refresh and AllowWrites make these agree.
//
// Invariants: the target is opened read-only, and nothing can be written until AllowWrites; the locks belong to the
// open file descriptions that Files hands out, so they live until the last process that holds them has closed them,
// however it ends.
package target

import (
	"io"
	"io/fs"
	"os"

	"shunt/geometry"
)

// Mode says what a target is opened for.
type Mode int

// The modes.
const (
	// Edit opens a target to change it: nobody else may use it until it is closed.
	Edit Mode = iota
	// Inspect opens a target to look at it, even one that is in use. Target.Busy then says who uses it, and what is read may
	// change at any moment.
	Inspect
	// Hold keeps everybody else off as Edit does, but nothing can be written. It serves to change how the system uses a
	// target, and not its bytes. The target may be read-only, and a physical disk.
	Hold
)

// Options say how to open a target. The zero value edits an image with sectors of 512 bytes.
type Options struct {
	Mode Mode
	// SectorSize is the logical sector the image is meant for; 0 means 512 bytes.
	SectorSize geometry.SectorSize
	// AllowDisks admits physical disks for editing, and not only images, exports and memory.
	AllowDisks bool
	// NoLock leaves out the locks, for images on file systems that have none (ErrNoLocks). The look around for
	// other users still takes place; shunt and QEMU are no longer kept off.
	NoLock bool
	// Shown admits an image although loop devices show parts of it already; devices that show all of it are still refused.
	// It serves to set up more of that kind (Hold only).
	Shown bool
}

// Driver is one format of targets. The registry calls it with options whose sector size is valid, and for files or devices
// that are of its format. Errors are those of registry.Open and registry.Adopt.
type Driver struct {
	// Open locks what c names and makes a Target of it. After an error c.File is the caller's again; a file that
	// is only held is the caller's in any case, and may be closed.
	Open func(c Candidate, opts Options) (Target, error)
	// Adopt makes a Target of the files that another process's Target.Files handed over, in their order; c.File is the
	// first of them. After an error they are the caller's again.
	Adopt func(c Candidate, opts Options, files []*os.File) (Target, error)
	// Peek reads the disk in an open file without any lock, for a short look: its bytes and how many there are. It reads
	// no more of f than it must and keeps nothing open. It is nil where the bytes of the file are those of the disk.
	Peek func(f *os.File, size int64) (disk io.ReaderAt, n int64, err error)
}

// Candidate is a file or device that is about to be opened.
type Candidate struct {
	Path string      // as the user gave it, for messages
	Real string      // absolute, without symbolic links
	Info fs.FileInfo // of the file itself
	// File is open for reading, and Info describes it. A device's file is only held (O_PATH): the driver opens the device,
	// when it has seen that it may, and closes the held file then.
	File *os.File
}
