package ops

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
)

// StepKind says what a step does.
type StepKind int

// The steps of a compiled queue. All but StepGrowMounted run on the overlay and do not touch the target.
const (
	// StepResizeImage sets the size of the image to Sectors.
	StepResizeImage StepKind = iota
	// StepCheckFS checks the file system in Window before a change. What loses nothing is corrected in passing, anything
	// else fails the rehearsal.
	StepCheckFS
	// StepRepairFS checks and repairs the file system in Window with its own tool, whatever that costs.
	StepRepairFS
	// StepVerifyFS checks the file system in Window. The rehearsal fails unless it is clean, or was moved or copied and was
	// damaged before. In one that no step has checked, moved or copied, what loses nothing is corrected in passing.
	StepVerifyFS
	// StepResizeFS changes the size of the file system in Window to NewSize, or as close to it as its block size allows.
	StepResizeFS
	// StepRemap moves the bytes of From to To. Both have the same length and may overlap. Free blocks of FS need not
	// move.
	StepRemap
	// StepCopy copies the bytes of From to To. Both have the same length. From is on the target at Path, or on this
	// target if Path is "". Free blocks of FS need not be copied.
	StepCopy
	// StepMoved corrects the position that a file system stores, after it has moved to Window.
	StepMoved
	// StepMoveLoader tells the boot code of the disk, and the boot loader in Window, that the loader has moved from From.Start
	// to To.Start.
	StepMoveLoader
	// StepWipe erases the signatures of old contents in Window.
	StepWipe
	// StepWipeDisk erases signatures of contents of the whole disk, where they are in Window.
	StepWipeDisk
	// StepErase overwrites all of Window with zeros, or with random data. Nothing of what was there is kept.
	StepErase
	// StepMakeFS makes an empty file system of kind FS with Label. It fills Window.
	StepMakeFS
	// StepLabelFS sets the label of the file system in Window to Label; "" removes it.
	StepLabelFS
	// StepUUIDFS gives the file system in Window a new UUID, or replaces half of it.
	StepUUIDFS
	// StepRepairImage has the commit write the tables of the image's own format anew.
	StepRepairImage
	// StepDropBitmaps has the commit drop the persistent bitmaps of the image.
	StepDropBitmaps
	// StepFindSpare finds what can be given back in Window: in the file system FS, whose journal is replayed, or in
	// unallocated space.
	StepFindSpare
	// StepGiveBack clears what the steps of this kind before it found, and blocks of zeros there, so that the commit gives
	// their room back.
	StepGiveBack
	// StepSnapshot has the commit make the snapshot Label.
	StepSnapshot
	// StepApplySnapshot has the commit make the disk what the snapshot ID keeps.
	StepApplySnapshot
	// StepDeleteSnapshot has the commit delete the snapshot ID.
	StepDeleteSnapshot
	// StepFlatten has the commit copy what the backing file shows into the image, which is without one then.
	StepFlatten
	// StepRebase has the commit give the image the backing file at Path, which it records as Label and Format.
	StepRebase
	// StepCommit copies what the image at Path has of its own to this one, its overlay's backing file.
	StepCommit
	// StepWriteTable writes the final partition table. It is the last step of the rehearsal.
	StepWriteTable
	// StepGrowMounted lets the kernel grow a file system that is mounted at Mounted. It runs on the target after the
	// commit and cannot be rehearsed.
	StepGrowMounted
)

// Step is one concrete action of a compiled queue. Kind decides which fields are used.
type Step struct {
	Kind     StepKind
	Op       int // index in the queue of the operation it comes from
	Part     model.PartID
	Ref      string // name of the partition for users at this point: "p2"
	FS       model.FSKind
	Window   geometry.Span // place of the partition while this step runs
	NewSize  geometry.Bytes
	From     geometry.Span
	To       geometry.Span
	Path     string
	Sectors  geometry.Sector
	Prealloc model.Prealloc // StepResizeImage: for what is added
	Label    string
	Free     bool   // StepFindSpare: what the file system holds free is known, and a tool can judge it
	ID       string // of a snapshot
	Format   string // of a backing file
	Random   bool   // StepErase
	Half     bool   // StepUUIDFS: only the half that Windows shows
	UUID     string // StepMakeFS: UUID for the new file system (swap keeps its own), or "" for a random one
	Mounted  string // StepGrowMounted: the directory
}

// Words describes the step: "resize xfs in p1 to 1.47 GiB".
func (s Step) Words(z geometry.SectorSize) Phrase {
	size := geometry.FormatChosen(s.NewSize)
	switch s.Kind {
	case StepResizeImage:
		return phrase(setting, "image size to %s%s", geometry.FormatChosen(z.Bytes(s.Sectors)), s.Prealloc.Words())
	case StepCheckFS:
		return phrase(checking, "%s in %s", s.FS, s.Ref)
	case StepRepairFS:
		return Phrase{{checking, " and "}, {repairing, fmt.Sprintf(" %s in %s", s.FS, s.Ref)}}
	case StepVerifyFS:
		return phrase(Verb{"verify", "verifying", "verified"}, "%s in %s", s.FS, s.Ref)
	case StepResizeFS:
		return phrase(Verb{"resize", "resizing", "resized"}, "%s in %s to %s", s.FS, s.Ref, size)
	case StepRemap:
		return phrase(moving, "%s from sector %s to %s", s.Ref, s.From.Start, s.To.Start)
	case StepCopy:
		if s.Path != "" {
			return phrase(copying, "%s from sector %s of %s", s.Ref, s.From.Start, s.Path)
		}
		return phrase(copying, "%s from sector %s to %s", s.Ref, s.From.Start, s.To.Start)
	case StepMoved:
		return phrase(Verb{"tell", "telling", "told"}, "%s in %s its new position", s.FS, s.Ref)
	case StepMoveLoader:
		return phrase(Verb{"tell", "telling", "told"}, "the boot code of the disk that the boot loader in %s begins at sector %s", s.Ref, s.To.Start)
	case StepWipe, StepWipeDisk:
		return phrase(Verb{"erase", "erasing", "erased"}, "old signatures in %s", s.Ref)
	case StepErase:
		return phrase(wiping, "%s %s", s.Ref, with(s.Random))
	case StepMakeFS:
		return phrase(making, "%s in %s", s.FS, s.Ref)
	case StepLabelFS:
		return phrase(labeling, "%s in %s %s", s.FS, s.Ref, safetext.Quoted(s.Label))
	case StepUUIDFS:
		return phrase(setting, "a new UUID on %s in %s", s.FS, s.Ref)
	case StepRepairImage:
		return phrase(repairing, "the tables of the image")
	case StepDropBitmaps:
		return phrase(dropping, "the bitmaps of the image")
	case StepFindSpare:
		return phrase(Verb{"find", "finding", "found"}, "what %s can give back", s.Ref)
	case StepGiveBack:
		return phrase(Verb{"give", "giving", "gave"}, "back what is free")
	case StepSnapshot:
		return CreateSnapshot{Name: s.Label}.Describe(model.Disk{})
	case StepApplySnapshot:
		return ApplySnapshot{Snapshot: model.ImageSnapshot{ID: s.ID, Name: s.Label}}.Describe(model.Disk{})
	case StepDeleteSnapshot:
		return DeleteSnapshot{Snapshot: model.ImageSnapshot{ID: s.ID, Name: s.Label}}.Describe(model.Disk{})
	case StepFlatten:
		return Flatten{}.Describe(model.Disk{})
	case StepRebase:
		return Rebase{Name: s.Label, Base: Other{Format: s.Format}}.Describe(model.Disk{})
	case StepCommit:
		return Commit{Overlay: Other{Path: s.Path, NoOverlay: "not known"}}.Describe(model.Disk{})
	case StepWriteTable:
		return phrase(Verb{"write", "writing", "wrote"}, "partition table")
	case StepGrowMounted:
		return phrase(growing, "%s in %s to %s, mounted at %s (after the commit; this cannot be rehearsed)", s.FS, s.Ref,
			size, s.Mounted)
	}
	panic(fmt.Sprintf("ops: internal error: there is no step %d", s.Kind))
}

// stepper collects the steps of one operation on one partition. step holds what they have in common. Compile drops the
// steps that the kind of file system does not need.
type stepper struct {
	step  Step
	steps []Step
}

// stepsOn returns a stepper for a partition and its file system.
func stepsOn(p model.Partition) *stepper {
	return &stepper{step: Step{Part: p.ID, Ref: p.Ref(), FS: p.FS.Kind, Label: p.FS.Label}}
}

func (s *stepper) add(kind StepKind, window geometry.Span) *Step {
	step := s.step
	step.Kind, step.Window = kind, window
	s.steps = append(s.steps, step)
	return &s.steps[len(s.steps)-1]
}

// resize adds a step that changes the size of p's file system to size bytes. The tool works in window; the file system
// must fit the partition's final place, result.
func (s *stepper) resize(p model.Partition, window, result geometry.Span, size geometry.Bytes) {
	if !p.FS.Known() {
		return
	}
	s.add(StepCheckFS, window)
	s.add(StepResizeFS, window).NewSize = size
	s.add(StepVerifyFS, result)
}

// remap adds steps that move bytes. A clean file system is verified afterwards; for any other that would prove nothing.
func (s *stepper) remap(from, to geometry.Span, clean bool) {
	step := s.add(StepRemap, to)
	step.From, step.To = from, to
	s.add(StepMoved, to)
	if clean {
		s.add(StepVerifyFS, to)
	}
}

// remake adds steps that replace everything in the window by an empty file system.
func (s *stepper) remake(window geometry.Span) []Step {
	s.add(StepWipe, window)
	if s.step.FS != model.Unformatted {
		s.add(StepMakeFS, window)
		s.add(StepVerifyFS, window)
	}
	return s.steps
}
