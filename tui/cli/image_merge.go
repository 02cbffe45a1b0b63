package cli

import (
	"context"
	"errors"
	"fmt"

	"shunt/model/safetext"
	"shunt/ops/image"
	"shunt/ops/report"
)

// commitByQEMU commits an overlay in whose chain is a format that only qemu-img knows.
func (s *settings) commitByQEMU(ctx context.Context, about image.Info, f applyFlags) error {
	if s.mute(f) {
		return noAnswer
	}
	if f.rehearse {
		return usage(errors.New("only raw and qcow2 can be rehearsed: `qemu-img` commits the other formats"))
	}
	p := s.counting("Committing")
	m := image.Merge{Overlay: about, Watch: p.show}
	base := safetext.Printable(m.Base())
	s.say("`qemu-img` will make a copy of %s what %s shows, and the copy will replace that file. This cannot be undone.",
		base, safetext.Printable(about.Path))
	if others := m.Others(s.overlays); len(others) > 0 {
		s.say("Warning: %s", report.OverlaysWarning(others))
	}
	if !s.agreed(ctx, "", "Write this to "+base+"?", f.yes) {
		return errors.New("not confirmed; nothing was written")
	}
	err := image.Commit(ctx, m, image.Options{Session: s.opts})
	p.end()
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("stopped; %s is unchanged", base)
	}
	if err != nil {
		return err
	}
	s.say("Done: %s is what %s shows.", base, safetext.Printable(about.Path))
	return nil
}
