package ops

import (
	"shunt/geometry"
	"shunt/model"
)

// stepper collects the steps of one operation on one partition; step holds what they have in common. Compile leaves out the
// steps that the kind of file system does not need.
type stepper struct {
	step  Step
	steps []Step
}

func (s *stepper) add(kind StepKind, window geometry.Span) *Step {
	step := s.step
	step.Kind, step.Window = kind, window
	s.steps = append(s.steps, step)
	return &s.steps[len(s.steps)-1]
}

// verify checks read-only.
func (s *stepper) verify(window geometry.Span) { s.add(StepVerifyFS, window) }

// resize makes the file system of p, which its tool reaches through window, size bytes long, as it is
// to fill the partition once that lies at result.
func (s *stepper) resize(p model.Partition, window, result geometry.Span, size geometry.Bytes) {
	if !p.FS.Known() {
		return
	}
	s.add(StepCheckFS, window)
	s.add(StepResizeFS, window).NewSize = size
	s.verify(result)
}

// remap moves bytes. A file system that was clean before must be clean after; of one that was not,
// nothing can be told from a check.
func (s *stepper) remap(from, to geometry.Span, clean bool) {
	step := s.add(StepRemap, to)
	step.From, step.To = from, to
	s.add(StepMoved, to)
	if clean {
		s.verify(to)
	}
}

// remake puts an empty file system in place of whatever is in the window.
func (s *stepper) remake(window geometry.Span) {
	s.add(StepWipe, window)
	if s.step.FS == model.Unformatted {
		return
	}
	s.add(StepMakeFS, window)
	s.verify(window)
}
