package target

import (
	"context"
	"fmt"
	"os"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

// A Target is an opened and locked target of any format.
type Target interface {
	Device

	// Path returns the absolute path without symbolic links.
	Path() string
	// Format names the format or the kind of device: "raw", "loop device".
	Format() string
	// Fixed reports whether the size cannot be changed from here, so that Truncate fails.
	Fixed() bool
	// Place returns where files that belong to the target are kept.
	Place() Place
	// SectorSize returns the size of a logical sector.
	SectorSize() geometry.SectorSize
	// Busy says who else uses a target that was opened with Inspect. It returns nil if nobody does.
	Busy() *InUse
	// Unused fails with *InUse if a program that ignores locks, or the system, has begun to use the target as a whole since
	// it was opened. Then nothing can be written to it.
	Unused() error

	// AllowWrites opens the target for writing. Before it, all writes fail with ErrNotAllowed. A further call opens it again
	// and clears the error of a failed Sync: the caller must then rewrite everything since the last good Sync. AllowWrites
	// fails with ErrReplaced if the path no longer leads to the opened file, since nobody would see the writes. After an
	// error nothing has changed.
	AllowWrites() error
	// Refresh updates what others may have changed: the size, if a process that adopted the target has changed it, and
	// content that the host has cached. After an error the Target is as before.
	Refresh() error
	// Identity returns the present identity of the target, as the system reports it.
	Identity() (Identity, error)
	// Files returns the open files that carry the locks, to be handed to a child process that calls Adopt. They must not be
	// read, since their bytes need not be those of the disk. They stay locked until both processes have closed them or
	// ended. They still belong to the Target.
	Files() []*os.File
	// Close closes the target in this process. The locks end with it unless another process was handed Files.
	Close() error
}

// A Plain is a target whose file or device holds byte n of the disk at byte n, so that the kernel can show parts of it.
type Plain interface {
	Target

	// Uses returns the partitions of the target that are in use, by their numbers. For a block device these are partitions
	// that the kernel knows. For an image file they are those of parts that loop devices show.
	Uses(parts []Part) map[int]model.Use
	// Mounts returns the directories where a partition, or with the number 0 the whole target, is mounted in the mount
	// namespace of this process. For an image file it looks at Start and Len, and not at the number.
	Mounts(p Part) []string
	// Reopen opens the file or device again, for reading or also for writing, so that the kernel can show it. To get its
	// bytes, read the Target instead. The caller must close the file.
	Reopen(write bool) (*os.File, error)
}

// A KernelDisk is a block device, so the kernel knows its partitions.
type KernelDisk interface {
	Plain

	// Physical reports whether it is a disk that people may depend on, and not an image of one.
	Physical() bool
	// Hardware describes the device, as far as it names itself. It is zero for devices that are no hardware.
	Hardware() Hardware
	// Lend calls do, and lets the partitions be mounted meanwhile. Afterwards it keeps them from being mounted again, unless
	// something on the device is in use by then.
	Lend(do func() error) error
	// Node returns the path of a partition's node, or "" if the kernel does not know the partition.
	Node(number int) string
	// NodeFor returns a path by which a partition, or with 0 the whole device, can be mounted. If /dev has no node for it, as
	// in a container with a /dev of its own, NodeFor makes one, which done removes.
	NodeFor(number int) (path string, done func() error, err error)
	// Knows fails unless the kernel knows the partition at the place in p.
	Knows(p Part) error
	// Withdraw makes the kernel forget partitions, so that nothing can begin to use them. If one is in use, the kernel keeps
	// all of them, and the error names the one.
	Withdraw(numbers []int) error
	// Follow gives the kernel a new list of partitions. The error names those that the kernel did not accept, and says what to
	// do. The kernel knows the others then.
	Follow(parts []Part) error
	// Detach detaches a loop device from its file. It fails if a partition of it is in use, or with ErrNoLoop. Nothing has
	// changed then. It closes the target in any case.
	Detach() error
}

// Hardware is what a physical device says of itself. Each text may be "".
type Hardware struct {
	Model  string // with its maker
	Serial string
	Bus    string // how it is connected: "USB", "SATA", "NVMe"
	// Rotates says that the kernel takes it for a disk that turns.
	Rotates bool
}

// A Hosted is an image that takes more space on a file system of the host as it is written to.
type Hosted interface {
	Target

	// Room returns how many free bytes the host's file system has for this user. shares reports whether copying inside the
	// target takes none of them, because blocks are shared.
	Room() (free int64, shares bool, err error)
}

// A Reserver is an image that can be given room on its host before anything is written to it.
type Reserver interface {
	// Reserve allocates room for the bytes [off, off+n) of the file, which must lie within it. What they hold stays. On a host
	// that cannot do that, it writes zeros where the file has holes.
	Reserve(off, n int64) error
}

// A Trimmer is an image that can take room on its host where it reads as zero, because it was allocated and never written.
type Trimmer interface {
	// Idle returns how many bytes of such room it takes.
	Idle() (int64, error)
	// Trim gives that room back. What the image holds stays as it is. Writing must have been allowed.
	Trim() error
}

// A Described is a target in a format that has properties of its own.
type Described interface {
	Target

	// Describe returns these properties. It reads the format's tables.
	Describe() model.ImageFile
}

// A Checkable is a target in a format that can be checked.
type Checkable interface {
	Target

	// Check follows all references in the file of the image and in those of its backing files that have a format too, from
	// the nearest to the base, however long that takes. It writes nothing. The error is that of ctx.
	Check(ctx context.Context) ([]LayerCheck, error)
}

// A LayerCheck is what is wrong with the format of one file.
type LayerCheck struct {
	Path, Format string
	By           string // the program that checked it, "" for this one
	Faults       []string
	Unchecked    model.Reason // why nothing checked it
}

// A Mended target has a format that may need a repair after its writer was killed. The target repairs it where the format's own
// marks ask for that, when it is opened for editing and when writing is allowed.
type Mended interface {
	// Mended says what was repaired since the target was opened, for people.
	Mended() []string
}

// A Foreign target is in a format that QEMU's programs read and write for this one.
type Foreign interface {
	Target

	// QEMU returns QEMU's name for the format.
	QEMU() string
	// About describes the file of the image.
	About() model.ForeignImage
}

// AsPlain returns t as a Plain. The error says that the kernel cannot read its format, and what to do.
func AsPlain(t Target) (Plain, error) {
	p, ok := t.(Plain)
	if !ok {
		return nil, fmt.Errorf("the kernel cannot read %s; `shunt mount` and `shunt shell` show its files all the same, and `shunt image convert` makes a raw image of it", t.Format())
	}
	return p, nil
}

// Uses does the work of Plain.Uses. A target that the kernel cannot read has none.
func Uses(t Target, parts []Part) map[int]model.Use {
	if p, ok := t.(Plain); ok {
		return p.Uses(parts)
	}
	return nil
}

// Mounts does the work of Plain.Mounts. A target that the kernel cannot read has none.
func Mounts(t Target, part Part) []string {
	if p, ok := t.(Plain); ok {
		return p.Mounts(part)
	}
	return nil
}

// Remainder returns how many bytes follow the last whole sector of a target, usually 0. They belong to no partition and are
// never changed.
func Remainder(t Target) int64 { return t.Size() % int64(t.SectorSize()) }

// Unescape decodes the octal escapes in the fields of /proc's lists.
func Unescape(text string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\043`, "#", `\134`, `\`).Replace(text)
}
