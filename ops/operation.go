// Package ops holds what a user can do to a disk: one operation per file, the queue of pending
// operations, and the steps a queue compiles to. It is pure: it imports
// geometry and model only, and no function here touches a file. The packages below it (target, overlay,
// window, fsys, journal, txn, session) do the work.
//
// Invariants: an operation is a value and Apply is a pure function on the model; the queue never changes
// the model it was given; the preview is the initial disk with the queue folded over it.
package ops

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// Operation is one staged edit.
type Operation interface {
	// Part is the partition that is edited, 0 for the disk as a whole.
	Part() model.PartID
	// Verb is the edit in one word, for lists and buttons: "Move".
	Verb() string
	// Describe is the edit in one line for people, told on the disk it is applied to:
	// "Move p2 right by 1024 MiB".
	Describe(before model.Disk) string
	// Apply is the disk after the edit, or a *Refusal. It is pure.
	Apply(before model.Disk, env Env) (model.Disk, error)
	// Steps is what has to be done, in order, to turn before into after = Apply(before).
	Steps(before, after model.Disk) []Step
}

// Env is what an operation must know of the world to be judged: it is a value made once per target.
type Env struct {
	// Caps tells what can be done with each kind of file system on this machine.
	Caps Capabilities
	// Sources finds a partition of another target, for plan files that copy from there. path is as the plan has it, and
	// number that of the partition. nil knows no other targets.
	Sources func(path string, number int) (Source, error)
	// Room finds the operations that give partition id at least size sectors, 0 for as many as possible, or for id 0 those
	// that make the image as small as its contents allow. Positions are on the grid of align; a *Refusal says why there
	// are none. nil cannot find any.
	Room func(q Queue, id model.PartID, size geometry.Sector, align geometry.Alignment) ([]Operation, error)
}

// Refusal is returned when an operation is impossible on the disk as it would then be.
type Refusal struct {
	What    string       // the edit: "grow p1"
	Reason  model.Reason // why not: "p2 starts right behind it"
	Nearest string       // the closest edit that works, or "": "it can grow by at most 482 MiB"
	// Bounds are the numbers that Nearest names: the edit is possible with all of them in the place of its own.
	Bounds []Bound
	// First are edits that Nearest names: each is possible now, and one of them has to come before.
	First []Operation
}

// Bound is a number that an edit is possible with.
type Bound struct {
	Of      Quantity
	Sectors geometry.Sector
}

// Quantity says what of an edit a number is.
type Quantity int

// The quantities.
const (
	Length Quantity = iota + 1 // of the partition, or of the image
	Start                      // first sector of the partition
	End                        // sector behind its last one
)

// refusedFor is the refusal for a reason, nil if nothing is against it.
func refusedFor(reason model.Reason) *Refusal {
	if reason.OK() {
		return nil
	}
	return &Refusal{Reason: reason}
}

func (r *Refusal) Error() string {
	text := fmt.Sprintf("cannot %s: %s", r.What, r.Reason)
	if r.Nearest != "" {
		text += "; " + r.Nearest
	}
	return text
}
