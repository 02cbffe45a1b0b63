package fsys

import (
	"context"
	"fmt"
	"io"
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// Driver is what shunt knows of one kind of file system, or of another content: what can be done with it, by which tools
// and how, and why the rest cannot be done. An ability that is offered has its function; one that is not has a reason.
//
// To add a kind, fill in a Driver in a file of its own and add its line to the registry.
type Driver struct {
	Kind model.FSKind
	// Package is the Debian package that brings its tools, "" if there is none.
	Package string

	create, grow, shrink, check, label, uuid, online ability
	// facts are what the operations must know of it and what no machine changes: sizes, labels, why it must not be moved
	// or copied. The abilities are filled in for each machine.
	facts ops.Capability

	// make makes an empty file system over all of the window.
	make func(j job, ctx context.Context, spec Spec) error
	// resize makes it as long as size, rounded down to what its blocks allow.
	resize func(j job, ctx context.Context, size geometry.Bytes) error
	// verify makes sure that it is in order and changes nothing; repair also mends what its tool mends without asking.
	// A kind without repair is verified when it is to be checked.
	verify, repair func(j job, ctx context.Context) error
	setLabel       func(j job, ctx context.Context, label string) error
	// setUUID gives it the UUID, or another new one where it takes no UUID from outside.
	// setHalf makes half of it new; nil if it has no halves.
	setUUID, setHalf func(j job, ctx context.Context, fresh string) error
	// growMounted grows it on the device while it is mounted at the directory.
	growMounted func(j job, ctx context.Context, device, dir string) error
	// byHand is the command that does the same, with {device} and {dir}.
	byHand string
	// moved tells it where it begins after a move; nil if it keeps no note of that.
	moved func(w Window, n int64, start geometry.Sector, z geometry.SectorSize) error
	// free lists what need not be copied when it moves; nil if that is not known.
	free func(r *io.SectionReader, fs model.Filesystem, list *freeList) error

	// Facts adds what the superblock tells beyond what every file system has; nil if nothing does.
	Facts func(s *ops.SheetSection, r io.ReaderAt)
	// Ask are the tools that tell most of it and write nothing.
	Ask []Inquiry
	// ways are those to list its files; without one the kernel mounts it for that.
	ways   []Way
	doubts func(src Files) []string

	// Mounts are the ways to mount it, the best first. Without one NoFiles says why there are no files to be seen.
	Mounts  []Mount
	NoFiles string
	// MayMount refuses the one at an offset if mounting it would do harm; nil if it never does.
	MayMount func(r io.ReaderAt, off int64) error
}

// Mount is a way to mount a kind of file system.
type Mount struct {
	FS    string // the kernel's name of it
	Quiet string // options that keep it from writing when it is mounted read-only
	// Program does it instead of the kernel, and Package brings that.
	Program, Package string
}

// Inquiry is a tool that tells of a file system.
type Inquiry struct {
	Package string
	Argv    []string // {} stands for the path of the window
}

// Of is the command line for the window at path.
func (q Inquiry) Of(path string) []string { return expanded(q.Argv, "{}", path) }

// ask is the one tool that is asked.
func ask(pkg string, argv ...string) []Inquiry { return []Inquiry{{pkg, argv}} }

// drivers is the registry.
var drivers = slices.Concat(
	extDrivers(),
	[]Driver{xfsDriver(), btrfsDriver(), f2fsDriver()},
	fatDrivers(),
	[]Driver{exfatDriver(), ntfsDriver(), swapDriver(), suspendedDriver(), lvmDriver(), luksDriver()},
	[]Driver{nilfsDriver(), udfDriver(), jfsDriver(), reiserDriver(), isoDriver(), squashDriver()},
	[]Driver{bcachefsDriver(), erofsDriver()},
	foreignDrivers(),
)

// Of is the driver for a kind. One that says no to everything stands in for kinds that have none.
func Of(kind model.FSKind) Driver {
	if i := slices.IndexFunc(drivers, func(d Driver) bool { return d.Kind == kind }); i >= 0 {
		return drivers[i]
	}
	if kind == model.Unformatted {
		return opaque(kind, "there is no file system in it", "it holds no file system that shunt knows")
	}
	return opaque(kind, fmt.Sprintf("shunt has no tool for %s", kind), noDriver(kind))
}

// opaque is a kind that is moved and copied as bytes, and not changed, for one reason; files is why there are none to be
// seen.
func opaque(kind model.FSKind, reason, files string) Driver {
	no := cannot(reason)
	return Driver{
		Kind: kind, NoFiles: files,
		create: no, grow: no, shrink: no, check: no, label: no, uuid: no, online: no,
	}
}

// mountable is a kind that is not changed, for one reason, and that the kernel mounts.
func mountable(kind model.FSKind, reason string, mounts []Mount) Driver {
	d := opaque(kind, reason, "")
	d.Mounts = mounts
	return d
}

// noDriver is why no files are to be seen in what Linux does not read.
func noDriver(kind model.FSKind) string { return fmt.Sprintf("there is no driver for %s", kind) }

// mountedAs is the one way to mount what the kernel knows by the name.
func mountedAs(fs, quiet string) []Mount { return []Mount{{FS: fs, Quiet: quiet}} }
