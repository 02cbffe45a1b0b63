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

// Text is the step for people: "resize xfs in p1 to 1.47 GiB".
func (s Step) Text(z geometry.SectorSize) string {
	switch s.Kind {
	case StepResizeImage:
		return fmt.Sprintf("set image size to %s", geometry.FormatBytes(z.Bytes(s.Sectors)))
	case StepCheckFS:
		return fmt.Sprintf("check %s in %s", s.FS, s.Ref)
	case StepVerifyFS:
		return fmt.Sprintf("verify %s in %s", s.FS, s.Ref)
	case StepResizeFS:
		return fmt.Sprintf("resize %s in %s to %s", s.FS, s.Ref, geometry.FormatBytes(s.NewSize))
	case StepRemap:
		return fmt.Sprintf("move %s from sector %d to %d", s.Ref, s.From.Start, s.To.Start)
	case StepCopy:
		if s.Path != "" {
			return fmt.Sprintf("copy %s from sector %d of %s", s.Ref, s.From.Start, s.Path)
		}
		return fmt.Sprintf("copy %s from sector %d to %d", s.Ref, s.From.Start, s.To.Start)
	case StepMoved:
		return fmt.Sprintf("tell %s in %s its new position", s.FS, s.Ref)
	case StepWipe, StepWipeDisk:
		return fmt.Sprintf("erase old signatures in %s", s.Ref)
	case StepMakeFS:
		return fmt.Sprintf("make %s in %s", s.FS, s.Ref)
	case StepLabelFS:
		return fmt.Sprintf("label %s in %s %s", s.FS, s.Ref, safetext.Quoted(s.Label))
	case StepUUIDFS:
		return fmt.Sprintf("set a new UUID on %s in %s", s.FS, s.Ref)
	case StepWriteTable:
		return "write partition table"
	case StepGrowMounted:
		return fmt.Sprintf("grow %s in %s to %s, mounted at %s (after the commit; this cannot be rehearsed)",
			s.FS, s.Ref, geometry.FormatBytes(s.NewSize), s.Mounted)
	}
	return "unknown step"
}
