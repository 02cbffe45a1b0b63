// Package ops holds what a user can do to a disk: one operation a file, the queue of pending operations, and the steps that
// a queue compiles to. It is pure: no function here touches a file. The packages below it do the work.
//
// Invariants: an operation is a value and Apply is a pure function of the model; the queue never changes the model it was
// given; the preview is the initial disk with the queue folded over it.
package ops

import (
	"cmp"
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// Operation is one staged edit.
type Operation interface {
	// Part is the partition that is edited, 0 for the disk as a whole.
	Part() model.PartID
	// Describe is the edit in words, on the disk it is applied to: "Move p2 right by 1024 MiB".
	Describe(before model.Disk) Phrase
	// Apply is the disk after the edit, or a *Refusal. It is pure.
	Apply(before model.Disk, env Env) (model.Disk, error)
	// Steps is what has to be done, in order, to turn before into after = Apply(before).
	Steps(before, after model.Disk) []Step
}

// wholeDisk is part of the operations on the disk as a whole.
type wholeDisk struct{}

// Part is 0.
func (wholeDisk) Part() model.PartID { return 0 }

// tableOnly is part of the operations that change nothing but the table.
type tableOnly struct{}

// Steps are none: the table is written after all steps.
func (tableOnly) Steps(_, _ model.Disk) []Step { return nil }

// Env is what operations are judged by besides the disk. It is made once for a target.
type Env struct {
	// Caps says what can be done with each kind of file system on this machine.
	Caps Capabilities
	// Sources finds a partition of another target, for plan files that copy from there: path is as the plan has it, number
	// that of the partition. nil knows no other targets.
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
	// Bounds are the numbers in Nearest: the edit is possible with all of them in the place of its own.
	Bounds []Bound
	// First are the edits in Nearest: each is possible now, and one of them has to come before.
	First []Operation
}

// Bound is a number that an edit is possible with.
type Bound struct {
	Of      Quantity
	Sectors geometry.Sector
}

// Quantity says which number of an edit is meant.
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

// near adds the closest edit that works, and the numbers in its text.
func (r *Refusal) near(text string, bounds ...Bound) *Refusal {
	r.Nearest, r.Bounds = text, bounds
	return r
}

func (r *Refusal) Error() string {
	text := fmt.Sprintf("cannot %s: %s", r.What, r.Reason)
	if r.Nearest != "" {
		text += "; " + r.Nearest
	}
	return text
}

// refused is the result of Apply for a refusal of what.
func refused(before model.Disk, what string, r *Refusal) (model.Disk, error) {
	r.What = cmp.Or(r.What, what)
	return before, r
}

// edited is the result of Apply for an operation that changes one partition as find finds it, and no other. verb is the
// edit for a refusal.
func edited(before model.Disk, find finder, id model.PartID, verb string, change func(p *model.Partition) *Refusal) (model.Disk, error) {
	p, err := find(before, id, verb)
	if err != nil {
		return before, err
	}
	if r := change(&p); r != nil {
		return refused(before, verb+" "+p.Ref(), r)
	}
	return before.With(p), nil
}

// rearranged is the result of Apply for an operation that changed the chain of logical partitions, or a *Refusal if the
// disk breaks an invariant then.
func rearranged(before, after model.Disk, what string) (model.Disk, error) {
	after, err := model.Rechain(after)
	if err != nil {
		return refused(before, what, &Refusal{Reason: model.Reason(err.Error())})
	}
	if err := sound(what, after); err != nil {
		return before, err
	}
	return after, nil
}

// sound is a *Refusal if d breaks an invariant that no table can express. Operations refuse what they know to be impossible
// before; this catches the rest.
func sound(what string, d model.Disk) error {
	for _, p := range model.Check(d) {
		if p.Severity == model.Fatal {
			return &Refusal{What: what, Reason: model.Reason(p.Text)}
		}
	}
	return nil
}
