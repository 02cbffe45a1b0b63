package dialog

import (
	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// Action is a request of a dialog to its owner. The owner closes the dialog first, unless the action says that it stays
// open.
type Action interface{ action() }

// Close only closes the dialog.
type Close struct{}

// Stage adds an operation to the queue and keeps the grid that was chosen for it.
type Stage struct {
	Op    ops.Operation
	Align geometry.Alignment
}

// StageAll adds several operations to the queue: all of them, or none if one is impossible.
type StageAll struct {
	Ops []ops.Operation
	// Part is the partition that is selected afterwards; 0 selects the partition of the first operation.
	Part model.PartID
	// Apply also begins to apply the queue: the rehearsal, and the question after it.
	Apply bool
}

// ClearQueue removes all pending operations.
type ClearQueue struct{}

// Quit ends the program; pending operations are forgotten.
type Quit struct{}

// CloseTarget closes the target in view; its pending operations are forgotten.
type CloseTarget struct{}

// Commit applies the rehearsed queue to the target in view.
type Commit struct{}

// StopRun cancels the run in progress.
type StopRun struct{}

// TakeBack undoes the last N applied transactions, one after the other.
type TakeBack struct{ N int }

// Save writes a file.
type Save struct {
	What SaveWhat
	Path string
	Over Overwrite
	// Leave ends the program afterwards.
	Leave bool
	// Text is the text to write, if it is known already, as after the question whether to replace a file.
	Text string
}

// SaveWhat selects what is saved.
type SaveWhat int

// The texts that can be saved.
const (
	SavePlan  SaveWhat = iota // the queue as a plan file
	SaveLog                   // the log of a run
	SaveTable                 // the partition table as it is on the target
)

// Overwrite selects what happens to a file that exists already.
type Overwrite int

// The ways to treat an existing file.
const (
	Keep    Overwrite = iota // ask first
	Replace                  // replace it
)

// Refused says why what was entered cannot be staged. An edit of the image's own format, or of what sleeps in it, has to come
// first, or a partition must not be in use, and the owner can offer that.
type Refused struct{ Err error }

// ImageFile opens the page of the image file in view.
type ImageFile struct{}

// OpenPlan adds the operations of a plan file to the queue.
type OpenPlan struct{ Path string }

// OpenTable adds the restoration of a saved partition table to the queue.
type OpenTable struct{ Path string }

// Do does what a command of the editor does. Name and Group are those of the Command.
type Do struct{ Name, Group string }

// CopyOut copies a file or directory of a file system to this machine.
type CopyOut struct {
	ID   model.PartID // 0 is the file system of a disk without a partition table
	Path string       // exact, from the root of the file system
	Size int64        // of a file in bytes, or -1
	Dest string
	// Over overwrites files that exist.
	Over bool
}

// Explain opens a dialog on top of this one, which stays open.
type Explain struct{ Dialog Dialog }

// Show opens another dialog in place of this one.
type Show struct{ Dialog Dialog }

// FitImage asks for the ways to make the image as small as its contents allow.
type FitImage struct{}

// Open opens another target. To is what it is opened for.
type Open struct {
	Path string
	To   Errand
}

// Errand is what a target is opened for.
type Errand int

// What a target can be opened for.
const (
	Look    Errand = iota // to show it
	Enlarge               // to enlarge it with its root
	Shrink                // to shrink it with its root
)

// List asks for the entries of a directory. The dialog stays open and receives a Listing.
type List struct{ Dir string }

// Summarize asks for the contents of the candidates at some paths. The dialog stays open and receives Summaries.
type Summarize struct{ Paths []string }

// Mount mounts a partition of the target in view; ID 0 is the file system of a disk without a partition table.
type Mount struct {
	ID     model.PartID
	Access model.Access
}

// Unmount unmounts a partition that Mount mounted.
type Unmount struct{ ID model.PartID }

// SwapOn lets the system use the swap space in a partition of the target in view.
type SwapOn struct{ ID model.PartID }

// Free ends the use of partitions of the target in view: it unmounts them everywhere, or ends their use as swap.
type Free struct {
	IDs []model.PartID
	// GoOn goes on with the edit that they were in the way of.
	GoOn bool
}

// Attach makes the image in view a loop device and opens that instead.
type Attach struct{}

// Detach removes the loop device in view and opens its image instead.
type Detach struct{}

func (Close) action()       {}
func (Stage) action()       {}
func (StageAll) action()    {}
func (ClearQueue) action()  {}
func (Quit) action()        {}
func (CloseTarget) action() {}
func (Commit) action()      {}
func (StopRun) action()     {}
func (TakeBack) action()    {}
func (Save) action()        {}
func (Refused) action()     {}
func (ImageFile) action()   {}
func (OpenPlan) action()    {}
func (OpenTable) action()   {}
func (Do) action()          {}
func (CopyOut) action()     {}
func (Show) action()        {}
func (Explain) action()     {}
func (FitImage) action()    {}
func (Open) action()        {}
func (List) action()        {}
func (Summarize) action()   {}
func (Mount) action()       {}
func (Unmount) action()     {}
func (SwapOn) action()      {}
func (Free) action()        {}
func (Attach) action()      {}
func (Detach) action()      {}
func (Solve) action()       {}
