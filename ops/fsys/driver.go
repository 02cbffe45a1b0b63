package fsys

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	runner "shunt/ops/tool"
)

// A Driver holds everything that shunt knows about one kind of file system or other contents. For each ability it has
// either the function that does the work or the reason why it cannot be done.
//
// To add a kind, fill in a Driver in a file of its own and add a line to the registry.
type Driver struct {
	Kind model.FSKind
	// Package is the Debian package that contains the tools, or "".
	Package string

	create, grow, shrink, check, label, uuid, online, replays ability
	// facts are true on every machine: sizes, labels, reasons against moving or copying. Discover adds the abilities.
	facts ops.Capability

	// make makes an empty file system that fills the window.
	make func(j job, ctx context.Context, spec Spec) error
	// resize makes the file system as long as size, rounded down to whole blocks.
	resize func(j job, ctx context.Context, size geometry.Bytes) (least geometry.Bytes, err error)
	// verify checks the file system and changes nothing. repair also corrects what its tool corrects without asking,
	// which may cost files; it is nil if there is no such tool.
	verify, repair func(j job, ctx context.Context) error
	// caveat says what people must know about this repair.
	caveat string
	// replay brings in what the journal holds, before verify judges. It is nil if the scan never finds the kind Unreplayed.
	replay func(j job, ctx context.Context) error
	// mend corrects what loses no file, when verify found what the text says: where there is a walk it may try more, as what
	// it did only counts if no file changed. It says what it did, "" for nothing, and may be nil.
	mend func(j job, ctx context.Context, found string) (did string, err error)
	// walk lists all files, to compare them before and after a repair. It may be nil.
	walk     walker
	setLabel change
	// setUUID sets the given UUID, or a random one if the tool accepts none. setHalf replaces half of it; it is nil for
	// kinds whose UUID has no halves.
	setUUID, setHalf change
	// scrub checks the contents of a file system that verify found in order, if that is more. It loses nothing. It may be
	// nil.
	scrub func(j job, ctx context.Context) (caveat string, err error)
	// examine does what verify does and also looks where verify has no need to, as at the copies of what it reads. It may
	// change the window. nil means that verify looks at everything.
	examine func(j job, ctx context.Context) error
	// admin holds the beginnings of command lines that need the rights of an administrator: those that work on a mounted
	// file system.
	admin [][]string
	// growMounted grows the file system that is mounted at j.dir from the block device j.path.
	growMounted change
	// byHand is the command line with which people do the same. {} stands for the device and {dir} for the directory.
	byHand []string
	// moved writes the new position into the file system after a move. storedStart reads the position from the first 512
	// bytes. Both are nil for kinds that do not store it.
	moved       func(w Window, n int64, start geometry.Sector, z geometry.SectorSize) error
	storedStart func(head []byte) uint64
	// free adds to list the ranges that a move need not copy. It is nil if shunt cannot find them. certain says that the list
	// needs no second opinion: a fault in what it is made from would contradict something else that free reads.
	certain bool
	// spare adds the parts of tables that were never used and may be made zero. They may come in any order. It may be nil.
	spare func(r *io.SectionReader, list *freeList) error
	free  func(r *io.SectionReader, fs model.Filesystem, list *freeList) error

	// Ask is the command that describes the file system, if there is one. It writes nothing.
	Ask Inquiry
	// ways are the ways to list files. If there are none, the kernel mounts the file system and lists them.
	ways []Way
	// subvolumes says that the file system has several roots: directories that can each be mounted at /.
	subvolumes bool
	// contents opens the file system for reading its files. If it is nil, the kernel mounts the file system.
	contents func(ctx context.Context, src Files) (Contents, error)
	// text reads a small text file with a tool. If it is nil, the kernel mounts the file system.
	text func(ctx context.Context, src Files, names []string) (string, error)
	// Doubt returns the reason why a listing may be incomplete or wrong, or "". It may be nil.
	Doubt func(src Files) model.Reason

	// Mounts are the ways to mount the file system, the best one first. If there are none, NoFiles is the reason why its
	// files cannot be seen.
	Mounts  []Mount
	NoFiles model.Reason
	// Serves is the program that shows the files to ordinary users with FUSE. It has no Argv if there is none.
	Serves Serving
	// harm returns the reason why mounting this file system would do harm, or "". It may be nil.
	harm func(fs model.Filesystem) model.Reason
}

// A Mount is one way to mount a kind of file system.
type Mount struct {
	FS    string // the kernel's name for the kind
	Quiet string // options that keep a read-only mount from writing
}

// Serving is a program that serves the files in a window with FUSE until they are unmounted.
type Serving struct {
	Package string
	// Argv mounts the files read-only, and writes nothing, not even to replay a journal. {} stands for the path of the window,
	// {at} for the directory, and {uid} and {gid} for the user who is to own files without an owner.
	Argv []string
	// Write mounts them for writing. It is nil if the program cannot write.
	Write []string
	// Spare says that shunt itself shows the files read-only where the program is not installed.
	Spare bool
}

// Of returns the command line, and whether the program can do that.
func (s Serving) Of(access model.Access, window, at string, uid, gid int) (argv []string, ok bool) {
	argv = s.Argv
	if access == model.ReadWrite {
		argv = s.Write
	}
	argv = slices.Clone(argv)
	for i, word := range argv {
		switch word {
		case "{}":
			argv[i] = window
		case "{at}":
			argv[i] = at
		default:
			argv[i] = strings.NewReplacer("{uid}", strconv.Itoa(uid), "{gid}", strconv.Itoa(gid)).Replace(word)
		}
	}
	return argv, len(argv) > 0
}

// NotServed returns why the files cannot be shown with FUSE, or "". missing is a package that would help.
func (d Driver) NotServed(access model.Access) (why model.Reason, missing string) {
	program := len(d.Serves.Argv) > 0
	switch {
	case !program && d.contents == nil:
		const text = "only the kernel can read %s, and only root can mount it: use sudo, and a raw image or a device"
		return model.Because(text, d.Kind), ""
	case access == model.ReadWrite && !program:
		return model.Because("without the kernel's driver %s can only be read: mount it read-only", d.Kind), ""
	case access == model.ReadWrite && len(d.Serves.Write) == 0:
		return model.Because("%s can only be read: mount it read-only", d.Kind), ""
	case d.ServedHere(access):
		return "", ""
	}
	if _, err := runner.Find(d.Serves.Argv[0]); err != nil {
		return model.Because("that takes %s: apt install %s", d.Serves.Argv[0], d.Serves.Package), d.Serves.Package
	}
	return "", ""
}

// ServedHere reports whether shunt itself shows the files with FUSE, and no program.
func (d Driver) ServedHere(access model.Access) bool {
	if d.contents == nil || access == model.ReadWrite {
		return false
	}
	if len(d.Serves.Argv) == 0 {
		return true
	}
	_, err := runner.Find(d.Serves.Argv[0])
	return d.Serves.Spare && err != nil
}

// An Inquiry is a command that describes a file system.
type Inquiry struct {
	Package string
	Argv    []string // {} stands for the path of the window
	// Noise is a line of its output that is about the sandbox and not about the file system, "" if there is none.
	Noise string
}

// Of returns the command line for the window at path.
func (q Inquiry) Of(path string) []string { return expanded(q.Argv, "{}", path) }

func ask(pkg string, argv ...string) Inquiry { return Inquiry{Package: pkg, Argv: argv} }

// MayMount returns the reason why mounting the file system would do harm, or "".
func (d Driver) MayMount(fs model.Filesystem) model.Reason {
	if d.harm == nil {
		return ""
	}
	return d.harm(fs)
}

// drivers is the registry of all drivers. The order has no meaning.
var drivers = slices.Concat(
	extDrivers(),
	fatDrivers(),
	foreignDrivers(),
	[]Driver{
		bcachefsDriver(),
		btrfsDriver(),
		erofsDriver(),
		exfatDriver(),
		f2fsDriver(),
		isoDriver(),
		jfsDriver(),
		luksDriver(),
		lvmDriver(),
		nilfsDriver(),
		ntfsDriver(),
		reiserDriver(),
		squashDriver(),
		suspendedDriver(),
		swapDriver(),
		udfDriver(),
		xfsDriver(),
	},
)

// Of returns the driver for a kind. If there is none, it returns a driver that can do nothing and says why.
func Of(kind model.FSKind) Driver {
	if i := slices.IndexFunc(drivers, func(d Driver) bool { return d.Kind == kind }); i >= 0 {
		return drivers[i]
	}
	if kind == model.Unformatted {
		return opaque(kind, "there is no file system in it", "it holds no file system that shunt knows")
	}
	return opaque(kind, model.Because("shunt has no tool for %s", kind), noDriver(kind))
}

// opaque returns a driver for a kind that shunt can move and copy but not change. reason is why it cannot be changed,
// files why its files cannot be seen.
func opaque(kind model.FSKind, reason, files model.Reason) Driver {
	no := cannot(reason)
	return Driver{
		Kind: kind, NoFiles: files,
		create: no, grow: no, shrink: no, check: no, label: no, uuid: no, online: no,
	}
}

// mountable is like opaque, for a kind that the kernel can mount.
func mountable(kind model.FSKind, reason model.Reason, mounts []Mount) Driver {
	d := opaque(kind, reason, "")
	d.Mounts = mounts
	return d
}

// noDriver returns the reason why the files cannot be seen if Linux does not know the kind.
func noDriver(kind model.FSKind) model.Reason {
	return model.Because("there is no driver for %s", kind)
}

// mountedAs returns the single way to mount a kind that the kernel calls fs.
func mountedAs(fs, quiet string) []Mount { return []Mount{{FS: fs, Quiet: quiet}} }
