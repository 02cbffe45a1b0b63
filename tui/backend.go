package tui

import (
	"context"

	"shunt/model"
	"shunt/ops"
	"shunt/ops/report"
)

// Backend opens targets.
type Backend interface {
	// Open locks and scans the target at path. It may block, and calls tell, which is cheap, with what it is doing, in words
	// for people; it may do so after the end. The error is ready to be shown: what is wrong, what it means for the data, what
	// to do.
	Open(path string, tell func(what string)) (Target, error)
	// Discover looks for what can be done on this machine. It may block.
	Discover() ops.Env
	Nearby
	// Attach attaches an image that is not open as a loop device, and returns the device's path. It may block.
	Attach(image string) (device string, err error)
	// Detach takes a loop device that is not open off its image, and returns the image's path. It may block.
	Detach(device string) (image string, err error)
}

// Nearby finds what could be opened. All methods may block, and none locks or changes anything that it tells of.
type Nearby interface {
	// List lists a directory; path is its absolute name. The error is ready to be shown.
	List(dir string) (path string, list []report.Candidate, err error)
	// BlockDevices lists loop devices that are set up, and disks if they can be opened.
	BlockDevices() []report.Candidate
	// Recent lists the targets that were opened lately and are still there, the newest first.
	Recent() []report.Candidate
	// Summarize looks into files and devices; what it tells is in the order of the paths.
	Summarize(paths []string) []report.Summary
	// Greet reports true once on each account: to the first who asks.
	Greet() bool
}

// Target is one locked image or device. Inform and List may be called at any time, the other
// methods but Close from one command at a time. Those that return an error, and Discover, may block; the others do not.
type Target interface {
	Facts() report.Facts
	// Disk is the layout as last scanned.
	Disk() model.Disk
	Env() ops.Env
	// Unfinished is the transaction that was interrupted on this target, nil if there is none. While
	// there is one, Recover is all that can be done.
	Unfinished() *report.Unfinished
	// Committing is a commit or recovery that is under way on this target, begun by an earlier start of the program;
	// nil if there is none. As long as it runs it can be followed and stopped, and nothing else can be done; Rescan
	// opens the target after its end.
	Committing() Run
	// Last is how a commit ended whose end nobody saw, nil if there is none. It is told once.
	Last() *report.Last
	// Start begins to rehearse a queue; after a good rehearsal the run waits for Commit or Cancel.
	Start(q ops.Queue) (Run, error)
	// Recover begins to end the unfinished transaction, by report.Finish or report.RollBack. Both leave a whole disk.
	Recover(how report.Task) (Run, error)
	// Undo begins to take back the transaction that was applied last, which Facts tells. The run ends with
	// report.RolledBack, or with report.Unchanged if the target was changed since.
	Undo() (Run, error)
	// Inform tells all there is to know of a partition as it lies on the target, or of the target as a whole with id 0;
	// what is staged does not count. It runs tools and can take seconds; the end of ctx ends it. The error is for a
	// partition that is only planned; what tools did not tell is said in the sheet.
	Inform(ctx context.Context, id model.PartID) (report.Sheet, error)
	// List lists a directory of the file system in a partition, or, with id 0, of the one that covers a disk without a
	// table. dir is made of exact names (report.FileEntry.Exact) with "/" between them; "" is the root. The end of ctx
	// ends it. The error is ready to be shown.
	List(ctx context.Context, id model.PartID, dir string) (report.Listing, error)
	// Discover looks anew for the tools of this machine; Env tells of them from then on.
	Discover() ops.Env
	// Mount mounts a partition, or with id 0 the file system that covers a disk without a table, and returns the
	// directory. After it the target has to be rescanned, as the partition is in use then.
	Mount(id model.PartID, access model.Access) (dir string, err error)
	// Unmount unmounts it, and returns the directory. After it the target has to be rescanned.
	Unmount(id model.PartID) (dir string, err error)
	// Rescan reads the target again, after which Disk and Unfinished tell what there is.
	Rescan() error
	Close() error
}

// Run is a rehearsal with its commit, or a recovery, under way.
type Run interface {
	// Updates holds the latest snapshot at most, and is closed when the run has ended.
	Updates() <-chan report.Progress
	// Report blocks until the rehearsal is over. ok is false if the run ended without one.
	Report() (result report.Rehearsal, ok bool)
	// Commit makes the rehearsed queue real. It returns at once.
	Commit()
	// Cancel asks the run to stop where that is safe, with the target as it was. It returns at once and
	// may be called at any time, any number of times.
	Cancel()
	// Result blocks until the run has ended.
	Result() report.Result
	// Log is the lines logged so far.
	Log() []string
}
