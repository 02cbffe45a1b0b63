// Package target opens what shunt edits, sees to it that nobody else uses it meanwhile, and is the only way by which
// bytes reach it (Device). It opens raw image files and whole block devices; other image formats are refused with a
// reason.
//
// It may import geometry and golang.org/x/sys/unix, and nothing else of shunt. It is for Linux.
//
// Who may use an image file at the same time is settled by three things, in this order:
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
// A block device is held by flock(2) on its node, which also keeps udev off, by opening it with O_EXCL, so that nothing on
// it can be mounted, and, if it is a loop device, by the locks above on its image file. Partitions that are in use are
// no obstacle to that; O_EXCL is done without then. The kernel has partitions of its own idea, which are told of every
// change (Follow), and page caches for each node, which are made to agree (Refresh, AllowWrites).
//
// Invariants: the target is opened read-only, and nothing can be written until AllowWrites; the locks belong to the
// open file description that Files hands out, so they live until the last process that holds it has closed it,
// however it ends.
package target

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/model/safetext"
)

// Mode says what a target is opened for.
type Mode int

// The modes.
const (
	// Edit opens a target to change it: nobody else may use it until it is closed.
	Edit Mode = iota
	// Inspect opens a target to look at it. One that is in use can be inspected too; Raw.Busy then tells by whom,
	// and what is read may change at any moment.
	Inspect
	// Hold keeps everybody else off as Edit does, and nothing can be written: for what changes how the system uses a
	// target, and not its bytes. It may be read-only, and a physical disk.
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
	// Shown admits an image of which parts are shown by loop devices already; not those that show it from its start.
	// It is for what brings more of that kind (Hold only).
	Shown bool
}

func (o Options) sector() (geometry.SectorSize, error) {
	if o.SectorSize == 0 {
		return geometry.Sector512, nil
	}
	if !o.SectorSize.Valid() {
		return 0, fmt.Errorf("sector size %d is not supported: use 512 or 4096", o.SectorSize)
	}
	return o.SectorSize, nil
}

// Open opens the image file or block device at path and locks it as the mode asks for. Nothing is written to it.
//
// Errors: fs.ErrNotExist and fs.ErrPermission as the system gives them; ErrEmpty, ErrTooSmall, ErrDirectory,
// ErrPartition, ErrNoMedium, ErrNotFile and *Format for what cannot be edited at all; ErrReadOnly, ErrPhysical,
// ErrNoLocks and *InUse for what cannot be edited now (Edit only).
func Open(path string, opts Options) (Target, error) {
	z, err := opts.sector()
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	// The type is asked for before the file is opened, and that file is opened and no other: opening a pipe would wait for its
	// other end, opening a device can have effects of its own, and the name may lead to one a moment later.
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, cause(err))
	}
	resolved, err := realPath(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	held, err := hold(resolved)
	if err != nil {
		return nil, openError(path, err)
	}
	defer func() { _ = held.Close() }() // it was only looked at
	info, err := held.Stat()
	if err != nil {
		return nil, fmt.Errorf("stat %s: %w", path, cause(err))
	}
	if isBlock(info) {
		b, err := openBlock(path, held, info, opts)
		if err != nil {
			return nil, err
		}
		return b, nil
	}
	return openRaw(path, held, info, opts, z)
}

func openRaw(path string, held *os.File, info fs.FileInfo, opts Options, z geometry.SectorSize) (Target, error) {
	if err := regular(path, info); err != nil {
		return nil, err
	}
	resolved := held.Name()
	f, err := reopen(held, os.O_RDONLY)
	_ = held.Close() // who asks for users of the file must not find this
	if err != nil {
		return nil, openError(path, err)
	}
	r, err := build(path, resolved, f, opts.Mode, z)
	if err == nil {
		err = r.admit(opts)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

// admit makes sure that the opened file is an image shunt can edit and that it may do so now.
func (r *Raw) admit(opts Options) error {
	if err := checkSize(r.path, r.Size(), r.sector); err != nil {
		return err
	}
	if err := checkFormat(r.path, r.read, r.Size()); err != nil {
		return err
	}
	if opts.Mode == Inspect {
		return r.admitInspect(opts)
	}
	if opts.Mode == Edit {
		if err := probeWritable(r.path, r.read); err != nil {
			return err
		}
	}
	if !opts.NoLock {
		if err := r.lock(); err != nil {
			return r.lockRefusal(err)
		}
	}
	shown := wholly
	if opts.Mode == Hold && opts.Shown {
		shown = partly
	}
	if busy := host().user(r.path, r.id(), shown); busy != nil {
		return busy
	}
	return nil
}

// lock takes the locks for editing. Those who come at the same moment, and go because they see our locks, are waited for.
// So is who holds them and cannot be found, a moment in any case and longer while a process is at its end: one that was
// killed is gone from the list of processes before its files are closed.
func (r *Raw) lock() error {
	take := func() error { return takeLocks(r.read, Edit) }
	err := patiently(lockPatience, take, errHeld)
	for waited := time.Duration(0); errors.Is(err, errHeld) && host().locker(r.path, r.id()).PID == 0; waited += endPatience {
		if waited > 0 && !host().dying() || waited >= deathPatience {
			break
		}
		err = patiently(endPatience, take, errHeld)
	}
	return err
}

// admitInspect never refuses: who else uses the image is kept as a remark.
func (r *Raw) admitInspect(opts Options) error {
	if !opts.NoLock {
		if err := takeLocks(r.read, Inspect); err != nil {
			// Locks that were got before the one that failed must not keep others off.
			if err := dropLocks(r.read); err != nil {
				return fmt.Errorf("unlock %s: %w", r.path, err)
			}
			if !errors.Is(err, errNoLocks) {
				r.busy = host().locker(r.path, r.id())
				return nil
			}
		}
	}
	r.busy = host().user(r.path, r.id(), wholly)
	return nil
}

func regular(path string, info fs.FileInfo) error {
	mode := info.Mode()
	switch {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		return fmt.Errorf("%s %w", path, ErrDirectory)
	}
	return fmt.Errorf("%s %w", path, ErrNotFile)
}

func isBlock(info fs.FileInfo) bool {
	return info.Mode()&fs.ModeDevice != 0 && info.Mode()&fs.ModeCharDevice == 0
}

// fit refuses block devices that are no whole disks.
func (k kernel) fit(path string, d disk) error {
	if w, ok := d.whole(); ok {
		return fmt.Errorf("%s %w: give the whole disk, %s", path, ErrPartition, k.node(w))
	}
	return nil
}

// admit makes sure that a block device may be edited now.
func (k kernel) admit(path string, d disk, opts Options) error {
	switch {
	case d.text("size") == "0":
		return fmt.Errorf("%s %w", path, ErrNoMedium)
	case d.text("ro") == "1" && opts.Mode == Edit:
		return fmt.Errorf("%s %w: the device is read-only; run `%s` if that is not on purpose", path, ErrReadOnly, safetext.Command("blockdev", "--setrw", safetext.Operand(path)))
	case k.physical(d) && !opts.AllowDisks && opts.Mode == Edit:
		return fmt.Errorf("%s %w", path, ErrPhysical)
	}
	if use := k.wholeUser(path, d); use != nil {
		return use
	}
	return nil
}

func checkSize(path string, size int64, z geometry.SectorSize) error {
	if size == 0 {
		return fmt.Errorf("%s %w, for example with `%s`", path, ErrEmpty, safetext.Command("truncate", "-s", "1GiB", safetext.Operand(path)))
	}
	if size < int64(z) {
		return fmt.Errorf("%s has %d bytes and %w of %d bytes", path, size, ErrTooSmall, z)
	}
	return nil
}

// probeWritable tells now, and not after an hour of planning, that a commit could not write. The descriptor is closed
// again at once: as long as it is not there, nothing can be written by mistake.
func probeWritable(path string, opened *os.File) error {
	f, err := reopen(opened, os.O_RDWR)
	if err != nil {
		return openError(path, err)
	}
	return f.Close()
}

func openError(path string, err error) error {
	switch {
	case errors.Is(err, ErrLeased), errors.Is(err, unix.EWOULDBLOCK):
		return fmt.Errorf("%s %w", path, ErrLeased)
	case errors.Is(err, unix.EROFS):
		return fmt.Errorf("%s %w: it is on a read-only file system; copy it to a writable one or remount that one (%w)", path, ErrReadOnly, unix.EROFS)
	case errors.Is(err, unix.ETXTBSY):
		return fmt.Errorf("%s %w: it is being executed or used as swap (%w)", path, ErrReadOnly, unix.ETXTBSY)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s cannot be opened for reading and writing: %w; run shunt as its owner or as root, or change its mode or attributes", path, cause(err))
	}
	return fmt.Errorf("open %s: %w", path, cause(err))
}

// realPath is absolute and free of symbolic links, and leads to a file in its directory and not to where it is mounted by
// itself, so that two ways to the same image find the same journal.
func realPath(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	resolved, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return "", err
	}
	return host().unbound(resolved), nil
}

// cause strips the operation and path that the os package puts in front of an error; the messages here name both.
func cause(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}
