// Package ops holds the edits that a user can make to a disk, one operation in each file, the queue of pending
// operations, and the steps that a queue compiles to. It is pure: no function here touches a file. The packages below it
// do the work.
//
// Invariants: an operation is a value, and its Apply is a pure function of the model. The queue never changes the disk
// that it was given. The preview is the initial disk after all operations of the queue.
package ops

import (
	"cmp"
	"fmt"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/dump"
)

// Operation is one staged edit.
type Operation interface {
	// Part returns the partition that is edited, or 0 for the whole disk.
	Part() model.PartID
	// Describe returns the edit in words, for the disk before it: "Move p2 right by 1024 MiB".
	Describe(before model.Disk) Phrase
	// Apply returns the disk after the edit, or a *Refusal. It is pure.
	Apply(before model.Disk, env Env) (model.Disk, error)
	// Steps returns the actions that turn before into after = Apply(before), in order.
	Steps(before, after model.Disk) []Step
}

// wholeDisk is embedded in operations on the whole disk.
type wholeDisk struct{}

// Part returns 0.
func (wholeDisk) Part() model.PartID { return 0 }

// tableOnly is embedded in operations that change only the table.
type tableOnly struct{}

// Steps returns none: the table is written after all steps.
func (tableOnly) Steps(_, _ model.Disk) []Step { return nil }

// Env holds everything besides the disk that decides whether an operation is possible. It is made once for each target.
type Env struct {
	// Caps says what this machine can do with each kind of file system.
	Caps Capabilities
	// Medium says how the target moves data.
	Medium Medium
	// Sources returns a partition of another target, for plan files that copy from there. path is the path in the plan,
	// number the number of the partition. If Sources is nil, there are no other targets.
	Sources func(path string, number int) (Source, error)
	// Layers says what the format of the target's file keeps besides the disk; nil if it keeps nothing.
	Layers *Layers
	// Other returns another image, for operations on backing files and overlays. If Other is nil, there are none.
	Other func(path string) (Other, error)
	// Contents returns what lies in a span of the target as it was scanned. If Contents is nil, it is not known.
	Contents func(geometry.Span) model.Filesystem
	// Dump reads a saved partition table, for plan files that name it. If Dump is nil, none can be read.
	Dump func(path string) (dump.Table, error)
	// Readings returns the ways to understand a damaged table of the target, by their names. If Readings is nil, they are not known.
	Readings func() []Reading
	// NoNewFile says why no new file can take the name of an image whose format needs that for some edits (Image.Renews).
	NoNewFile model.Reason
	// Room returns the operations that give partition id at least size sectors, or as many as possible for size 0. For id
	// 0 it returns those that make the image as small as its contents allow. Positions are on the grid of align. The
	// error is a *Refusal. If Room is nil, none can be found.
	Room func(q Queue, id model.PartID, size geometry.Sector, align geometry.Alignment) ([]Operation, error)
	// Tight returns the operations that make partition id and with it the image as small as possible, and leave the size of
	// all others. The error is a *Refusal. If Tight is nil, it cannot be done.
	Tight func(q Queue, id model.PartID, align geometry.Alignment) ([]Operation, error)
}

// Reading is one way to understand a table that is damaged or contradicts itself.
type Reading struct {
	Name, Text string
	Table      dump.Table
}

// Refusal is the error for an operation that is impossible on the disk at its point in the queue.
type Refusal struct {
	What    string       // the edit: "grow p1"
	Reason  model.Reason // why not: "p2 starts right behind it"
	Nearest string       // the closest edit that works, or "": "it can grow by at most 482 MiB"
	// Bounds are the numbers in Nearest. The edit is possible if all of them replace its own.
	Bounds []Bound
	// First are the edits in Nearest. Each is possible now, and one of them must come first.
	First []Operation
	// InUse are the partitions that the system uses, if the edit would be possible without that.
	InUse []model.PartID
}

// Bound is a number with which an edit is possible.
type Bound struct {
	Of      Quantity
	Sectors geometry.Sector
}

// Quantity names a number of an edit.
type Quantity int

// The numbers of an edit.
const (
	Length Quantity = iota + 1 // of the partition, or of the image
	Start                      // first sector of the partition
	End                        // sector behind its last one
)

// refusedFor returns a refusal with this reason, or nil if the reason is "".
func refusedFor(reason model.Reason) *Refusal {
	if reason.OK() {
		return nil
	}
	return &Refusal{Reason: reason}
}

// near adds the nearest edit that is possible, and the numbers in its text.
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

// refused returns the results of Apply for a refused edit. what is the edit.
func refused(before model.Disk, what string, r *Refusal) (model.Disk, error) {
	r.What = cmp.Or(r.What, what)
	return before, r
}

// edited returns the results of Apply for an operation that changes a single partition. find finds the partition, and
// verb names the edit in a refusal.
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

// rearranged returns the results of Apply for an operation that changes the chain of logical partitions. The error is a
// *Refusal if after breaks an invariant.
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

// sound returns a *Refusal if d breaks an invariant that every table needs. Operations refuse most such edits themselves;
// sound catches the rest.
func sound(what string, d model.Disk) error {
	for _, p := range model.Check(d) {
		if p.Severity == model.Fatal {
			return &Refusal{What: what, Reason: model.Reason(p.Text)}
		}
	}
	return nil
}
