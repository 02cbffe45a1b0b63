// Package report holds what people see: how far a run is and how it ended, what a target and its file systems hold, what
// could be opened. Workers fill these values in; the command line prints them and the editor shows them.
package report

import (
	"time"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// Facts are the properties of a target besides its contents.
type Facts struct {
	Path   string   // absolute
	Call   ops.Call // for commands in advice
	Format string   // "raw", "loop device"
	Size   geometry.Bytes
	Note   string // odd but harmless, "" mostly
	// Retype is what the user must type before a commit, "" if nothing: the path of a physical disk.
	Retype string
	// Undo is the transaction that can be undone, nil if there is none.
	Undo *Applied

	// These are set for targets that are inspected.
	InUse  string    // who else uses it
	Commit *Progress // where the commit stands that is under way, nil if there is none
	// Ignored describes what lies in the place of the journal's directory and is not to be trusted, "" if nothing does.
	Ignored string

	// These are set for targets that are edited.
	Device bool   // it is a block device, and the kernel knows its partitions
	Image  string // the image file if the target is a loop device that shows all of one
	// Mounts are the directories where partitions are mounted; id 0 is the file system that covers the target.
	Mounts map[model.PartID][]string
	// Mountable is the reason why this process can neither mount nor attach the target.
	Mountable model.Reason
}

// Task is a job for a worker.
type Task string

// The tasks.
const (
	Apply    Task = "apply"     // rehearse a plan, wait, commit
	Finish   Task = "finish"    // bring an unfinished transaction to its end
	RollBack Task = "roll back" // undo an unfinished transaction
	Undo     Task = "undo"      // take back the transaction that was applied last
	Look     Task = "look"      // answer a question about one file system
)

// Unfinished is a transaction that was interrupted, as its journal describes it.
type Unfinished struct {
	Name        string    `json:"-"` // the target's path when it began
	Plan        string    `json:"-"` // one operation a line
	When        time.Time `json:"-"`
	Stage       string    `json:"stage"`        // the stage that was interrupted
	Next        int       `json:"next"`         // the steps that are done
	Units       int       `json:"steps"`        // all steps
	RollingBack bool      `json:"rolling_back"` // only rolling back can be finished
	Complete    bool      `json:"-"`            // nothing is left to do but to remove the journal
}

// Last is the result of a commit or recovery that ended unseen.
type Last struct {
	When   time.Time `json:"when"` // it ended
	Task   Task      `json:"task"`
	Plan   string    `json:"plan,omitempty"`
	Result Result    `json:"result"`
}

// Applied is the transaction that was applied last and can be undone.
type Applied struct {
	When time.Time      `json:"when"`  // it began
	Plan string         `json:"plan"`  // what it did, one operation a line
	Room geometry.Bytes `json:"bytes"` // what is kept for the undo
}
