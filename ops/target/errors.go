package target

import (
	"errors"
	"fmt"

	"shunt/model"
	"shunt/model/safetext"
)

// Why a path can never be edited. The texts follow the path.
var (
	// ErrEmpty is returned for a file without a single byte.
	ErrEmpty = errors.New("is empty: give it the size of the disk first")
	// ErrTooSmall is returned for a file shorter than one sector.
	ErrTooSmall = errors.New("is smaller than one sector")
	// ErrDirectory is returned for a directory.
	ErrDirectory = errors.New("is a directory: give the image file in it")
	// ErrNotFile is returned for pipes, sockets, terminals and the like.
	ErrNotFile = errors.New("is neither a regular file nor a block device")
	// ErrPartition is returned for the node of a partition.
	ErrPartition = errors.New("is a partition and not a disk")
	// ErrNoMedium is returned for a block device without a single byte.
	ErrNoMedium = errors.New("has no medium in it, or is not set up")
)

// Why a target cannot be edited now. The texts follow the path.
var (
	// ErrReadOnly is returned when the target cannot be written because of its file system, its device or its use.
	ErrReadOnly = errors.New("cannot be written")
	// ErrPhysical is returned for physical disks without Options.AllowDisks.
	ErrPhysical = errors.New("is a physical disk: add --allow-disks to edit it all the same, after a backup of what matters on it")
	// ErrLeased is returned for a file on which another program holds a lease: opening it would wait for that program.
	ErrLeased = errors.New("is kept by a program that holds a lease on it, as file servers do: end that, or copy the image")
	// ErrNoLocks is returned when the image's file system has no locks. With Options.NoLock it is opened without.
	ErrNoLocks = errors.New("cannot be locked: its file system has no locks, so nothing would keep others off; copy it elsewhere")
)

// Errors of an open target.
var (
	// ErrNotAllowed is returned by all writes before AllowWrites.
	ErrNotAllowed = errors.New("writing has not been allowed")
	// ErrRange is returned for a range outside the target.
	ErrRange = errors.New("range lies outside the target")
	// ErrFixed is returned by Truncate for targets that cannot change their size.
	ErrFixed = errors.New("its size is fixed")
	// ErrAsWhole is returned for writes to the disk of a Switching target.
	ErrAsWhole = errors.New("the disk in this format only changes as a whole")
	// ErrOverlap is returned by Copy when its two ranges overlap.
	ErrOverlap = errors.New("source and destination overlap")
	// ErrNoLoop is returned for a path that is not a loop device, or one that is not set up.
	ErrNoLoop = errors.New("is not a loop device, or is not set up")
	// ErrReplaced is returned by AllowWrites when the path leads to another file than the one that was opened.
	ErrReplaced = errors.New("was moved, replaced or removed since it was opened")
)

// ForeignBacking is returned for an image whose backing file has a format that shunt does not read, but QEMU may.
type ForeignBacking struct {
	Path   string // of the image above, as the user gave it
	Format string // of the backing file, in QEMU's words
}

func (e *ForeignBacking) Error() string {
	return fmt.Sprintf("%s has a backing file of the format %s, which is only read to make another image: use `shunt image convert`",
		e.Path, e.Format)
}

// OnlyRead is returned for an image in a format, or a variant of one, that is read and never edited.
type OnlyRead struct {
	Path, Format string
	Why          model.Reason
	Raw          string // the path of a file that is a raw image of the whole disk and can be edited, "" if there is none
}

func (e *OnlyRead) Error() string {
	if e.Raw != "" {
		return fmt.Sprintf("%s is a %s image that is not edited here: %s. Edit %s, which is a raw image of the disk",
			e.Path, e.Format, e.Why, e.Raw)
	}
	return fmt.Sprintf("%s is a %s image that is not edited here: %s. Make another image of it with `%s`, and edit that",
		e.Path, e.Format, e.Why, convert(e.Path))
}

// convert is the command that makes a qcow2 image of the image at path.
func convert(path string) string {
	return safetext.Command("shunt", "image", "convert", safetext.Operand(path), safetext.Operand(path+".qcow2"))
}

// An Overlay is returned for an image of one of QEMU's formats that has a backing file.
type Overlay struct {
	Path, Format string
	Below        string // the name of the backing file, for people
}

func (e *Overlay) Error() string {
	return fmt.Sprintf("%s is a %s image on a backing file, %s, and is only read to make another image: use `%s`",
		e.Path, e.Format, e.Below, convert(e.Path))
}

// NeedsProgram is returned for an image of a format that a program reads and writes, which is not installed.
type NeedsProgram struct {
	Path, Format     string
	Program, Package string
	Err              error
}

func (e *NeedsProgram) Error() string {
	return fmt.Sprintf("%s is a %s image, which needs %s: install it with `apt install %s`",
		e.Path, e.Format, e.Program, e.Package)
}

// Unwrap returns the cause.
func (e *NeedsProgram) Unwrap() error { return e.Err }

// InUse is returned when somebody else uses the image.
type InUse struct {
	Path   string // as the user gave it
	Holder string // who: "qemu-nbd (pid 123)", "loop device /dev/loop0, mounted at /mnt"
	Advice string // what to do: "unmount /mnt, then run `losetup -d /dev/loop0`"
	PID    int    // the process, 0 if it is not known or the holder is no process
	Shunt  bool   // the holder is another shunt
}

func (e *InUse) Error() string {
	return fmt.Sprintf("%s is in use by %s: %s", e.Path, e.Holder, e.Advice)
}
