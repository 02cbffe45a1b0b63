package target

import (
	"fmt"
	"os"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

// Target is an opened and locked target, of whatever format.
type Target interface {
	Device

	// Path is absolute and without symbolic links.
	Path() string
	// Format is what sort of target it is, in words: "raw", "loop device".
	Format() string
	// Fixed reports that its size cannot be changed from here: Truncate fails.
	Fixed() bool
	// Place is where what belongs to the target is kept.
	Place() Place
	// SectorSize is the logical sector.
	SectorSize() geometry.SectorSize
	// Busy is who else uses a target that was opened with Inspect, nil if nobody does.
	Busy() *InUse
	// Unused fails with *InUse when somebody who minds no locks has come to use the target as a whole since it was opened.
	// Nothing can be written to it then.
	Unused() error

	// AllowWrites opens the write side; until then everything that writes fails with ErrNotAllowed. Another call opens it
	// anew and forgives a failed Sync: the caller must then rewrite everything since the last good Sync.
	// It fails with ErrReplaced when the path no longer leads to what was opened, since writing would then change
	// something that nobody sees. After an error writing is as it was.
	AllowWrites() error
	// Refresh asks again for what others may have changed: the size, after another process that adopted the target has
	// changed it, and the content that the host keeps in its caches. After an error the Target is as it was.
	Refresh() error
	// Identity asks the system anew, so that a change by somebody else shows.
	Identity() (Identity, error)
	// Files are the open files that carry the locks, for the ExtraFiles of a child process and its Adopt, and for
	// nothing else: their bytes need not be those of the disk. They stay locked until both processes have closed them
	// or ended, in any order. They still belong to the Target.
	Files() []*os.File
	// Close gives up this process's hold on the target. The locks end with it unless another process was handed Files.
	Close() error
}

// Plain is a target whose file or device holds byte n of the disk at byte n, so that the kernel can show parts of it.
type Plain interface {
	Target

	// Uses lists the partitions of the target that are in use, by their numbers. For a block device these are partitions
	// that the kernel knows; for an image file those among parts that loop devices show.
	Uses(parts []Part) map[int]model.Use
	// Mounts are the directories where a partition, or with the number 0 the whole target, is mounted in the mount
	// namespace of this process. For an image file Start and Len count.
	Mounts(p Part) []string
	// Reopen opens the file or device once more, to be read or to be read and written, for the kernel to show. To get its
	// bytes, read the Target instead. The caller closes the file.
	Reopen(write bool) (*os.File, error)
}

// KernelDisk is a block device: the kernel knows its partitions.
type KernelDisk interface {
	Plain

	// Physical reports that it is a disk that people may depend on, and not an image of one.
	Physical() bool
	// Lend lets go of what keeps the partitions from being mounted while do runs. Afterwards they are kept from it as
	// before, if nothing on the device is in use.
	Lend(do func() error) error
	// Node is the path of the node of a partition, "" if the kernel does not know the partition.
	Node(number int) string
	// NodeFor is a path by which a partition, or the whole device with 0, can be mounted. Where /dev has no node, as in a
	// container with a /dev of its own, NodeFor makes one, which done removes.
	NodeFor(number int) (path string, done func() error, err error)
	// Knows fails unless the kernel has the partition where p says.
	Knows(p Part) error
	// Withdraw takes partitions away from the kernel, so that nothing can begin to use them. If one is in use all are
	// left or given back, and the error names it.
	Withdraw(numbers []int) error
	// Follow makes the kernel know exactly these partitions. The error names those that the kernel did not take, and says what
	// to do; the kernel knows the others all the same.
	Follow(parts []Part) error
	// Detach takes a loop device that is held off its file, with all its partitions. It fails if one of them is in use,
	// or with ErrNoLoop, and nothing has changed then. The target is closed in any case.
	Detach() error
}

// Hosted is an image that takes room on a file system of the host as it is written to.
type Hosted interface {
	Target

	// Room is how many bytes the host's file system still takes from this user, and whether copying inside the
	// target needs none of them because the blocks are shared.
	Room() (free int64, shares bool, err error)
}

// AsPlain is t as the kernel can show it. The error says that the kernel cannot read its format, and what to do.
func AsPlain(t Target) (Plain, error) {
	p, ok := t.(Plain)
	if !ok {
		return nil, fmt.Errorf("the kernel reads no %s: convert the image with `qemu-img convert -O raw`, or serve it with qemu-nbd", t.Format())
	}
	return p, nil
}

// Uses lists the partitions of a target that the kernel uses, by their numbers. A target that it cannot read has none.
func Uses(t Target, parts []Part) map[int]model.Use {
	if p, ok := t.(Plain); ok {
		return p.Uses(parts)
	}
	return nil
}

// Mounts are the directories where a part of a target is mounted. A target that the kernel cannot read has none.
func Mounts(t Target, part Part) []string {
	if p, ok := t.(Plain); ok {
		return p.Mounts(part)
	}
	return nil
}

// Remainder is how many bytes follow the last whole sector of a target, usually 0. They belong to no partition and stay as
// they are.
func Remainder(t Target) int64 { return t.Size() % int64(t.SectorSize()) }

// Unescape undoes the octal escapes by which the lists of /proc keep their fields apart.
func Unescape(text string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(text)
}
