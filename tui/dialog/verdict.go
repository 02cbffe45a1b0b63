package dialog

import (
	"errors"

	"shunt/geometry"
	"shunt/ops"
	"shunt/tui/widget"
)

// staging is the state of a dialog that stages one operation.
type staging struct {
	queue ops.Queue
	align geometry.Alignment
	op    ops.Operation
	wrong error // why a field cannot be parsed
	verdict
}

// verdict is the result of staging an operation on a copy of the queue.
type verdict struct {
	changes bool // the operation has an effect
	err     error
	what    string // the operation in words
	cost    string
	mind    string // a warning below the cost, "" for none
	risky   bool   // the dialog warns of what the operation does: its cost is not shown as something good
}

// judge stages an operation on a copy of the queue and keeps the verdict.
func (s *staging) judge(op ops.Operation) {
	s.op, s.verdict = op, verdict{changes: true}
	next, err := s.queue.Stage(op)
	if err != nil {
		s.err = err
		return
	}
	s.what, s.cost = op.Describe(s.queue.Preview()).String(), next.Cost(next.Len()-1)
}

// stage returns the action of Enter.
func (s *staging) stage() Action { return s.action(s.wrong, Stage{Op: s.op, Align: s.align}) }

// outcome returns the row with the verdict.
func (s *staging) outcome(idle string) row { return s.verdict.row(s.wrong, idle) }

// enters describes Enter, which closes the dialog while nothing changes.
func (v verdict) enters(wrong error, does string) string {
	if wrong == nil && v.err == nil && !v.changes {
		return "close"
	}
	return does
}

// action returns nil while something is wrong, Refused if one other edit, or the end of a use, makes it possible, Close if nothing changes,
// and otherwise staged.
func (v verdict) action(wrong error, staged Action) Action {
	refusal := new(ops.Refusal)
	switch {
	case wrong != nil:
		return nil
	case errors.As(v.err, &refusal) && (len(refusal.First) == 1 || len(refusal.InUse) > 0):
		return Refused{Err: v.err}
	case v.err != nil:
		return nil
	case !v.changes:
		return Close{}
	}
	return staged
}

// verdictHeight is the height of nearly every verdict, so that the window keeps its size while the user types.
const verdictHeight = 3

// row shows the operation that Enter would stage and its cost, why it is impossible, or the idle text.
func (v verdict) row(wrong error, idle string) row {
	return shown(func(p paper) (lines []string) {
		switch {
		case wrong != nil:
			return whole(ops.Capital(wrong.Error()), verdictHeight, p.st.Warn, p)
		case v.err != nil:
			return whole(ops.Capital(v.err.Error()), verdictHeight, p.st.Bad, p)
		case !v.changes:
			return whole(idle, verdictHeight, p.st.Muted, p)
		}
		look := p.st.Good
		if v.risky {
			look = p.st.Text
		}
		lines = append(whole(v.what, 1, p.st.Strong, p), whole(v.cost, 1, look, p)...)
		if v.mind != "" {
			lines = append(lines, whole(v.mind, 1, p.st.Warn, p)...)
		}
		return widget.Pad(lines, p.width, max(verdictHeight, len(lines)), p.st.More)
	})
}
