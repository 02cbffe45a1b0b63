// Package report holds the values that people see: the progress and the end of a run, the contents of a target and its
// file systems, and the targets that could be opened. Workers fill these values in; the command line prints them and the
// editor shows them.
package report

import (
	"slices"
	"time"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// Facts holds the properties of a target other than its contents.
type Facts struct {
	Path   string   // absolute
	Call   ops.Call // for commands in advice
	Format string   // "raw", "loop device"
	Size   geometry.Bytes
	// Allocated is the room that an image file takes on the file system of the host; 0 for a device.
	Allocated geometry.Bytes
	Note      string // something odd but harmless, or ""
	// Around describes the file of an image in a format of its own; nil for others.
	Around *model.ImageFile
	// Foreign describes the file of an image in one of QEMU's formats; nil for others.
	Foreign *model.ForeignImage
	// Model, Serial and Bus are what a physical device says of itself, and Turns says that it is no SSD.
	Model, Serial, Bus string
	Turns              bool
	// Mended says what was repaired in the format when the image was opened.
	Mended []string
	// Overlays names images beside the target that show it as their backing file.
	Overlays []string
	// Retype is the text that the user must type before a commit, or "". For a physical disk it is the path.
	Retype string
	// Undos are the transactions that can be undone one after the other, the newest first.
	Undos []Applied

	// These are set for targets that are inspected.
	InUse  string    // other users of the target
	Commit *Progress // progress of a commit that is running, or nil
	// Ignored describes an untrusted file or directory at the place of the journal's directory, or is "".
	Ignored string

	// These are set for targets that are edited.
	Device bool   // a block device, whose partitions the kernel knows
	Image  string // the image file behind a loop device that shows all of it, or ""
	// Mounts holds the mount points of partitions. Id 0 is the file system that covers the whole target.
	Mounts map[model.PartID][]string
	// NoMount holds the reasons why the contents of partitions cannot be mounted, by the same ids.
	NoMount map[model.PartID]model.Reason
	// Mountable is the reason why this process cannot mount the target, and Attachable why it cannot attach it, or "".
	Mountable, Attachable model.Reason
}

// Task is a job for a worker.
type Task string

// Jobs of a worker.
const (
	Apply    Task = "apply"     // rehearse a plan, wait, commit
	Finish   Task = "finish"    // bring an unfinished transaction to its end
	RollBack Task = "roll back" // undo an unfinished transaction
	Undo     Task = "undo"      // take back the last transaction
	Look     Task = "look"      // answer a question about one file system
)

// Unfinished is an interrupted transaction according to its journal.
type Unfinished struct {
	Name        string    `json:"-"` // the path of the target when the transaction began
	Plan        string    `json:"-"` // one operation a line
	Operations  []string  `json:"-"` // the same in sentences
	When        time.Time `json:"-"`
	Stage       string    `json:"stage"`            // the interrupted stage
	Next        int       `json:"next"`             // number of finished writes that are synced one by one; people read Stopped
	Units       int       `json:"steps"`            // number of all such writes
	RollingBack bool      `json:"rolling_back"`     // rolling back has begun and can only be finished
	Complete    bool      `json:"-"`                // only the journal must still be removed
	LosesUnused bool      `json:"-"`                // a roll back loses the content of some unused blocks
	Erased      bool      `json:"erased,omitempty"` // wiping content has begun, so that it can only be finished
}

// Ways says how the transaction can be ended.
func (u Unfinished) Ways() ops.Ways {
	switch {
	case u.RollingBack:
		return ops.OnlyBack
	case u.Erased:
		return ops.OnlyForward
	}
	return ops.EitherWay
}

// Last is the result of a commit or recovery that ended while nobody watched.
type Last struct {
	When   time.Time `json:"when"` // time of the end
	Task   Task      `json:"task"`
	Plan   string    `json:"plan,omitempty"`
	Result Result    `json:"result"`
	// Operations is the plan in sentences.
	Operations []string `json:"-"`
}

// Undo returns the transaction that is undone next, or nil if there is none.
func (f Facts) Undo() *Applied {
	if len(f.Undos) == 0 {
		return nil
	}
	return &f.Undos[0]
}

// Applied is a transaction that can be undone.
type Applied struct {
	When time.Time `json:"when"` // time of the start
	Plan string    `json:"plan"` // what it did, one operation a line
	// Operations is the plan in sentences.
	Operations []string       `json:"operations,omitempty"`
	Room       geometry.Bytes `json:"bytes"` // size of what is kept for an undo
	// LosesUnused says that an undo does not restore the content of some blocks that no file system used.
	LosesUnused bool `json:"loses_unused,omitempty"`
}

// Same reports whether both are the same transaction.
func (a Applied) Same(b Applied) bool {
	return a.When.Equal(b.When) && a.Plan == b.Plan && a.Room == b.Room
}

// Deed is a transaction that has ended and changed a target.
type Deed struct {
	Path       string    `json:"path"` // of the target
	When       time.Time `json:"when"` // time of the end
	Task       Task      `json:"task"`
	Outcome    Outcome   `json:"outcome"` // Done or RolledBack
	Operations []string  `json:"operations,omitempty"`
}

// DidApply is what Did says of a plan that was carried out.
const DidApply = "applied"

// Did says what happened, in a word.
func (d Deed) Did() string {
	switch {
	case d.Task == Undo:
		return "undone"
	case d.Outcome == RolledBack:
		return "rolled back"
	}
	return DidApply
}

// Past returns what was done to a target before, the newest first. Those transactions are left out that can be undone, undos.
func Past(deeds []Deed, undos []Applied) []Deed {
	past := slices.Clone(deeds)
	for _, u := range undos {
		// A deed has the time of its end, and what came after it began later.
		after := func(d Deed) bool { return d.Did() == DidApply && !d.When.Before(u.When) }
		// But an undo may know the second only, and several commits can take less than that.
		i := slices.IndexFunc(past, func(d Deed) bool { return after(d) && slices.Equal(d.Operations, u.Operations) })
		if i < 0 {
			i = slices.IndexFunc(past, after)
		}
		if i >= 0 {
			past = slices.Delete(past, i, i+1)
		}
	}
	slices.Reverse(past)
	return past
}
