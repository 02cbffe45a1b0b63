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
	// Beside is the path, without an ending, beside which what belongs to the target is kept. It is the same whenever
	// and by whatever name the target is opened; in particular a loop device shares it with its image file.
	Beside() string
	// Image is the file at Beside as it was opened, nil for a device that shows none.
	Image() *ImageFile
	// SectorSize is the logical sector.
	SectorSize() geometry.SectorSize
	// Busy is who else uses a target that was opened with Inspect, nil if nobody does.
	Busy() *InUse
	// Unused fails with *InUse when somebody came to use the target as a whole since it was opened who minds no locks.
	// Nothing can be written to it then.
	Unused() error

	// AllowWrites opens the write side; until then everything that writes fails with ErrNotAllowed. Called again it
	// opens it anew and forgives a failed Sync: who does so writes everything since the last good Sync once more.
	// It fails with ErrReplaced when the path no longer leads to what was opened, since writing would then change
	// something that nobody sees. After an error writing is as it was.
	AllowWrites() error
	// Refresh learns anew what others may have changed: the size, after another process that adopted the target has
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

	// Uses tells which partitions of the target are in use, by their numbers. Of a block device those are told that the
	// kernel knows; of an image file those among parts that loop devices show.
	Uses(parts []Part) map[int]model.Use
	// Mounts are the directories where a partition, or with the number 0 the whole target, is mounted in the mount
	// namespace of this process. Of an image file Start and Len count.
	Mounts(p Part) []string
	// Reopen opens the file or device once more, to be read or to be read and written, for the kernel to show: whoever
	// wants its bytes reads the Target. It is the caller's to close.
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
	// container with a /dev of its own, one is made, which done removes.
	NodeFor(number int) (path string, done func() error, err error)
	// Knows fails unless the kernel has the partition where p says.
	Knows(p Part) error
	// Withdraw takes partitions away from the kernel, so that nothing can begin to use them. If one is in use all are
	// left or given back, and the error names it.
	Withdraw(numbers []int) error
	// Follow makes the kernel know exactly these partitions. The error says which it could not be told and what to do;
	// the others are told all the same.
	Follow(parts []Part) error
	// Detach takes a loop device that is held off its file, with all its partitions. It fails if one of them is in use,
	// or with ErrNoLoop, and nothing has changed then. The target is closed in any case.
	Detach() error
}

// Hosted is an image that takes room on a file system of the host as it is written to.
type Hosted interface {
	Target

	// Room is how many bytes the host's file system still takes from whoever runs this, and whether copying inside the
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

// AsKernelDisk is t as a block device; ok is false if the kernel knows no partitions of it.
func AsKernelDisk(t Target) (d KernelDisk, ok bool) {
	d, ok = t.(KernelDisk)
	return d, ok
}

// AsHosted is t as an image file; ok is false if it takes no room as it is written to.
func AsHosted(t Target) (h Hosted, ok bool) {
	h, ok = t.(Hosted)
	return h, ok
}

// Uses tells which partitions of a target are in use by the kernel, by their numbers: none of one that it cannot read.
func Uses(t Target, parts []Part) map[int]model.Use {
	if p, ok := t.(Plain); ok {
		return p.Uses(parts)
	}
	return nil
}

// Mounts are the directories where a part of a target is mounted: none of one that the kernel cannot read.
func Mounts(t Target, part Part) []string {
	if p, ok := t.(Plain); ok {
		return p.Mounts(part)
	}
	return nil
}

// Remainder is how many bytes follow the last whole sector of a target, usually 0. They belong to no partition and stay as
// they are.
func Remainder(t Target) int64 { return t.Size() % int64(t.SectorSize()) }

// Part is a partition as the kernel knows it.
type Part struct {
	Number     int
	Start, Len int64 // bytes
}

// Loop is a loop device that is set up.
type Loop struct {
	Node string // "/dev/loop0"
	// File is the name of the file behind it, as the device tells it. It can have been moved since.
	File string
	// Offset and Limit are the part of the file that is shown, in bytes; the Limit 0 is all that follows.
	Offset, Limit int64
	ReadOnly      bool
	// Passing says that it goes away when nobody uses it any more.
	Passing bool
}

// Whole reports whether the device shows the file from its start to its end.
func (l Loop) Whole() bool { return l.Offset == 0 && l.Limit == 0 }

// Unescape undoes the octal escapes by which the lists of /proc keep their fields apart.
func Unescape(text string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(text)
}
