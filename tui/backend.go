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
	// Open locks and scans the target at path. It may block. The error is ready to be shown: what is
	// wrong, what it means for the data, what to do.
	Open(path string) (Target, error)
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
	// Glance looks into files and devices; what it tells is in the order of the paths.
	Glance(paths []string) []report.Glimpse
	// Greet reports true once on each account: to the first who asks.
	Greet() bool
}

// Teller is a Backend that can tell what it is doing while it opens a target, in words for people.
type Teller interface {
	Backend
	// OpenTelling is Open; tell is cheap, and may be called after the end.
	OpenTelling(path string, tell func(what string)) (Target, error)
}

// Access says whether what is mounted can be written to.
type Access int

// The ways of access.
const (
	ReadOnly Access = iota
	ReadWrite
)

// Target is one locked image or device. Inform and List may be called at any time, the other
// methods but Close from one command at a time. Those that return an error, and Discover, may block; the others do not.
type Target interface {
	Facts() Facts
	// Disk is the layout as last scanned.
	Disk() model.Disk
	Env() ops.Env
	// Unfinished is the transaction that was interrupted on this target, nil if there is none. While
	// there is one, Recover is all that can be done.
	Unfinished() *Unfinished
	// Committing is a commit or recovery that is under way on this target, begun by an earlier start of the program;
	// nil if there is none. As long as it runs it can be followed and stopped, and nothing else can be done; Rescan
	// opens the target after its end.
	Committing() Run
	// Last is how a commit ended whose end nobody saw, nil if there is none. It is told once.
	Last() *Last
	// Start begins to rehearse a queue; after a good rehearsal the run waits for Commit or Cancel.
	Start(q ops.Queue) (Run, error)
	// Recover begins to finish or to undo the unfinished transaction.
	Recover(how Recovery) (Run, error)
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
	Mount(id model.PartID, access Access) (dir string, err error)
	// Unmount unmounts it, and returns the directory. After it the target has to be rescanned.
	Unmount(id model.PartID) (dir string, err error)
	// Rescan reads the target again, after which Disk and Unfinished tell what there is.
	Rescan() error
	Close() error
}

// Facts is what a target is, apart from its layout.
type Facts struct {
	Path   string
	Call   ops.Call // how this program is called for the target
	Format string   // "raw", "qcow2", "loop device"
	Size   geometry.Bytes
	// Note is one more thing worth knowing, such as the backing file; it may be empty.
	Note string
	// Details are further facts for the information page, in order.
	Details []Fact
	// Retype is what has to be typed before anything is written, for physical disks; "" asks for nothing.
	Retype string
	// Device says that it is a block device, whose partitions the system knows.
	Device bool
	// Image is the image file of a loop device that shows all of one, "" for everything else.
	Image string
	// Mounts are the directories where partitions are mounted; id 0 is the file system that covers the target.
	Mounts map[model.PartID][]string
	// NoMount is why nothing of the target can be mounted or attached here.
	NoMount model.Reason
	// Applied is the transaction that was applied last and can be undone, nil if there is none.
	Applied *report.Applied
}

// Fact is one line of the information page.
type Fact struct{ Name, Value string }

// Unfinished describes an interrupted transaction.
type Unfinished struct {
	When  string // when it was begun, for people
	What  string // what it does: "2 operations, 25.6 MiB to copy"
	Stage string // the stage it stopped in
	Text  string // further lines, such as the plan; may be empty
	// NoFinish is why it cannot be finished any more, or ""; it can then be rolled back.
	NoFinish string
	// NoRollBack is why it cannot be rolled back any more, or "".
	NoRollBack string
}

// Last is how a commit ended while nobody was there.
type Last struct {
	When     string // it ended, for people
	Plan     string // what it did, one operation a line; may be empty
	Recovery bool   // it was a recovery
	Result   report.Result
}

// Recovery is a way to end an interrupted transaction.
type Recovery int

// The ways to end an interrupted transaction. Both leave a whole disk.
const (
	Finish   Recovery = iota // the target becomes as planned
	RollBack                 // the target becomes as it was
)

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
