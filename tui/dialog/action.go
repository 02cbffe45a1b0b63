package dialog

import (
	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// Action is what a dialog wants its owner to do. The owner closes the dialog first, unless the action says that it stays
// open.
type Action interface{ action() }

// Close only closes the dialog.
type Close struct{}

// Stage puts an operation at the end of the queue and remembers the grid that was chosen for it.
type Stage struct {
	Op    ops.Operation
	Align geometry.Alignment
}

// StageAll puts several operations at the end of the queue, all of them or, if one is impossible, none.
type StageAll struct {
	Ops []ops.Operation
	// Part is the partition that is selected afterwards; 0 selects the partition of the first operation.
	Part model.PartID
}

// ClearQueue removes all pending operations.
type ClearQueue struct{}

// Quit ends the program; pending operations are forgotten.
type Quit struct{}

// CloseTarget gives up the target in view; its pending operations are forgotten.
type CloseTarget struct{}

// Commit applies the rehearsed queue to the target in view.
type Commit struct{}

// StopRun cancels what is running.
type StopRun struct{}

// TakeBack undoes what was applied last.
type TakeBack struct{}

// Save writes a file.
type Save struct {
	What SaveWhat
	Path string
	Over Overwrite
	// Text is what to write if that is known already, as when the question was whether to replace a file.
	Text string
}

// SaveWhat says what is saved.
type SaveWhat int

// What can be saved.
const (
	SavePlan SaveWhat = iota // the queue as a plan file
	SaveLog                  // the log of a run
)

// Overwrite says what happens to a file that exists already.
type Overwrite int

// What can happen to such a file.
const (
	Keep    Overwrite = iota // ask first
	Replace                  // replace it
)

// FitImage asks for the ways to make the image as small as its contents allow.
type FitImage struct{}

// Open opens another target.
type Open struct{ Path string }

// List asks for the entries of a directory; the dialog stays open and gets a Listing.
type List struct{ Dir string }

// Summarize asks what is on the candidates at some paths; the dialog stays open and gets Summaries.
type Summarize struct{ Paths []string }

// Mount mounts a partition of the target in view, or with ID 0 the file system that covers it.
type Mount struct {
	ID     model.PartID
	Access model.Access
}

// Unmount unmounts what Mount mounted.
type Unmount struct{ ID model.PartID }

// Attach replaces the image in view by a loop device on it.
type Attach struct{}

// Detach replaces the loop device in view by its image.
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
func (FitImage) action()    {}
func (Open) action()        {}
func (List) action()        {}
func (Summarize) action()   {}
func (Mount) action()       {}
func (Unmount) action()     {}
func (Attach) action()      {}
func (Detach) action()      {}
func (Solve) action()       {}
