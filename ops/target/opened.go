package target

import (
	"os"

	"shunt/geometry"
	"shunt/model"
)

// Target is an opened and locked target: an image file (Raw) or a block device (Block).
type Target interface {
	Device

	// Path is absolute and without symbolic links.
	Path() string
	// Format is what sort of target it is, in words: "raw", "loop device".
	Format() string
	// Fixed reports that its size cannot be changed from here: Truncate fails.
	Fixed() bool
	// Physical reports that it is a disk that people may depend on, and not an image of one.
	Physical() bool
	// Beside is the path, without an ending, beside which what belongs to the target is kept. It is the same whenever
	// and by whatever name the target is opened; in particular a loop device shares it with its image file.
	Beside() string
	// Image is the file at Beside as it was opened, nil for a device that shows none.
	Image() *ImageFile
	// SectorSize is the logical sector.
	SectorSize() geometry.SectorSize
	// Remainder is how many bytes follow the last whole sector.
	Remainder() int64
	// Mode is what it was opened for.
	Mode() Mode
	// Busy is who else uses a target that was opened with Inspect, nil if nobody does.
	Busy() *InUse

	// Uses tells which partitions of the target are in use, by their numbers. Of a block device those are told that the
	// kernel knows; of an image file those among parts that loop devices show.
	Uses(parts []Part) map[int]model.Use
	// Mounts are the directories where a partition, or with the number 0 the whole target, is mounted in the mount
	// namespace of this process. Of an image file Start and Len count.
	Mounts(p Part) []string
	// Unused fails with *InUse when somebody came to use the target as a whole since it was opened who minds no locks.
	// Nothing can be written to it then.
	Unused() error
	// Lend lets go of what keeps the partitions of a block device from being mounted while do runs. Afterwards they are
	// kept from it as before, if nothing on the device is in use.
	Lend(do func() error) error
	// Node is the path of the node of a partition, "" if the kernel does not know the partition.
	Node(number int) string
	// Withdraw takes partitions away from the kernel, so that nothing can begin to use them. If one is in use all are
	// left or given back, and the error names it.
	Withdraw(numbers []int) error
	// Follow makes the kernel know exactly these partitions. The error says which it could not be told and what to do;
	// the others are told all the same.
	Follow(parts []Part) error

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
	// Files are the open files that carry the locks, for the ExtraFiles of a child process and its Adopt. They stay
	// locked until both processes have closed them or ended, in any order. They still belong to the Target.
	Files() []*os.File
	// Close gives up this process's hold on the target. The locks end with it unless another process was handed Files.
	Close() error
}

// Part is a partition as the kernel knows it.
type Part struct {
	Number     int
	Start, Len int64 // bytes
}
