package tui

import (
	"context"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/report"
)

// Backend opens targets.
type Backend interface {
	// Open locks and scans the target at path. It may block. While it works it calls tell with a description of the
	// current step; tell returns at once and may still be called after Open has returned. The error can be shown to users
	// as it is.
	Open(path string, tell func(what string)) (Target, error)
	// Discover finds the tools of this machine. It may block.
	Discover() ops.Env
	Nearby
	// Attach makes a closed image a loop device, and returns the path of the device. It may block.
	Attach(image string) (device string, err error)
	// Detach removes a closed loop device, and returns the path of its image. It may block.
	Detach(device string) (image string, err error)
}

// Nearby finds images and devices that could be opened. All methods may block. None locks or changes what it lists.
type Nearby interface {
	// List lists a directory; path is its absolute name. The error can be shown to users as it is.
	List(dir string) (path string, list []report.Candidate, err error)
	// BlockDevices lists the loop devices in use, and disks if they may be opened.
	BlockDevices() []report.Candidate
	// Recent lists the targets that were opened lately and still exist, newest first.
	Recent() []report.Candidate
	// History lists the transactions that changed the target at an absolute path, as far as they are known, in order.
	History(path string) []report.Deed
	// Plans lists the plan files that were opened or saved lately and still exist, the newest first.
	Plans() []string
	// RememberPlan makes a plan file the newest of those.
	RememberPlan(path string)
	// Summarize describes the contents of files and devices, in the order of the paths.
	Summarize(paths []string) []report.Summary
	// Keep makes the settings those of the next start, as far as they can be stored.
	Keep(report.Settings)
	// Greet reports whether the greeting is due. It reports true only once for each user.
	Greet() bool
}

// Target is one locked image or device. Inform, List, Head, CopyOut, Lost and Fstabs may be called at any time; the other methods, except Close, only
// from one command at a time. Methods that return an error, and Discover, may block; the others return at once.
type Target interface {
	Facts() report.Facts
	// Disk returns the layout of the last scan.
	Disk() model.Disk
	Env() ops.Env
	// Unfinished returns the interrupted transaction of this target, or nil. While there is one, only Recover is
	// possible.
	Unfinished() *report.Unfinished
	// Committing returns a commit or recovery that another process is carrying out on this target, or nil. It can be
	// followed and stopped; nothing else is possible until it ends. Rescan opens the target afterwards.
	Committing() Run
	// Last returns the result of a commit that ended while no program was watching, or nil. It is returned once.
	Last() *report.Last
	// Start starts the rehearsal of a queue. After a successful rehearsal the run waits for Commit or Cancel.
	Start(q ops.Queue) (Run, error)
	// StartAhead does the same in the background: the run rests (see Run.Rest) from its beginning.
	StartAhead(q ops.Queue) (Run, error)
	// Recover starts to finish or roll back the unfinished transaction. Both lead to a consistent disk.
	Recover(how report.Task) (Run, error)
	// Undo starts to undo the last applied transaction, which Facts describes. The run ends with report.RolledBack, or
	// with report.Unchanged if the target was changed since.
	Undo() (Run, error)
	// Inform returns everything that is known about a partition as it is on the target, or with id 0 about the target
	// itself. Pending operations are not considered. It runs tools and can take seconds; cancelling ctx stops it. It
	// returns an error for a partition that exists only in the queue; failures of tools are part of the sheet.
	Inform(ctx context.Context, id model.PartID) (report.Sheet, error)
	// List lists a directory of the file system in a partition; id 0 is the file system of a disk without a partition
	// table. dir consists of exact names (report.FileEntry.Exact) separated by "/"; "" is the root. Cancelling ctx stops
	// it. The error can be shown to users as it is.
	List(ctx context.Context, id model.PartID, dir string) (report.Listing, error)
	// Head returns the first bytes of the file at a path like dir of List, at most the given number; more says that there are
	// others. The error can be shown to users as it is.
	Head(ctx context.Context, id model.PartID, path string, most int) (data []byte, more bool, err error)
	// CopyOut copies a file, a link or a directory with everything below it to a file system of this machine. Cancelling ctx
	// stops it: what was copied completely stays. The error can be shown to users as it is. It wraps fs.ErrExist if the
	// destination exists and may not be changed; then nothing was written, and out.To is the path.
	CopyOut(ctx context.Context, c CopyOut) (out report.CopiedOut, err error)
	// Lost searches for partitions that the table does not list; tell is called with how far it is. notes say what it may have
	// missed. The files of one are listed and read by its identity (model.LostID). Cancelling ctx stops it.
	Lost(ctx context.Context, everywhere bool, tell func(done, total int64)) (found []model.Lost, notes []string, err error)
	// Fstabs returns the texts of all /etc/fstab in a partition. It returns none if they cannot be read, or when ctx ends.
	Fstabs(ctx context.Context, id model.PartID) []string
	// Sectors returns n sectors of the target as it is now, from first on, or as many as there are. It may block.
	Sectors(first geometry.Sector, n int) []report.Sector
	// Discover looks again for the tools of this machine and updates Env.
	Discover() ops.Env
	// Mount mounts a partition and returns the directory; id 0 is the file system of a disk without a partition table.
	// The target has to be rescanned afterwards, as the partition is then in use.
	Mount(id model.PartID, access model.Access) (dir string, err error)
	// Unmount unmounts a partition and returns the directory. The target has to be rescanned afterwards.
	Unmount(id model.PartID) (dir string, err error)
	// SwapOn lets the system use the swap space in a partition. The target has to be rescanned afterwards.
	SwapOn(id model.PartID) error
	// Free unmounts a partition everywhere, or ends its use as swap, and returns what was done, in words that follow "It was".
	// It forces nothing. The target has to be rescanned afterwards, also after an error.
	Free(id model.PartID) (done string, err error)
	// Rescan reads the target again and updates Disk and Unfinished.
	Rescan() error
	Close() error
}

// CopyOut says what to copy out of a file system, and where to.
type CopyOut struct {
	Part model.PartID // 0 is the file system of a disk without a partition table
	Path string       // as that of Head
	// Dest is the path of the copy, or a directory that gets it under its old name.
	Dest string
	// Over overwrites files that exist, and copies into directories that exist.
	Over bool
	// Tell is called with the path of every file and the number of bytes written so far. It returns at once.
	Tell func(path string, bytes int64)
}

// Run is a rehearsal with its commit, or a recovery, while it is in progress.
type Run interface {
	// Updates returns a channel that holds at most the latest snapshot. It is closed at the end of the run.
	Updates() <-chan report.Progress
	// Report blocks until the rehearsal is over. ok is false if the run ended without one.
	Report() (result report.Rehearsal, ok bool)
	// Rehearsed returns the queue of the report. It has other numbers than the one that was started if a tool found no
	// room in them (report.Rehearsal.Replanned).
	Rehearsed() ops.Queue
	// Commit applies the rehearsed queue. It returns at once.
	Commit()
	// Rest says that nobody waits for the rehearsal. It then takes little of the machine, and ends when anything else needs the
	// target. Resume says that somebody waits for it again. Both return at once.
	Rest()
	Resume()
	// Cancel asks the run to stop at the next safe point. It returns at once and may be called at any time and more than
	// once.
	Cancel()
	// Result blocks until the run has ended.
	Result() report.Result
	// Log returns the lines logged so far.
	Log() []string
}
