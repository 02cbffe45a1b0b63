package ops

import (
	"fmt"
	"slices"
	"strings"

	"shunt/model"
	"shunt/model/safetext"
)

// Layers is what a format of image files keeps besides the disk: earlier states of it, and a backing file below it.
type Layers struct {
	// Snapshots lists the states that the image keeps, with their names as they are stored.
	Snapshots func() []model.ImageSnapshot
	// Snapshot returns the disk as the snapshot with an ID keeps it.
	Snapshot func(id string) (model.Disk, error)
	// NoSnapshot says why no further snapshot can be made, or is "".
	NoSnapshot func() model.Reason
	// Backing returns the path of the backing file, or "".
	Backing func() string
	// Finds reports whether the image finds the file at path by a name that it records.
	Finds func(name, path string) bool
}

// Other is another image, as an operation on layers refers to it.
type Other struct {
	Path   string // absolute, without symbolic links
	Format string // "raw", "qcow2"
	// Recorded is the name by which the target can refer to the image.
	Recorded string
	// NoBacking is the reason why the image cannot be the backing file of the target, or "".
	NoBacking model.Reason
	// NoOverlay is the reason why the image is no overlay of the target, or "" if it is one.
	NoOverlay model.Reason
	// Result is the target as it will be with all that the image has of its own. It is valid if NoOverlay is "".
	Result model.Disk
}

// wholeImage is embedded in operations that change what lies around the disk, or all of it at once. Each is a plan of its own,
// since steps on the disk would be rehearsed on another one.
type wholeImage struct{ wholeDisk }

func (wholeImage) standsAlone() {}

// standsAlone reports whether no other edit of the disk can be in the same queue.
func standsAlone(op Operation) bool {
	_, alone := op.(interface{ standsAlone() })
	return alone
}

// alone reports whether the queue is such an operation.
func (q Queue) alone() bool { return q.Len() > 0 && standsAlone(q.ops[q.Len()-1]) }

// KeepsDisk reports whether an operation changes only what lies around the disk.
func KeepsDisk(op Operation) bool {
	switch op.(type) {
	case CreateSnapshot, DeleteSnapshot, Flatten, Rebase:
		return true
	}
	return false
}

// OtherOf returns the other image that an operation reads, or nil.
func OtherOf(op Operation) *Other {
	switch op := op.(type) {
	case Rebase:
		return &op.Base
	case Commit:
		return &op.Overlay
	}
	return nil
}

// apart returns a *Refusal if op and the operations before it cannot be in one queue.
func apart(list []Operation, op Operation) error {
	for _, before := range list {
		if _, drops := before.(DropBitmaps); drops {
			continue
		}
		if standsAlone(before) || standsAlone(op) {
			return &Refusal{
				What: "stage it", Reason: "snapshots and backing files are changed in a transaction of their own",
				Nearest: "apply or clear the pending operations first",
			}
		}
	}
	return nil
}

// noLayers is the reason for targets whose format has none.
const noLayers model.Reason = "its format has neither snapshots nor backing files: only qcow2 images have them"

// CreateSnapshot keeps the disk as it is now under a name.
type CreateSnapshot struct {
	wholeImage
	Name string
}

// mostSnapshotName is how many bytes QEMU reads of a name.
const mostSnapshotName = 255

// Describe returns `Make the snapshot "before"`.
func (o CreateSnapshot) Describe(model.Disk) Phrase {
	return phrase(making, "the snapshot %s", safetext.Quoted(safetext.Printable(o.Name)))
}

// Apply checks the name.
func (o CreateSnapshot) Apply(before model.Disk, env Env) (model.Disk, error) {
	r := &Refusal{What: "make a snapshot"}
	switch {
	case env.Layers == nil:
		r.Reason = noLayers
	case o.Name == "" || strings.ContainsRune(o.Name, 0):
		r.Reason = "it needs a name, without zero bytes"
	case len(o.Name) > mostSnapshotName:
		r.Reason = model.Because("the name has %d bytes, and %d are the most", len(o.Name), mostSnapshotName)
	case slices.ContainsFunc(env.Layers.Snapshots(), func(s model.ImageSnapshot) bool { return s.Name == o.Name || s.ID == o.Name }):
		r.Reason, r.Nearest = "a snapshot has this name or this ID already", "choose another name, or delete that one first"
	default:
		r.Reason = env.Layers.NoSnapshot()
	}
	if !r.Reason.OK() {
		return before, r
	}
	return before, nil
}

// Steps returns the one step.
func (o CreateSnapshot) Steps(_, _ model.Disk) []Step {
	return []Step{{Kind: StepSnapshot, Ref: "image", Label: o.Name}}
}

// ApplySnapshot makes the disk what a snapshot keeps. What the disk holds now is lost.
type ApplySnapshot struct {
	wholeImage
	Snapshot model.ImageSnapshot
}

// Describe returns `Go back to the snapshot "before" (1) of 2026-11-29`.
func (o ApplySnapshot) Describe(model.Disk) Phrase {
	return phrase(Verb{"go back", "going back", "went back"}, "to the snapshot %s", named(o.Snapshot))
}

// named names a snapshot for people.
func named(s model.ImageSnapshot) string {
	return fmt.Sprintf("%s (%s)", safetext.Quoted(safetext.Printable(s.Name)), safetext.Printable(s.ID))
}

// Apply returns the disk that the snapshot keeps.
func (o ApplySnapshot) Apply(before model.Disk, env Env) (model.Disk, error) {
	const what = "apply the snapshot"
	if env.Layers == nil {
		return before, &Refusal{What: what, Reason: noLayers}
	}
	if !before.Image.OfSize.OK() && o.Snapshot.Size > 0 && o.Snapshot.Size != before.SectorSize.Bytes(before.Sectors) {
		return before, &Refusal{What: what, Reason: before.Image.OfSize}
	}
	after, err := env.Layers.Snapshot(o.Snapshot.ID)
	if err != nil {
		return before, &Refusal{What: what, Reason: model.Reason(err.Error())}
	}
	after.Image, after.Fixed = before.Image, before.Fixed
	return after, nil
}

// Steps returns the one step.
func (o ApplySnapshot) Steps(_, _ model.Disk) []Step {
	return []Step{{Kind: StepApplySnapshot, Ref: "image", ID: o.Snapshot.ID, Label: o.Snapshot.Name}}
}

// consequences says what is lost.
func (o ApplySnapshot) consequences() []string {
	list := []string{"The disk becomes what the snapshot keeps, with its partition table and its size. What was written since is lost, unless another " +
		"snapshot keeps it."}
	if o.Snapshot.State > 0 {
		list = append(list, "The snapshot holds the memory of a running machine. It stays in the snapshot, and the disk is as in the middle of "+
			"that machine's work: its file systems were not unmounted.")
	}
	return list
}

// DeleteSnapshot gives back what only a snapshot needs.
type DeleteSnapshot struct {
	wholeImage
	Snapshot model.ImageSnapshot
}

// Describe returns `Delete the snapshot "before" (1)`.
func (o DeleteSnapshot) Describe(model.Disk) Phrase {
	return phrase(Verb{"delete", "deleting", "deleted"}, "the snapshot %s", named(o.Snapshot))
}

// Apply returns the disk, which stays as it is.
func (o DeleteSnapshot) Apply(before model.Disk, env Env) (model.Disk, error) {
	if env.Layers == nil {
		return before, &Refusal{What: "delete the snapshot", Reason: noLayers}
	}
	return before, nil
}

// Steps returns the one step.
func (o DeleteSnapshot) Steps(_, _ model.Disk) []Step {
	return []Step{{Kind: StepDeleteSnapshot, Ref: "image", ID: o.Snapshot.ID, Label: o.Snapshot.Name}}
}

func (o DeleteSnapshot) consequences() []string {
	list := []string{"The disk stays as it is. What only this snapshot keeps is lost."}
	if o.Snapshot.State > 0 {
		list = append(list, "The snapshot holds the memory of a running machine, which is lost with it.")
	}
	return list
}

// FindSnapshot returns the snapshot with an ID or else with a name. The error says that there is none, or that the name is
// not unique.
func FindSnapshot(list []model.ImageSnapshot, name string) (model.ImageSnapshot, error) {
	var found []model.ImageSnapshot
	for _, s := range list {
		if s.ID == name {
			return s, nil
		}
		if s.Name == name {
			found = append(found, s)
		}
	}
	shown := safetext.Quoted(safetext.Printable(name))
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return model.ImageSnapshot{}, fmt.Errorf("%d snapshots have the name %s: use the ID of one (%s)", len(found), shown, listed(found))
	case len(list) == 0:
		return model.ImageSnapshot{}, fmt.Errorf("there is no snapshot %s: the image has none", shown)
	}
	return model.ImageSnapshot{}, fmt.Errorf("there is no snapshot %s: there are %s", shown, listed(list))
}

func listed(list []model.ImageSnapshot) string {
	const most = 10
	var words []string
	for _, s := range list[:min(len(list), most)] {
		words = append(words, named(s))
	}
	if len(list) > most {
		words = append(words, fmt.Sprintf("%d more", len(list)-most))
	}
	return strings.Join(words, ", ")
}
