package ops

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
)

// StepKind says what a step does.
type StepKind int

// The steps a queue compiles to. All of them but the last kind run on the overlay and do not touch the target.
const (
	// StepResizeImage sets the size of the image to Sectors.
	StepResizeImage StepKind = iota
	// StepCheckFS checks and repairs the file system in Window with its own tool, as a resize needs it.
	StepCheckFS
	// StepVerifyFS checks the file system in Window read-only; anything but clean fails the rehearsal.
	StepVerifyFS
	// StepResizeFS makes the file system in Window exactly NewSize long, or as long as its block size allows.
	StepResizeFS
	// StepRemap moves the bytes of From to To (same length, may overlap); free blocks of FS need not follow.
	StepRemap
	// StepCopy copies the bytes of From, on the target at Path if that is not "", to To (same length); free blocks of FS
	// need not follow.
	StepCopy
	// StepMoved corrects what a file system stores of its own position, after Window moved there.
	StepMoved
	// StepWipe erases the signatures of old contents in Window.
	StepWipe
	// StepWipeDisk erases the signatures that lie in Window, a part of the disk, of contents of the whole disk.
	StepWipeDisk
	// StepMakeFS makes an empty file system of kind FS with Label over all of Window.
	StepMakeFS
	// StepLabelFS gives the file system in Window the Label, "" for none.
	StepLabelFS
	// StepUUIDFS gives the file system in Window a new UUID, or half of one.
	StepUUIDFS
	// StepWriteTable writes the table of the whole plan's final disk; it is the last step of the rehearsal.
	StepWriteTable
	// StepGrowMounted grows the file system of a partition that is Mounted, by the kernel that has it mounted. It runs on
	// the target, after the commit, and cannot be rehearsed.
	StepGrowMounted
)

// Step is one concrete action compiled from the queue. Which fields count depends on Kind.
type Step struct {
	Kind    StepKind
	Op      int // index of the operation in the queue it comes from
	Part    model.PartID
	Ref     string // what the user calls the partition at this point: "p2"
	FS      model.FSKind
	Window  geometry.Span // where the partition lies while this step runs
	NewSize geometry.Bytes
	From    geometry.Span
	To      geometry.Span
	Path    string
	Sectors geometry.Sector
	Label   string
	Half    bool   // StepUUIDFS: only the half that Windows shows
	UUID    string // StepMakeFS: keep this file system UUID (swap); "" makes a new one
	Mounted string // StepGrowMounted: the directory
}

// Words is the step for people: "resize xfs in p1 to 1.47 GiB".
func (s Step) Words(z geometry.SectorSize) Phrase {
	size := geometry.FormatBytes(s.NewSize)
	switch s.Kind {
	case StepResizeImage:
		return phrase(setting, "image size to %s", geometry.FormatBytes(z.Bytes(s.Sectors)))
	case StepCheckFS:
		return phrase(checking, "%s in %s", s.FS, s.Ref)
	case StepVerifyFS:
		return phrase(Verb{"verify", "verifying", "verified"}, "%s in %s", s.FS, s.Ref)
	case StepResizeFS:
		return phrase(Verb{"resize", "resizing", "resized"}, "%s in %s to %s", s.FS, s.Ref, size)
	case StepRemap:
		return phrase(moving, "%s from sector %d to %d", s.Ref, s.From.Start, s.To.Start)
	case StepCopy:
		if s.Path != "" {
			return phrase(copying, "%s from sector %d of %s", s.Ref, s.From.Start, s.Path)
		}
		return phrase(copying, "%s from sector %d to %d", s.Ref, s.From.Start, s.To.Start)
	case StepMoved:
		return phrase(Verb{"tell", "telling", "told"}, "%s in %s its new position", s.FS, s.Ref)
	case StepWipe, StepWipeDisk:
		return phrase(Verb{"erase", "erasing", "erased"}, "old signatures in %s", s.Ref)
	case StepMakeFS:
		return phrase(making, "%s in %s", s.FS, s.Ref)
	case StepLabelFS:
		return phrase(labeling, "%s in %s %s", s.FS, s.Ref, safetext.Quoted(s.Label))
	case StepUUIDFS:
		return phrase(setting, "a new UUID on %s in %s", s.FS, s.Ref)
	case StepWriteTable:
		return phrase(Verb{"write", "writing", "wrote"}, "partition table")
	case StepGrowMounted:
		return phrase(growing, "%s in %s to %s, mounted at %s (after the commit; this cannot be rehearsed)", s.FS, s.Ref,
			size, s.Mounted)
	}
	panic(fmt.Sprintf("ops: internal error: there is no step %d", s.Kind))
}

// stepper collects the steps of one operation on one partition; step holds what they have in common. Compile drops the
// steps that the kind of file system does not need.
type stepper struct {
	step  Step
	steps []Step
}

// stepsOn collects steps on a partition and its file system.
func stepsOn(p model.Partition) *stepper {
	return &stepper{step: Step{Part: p.ID, Ref: p.Ref(), FS: p.FS.Kind, Label: p.FS.Label}}
}

func (s *stepper) add(kind StepKind, window geometry.Span) *Step {
	step := s.step
	step.Kind, step.Window = kind, window
	s.steps = append(s.steps, step)
	return &s.steps[len(s.steps)-1]
}

// resize makes the file system of p, which its tool reaches through window, size bytes long, to fill the partition once
// that lies at result.
func (s *stepper) resize(p model.Partition, window, result geometry.Span, size geometry.Bytes) {
	if !p.FS.Known() {
		return
	}
	s.add(StepCheckFS, window)
	s.add(StepResizeFS, window).NewSize = size
	s.add(StepVerifyFS, result)
}

// remap moves bytes. A file system that was clean before must be clean after; a check of one that was not proves nothing.
func (s *stepper) remap(from, to geometry.Span, clean bool) {
	step := s.add(StepRemap, to)
	step.From, step.To = from, to
	s.add(StepMoved, to)
	if clean {
		s.add(StepVerifyFS, to)
	}
}

// remake puts an empty file system in the place of all that is in the window.
func (s *stepper) remake(window geometry.Span) []Step {
	s.add(StepWipe, window)
	if s.step.FS != model.Unformatted {
		s.add(StepMakeFS, window)
		s.add(StepVerifyFS, window)
	}
	return s.steps
}
