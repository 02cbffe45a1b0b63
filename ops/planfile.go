package ops

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"shunt/geometry"
)

// A plan file is a queue as text, one operation a line. Words are separated by blanks, "#" at the start
// of a word begins a comment, and text in double quotes may hold blanks; in it \" and \\ stand for the
// quote and the backslash, \x1b for a byte, and \u202e and \U0001f4be for a character. P is a partition number; sizes need a unit (see geometry.ParseSize) and are
// rounded up to whole sectors.
//
//	image grow SIZE | image size SIZE | image min
//	move P right SIZE | move P left SIZE | move P to OFFSET     each with: and resize to SIZE
//	resize P to SIZE | resize P by +SIZE | resize P by -SIZE | resize P min | resize P max
//	grow P
//	room P by +SIZE | room P to SIZE | room P max
//	new SIZE|max [at OFFSET] [fs=KIND] [label=TEXT] [name=TEXT] [type=TYPE] [as=primary|extended|logical]
//	delete P
//	check P
//	copy P at OFFSET [size=SIZE] [as=primary|logical] [from=PATH] | copy P over Q [from=PATH]
//	format P fs=KIND [label=TEXT] | format P cleared
//	label P TEXT | name P TEXT
//	type P TYPE | flag P FLAG on|off
//	uuid P new|half
//	table new gpt|mbr | table gpt
//
// "room" and "image min" stand for the operations that Env.Room finds, which are what is staged; every other line is one
// operation.
//
// An OFFSET in sectors ("2048s") is kept to the sector; in any other unit it is put on the grid.

// PlanError is returned when a plan file cannot be read or one of its lines cannot be staged.
type PlanError struct {
	Line, Col int    // 1-based; Col counts characters
	Msg       string // what is wrong and what is allowed
	Err       error  // the *Refusal of a line that is well-formed but impossible, or the read error
}

func (e *PlanError) Error() string {
	return fmt.Sprintf("plan line %d, column %d: %s", e.Line, e.Col, e.Msg)
}

// Unwrap is the refusal or read error behind it.
func (e *PlanError) Unwrap() error { return e.Err }

// Bounds of a plan file, so that no input takes much memory or time: bytes of a line and of all lines, and operations. A
// disk of 128 partitions, each with a few operations, stays well below them.
const (
	maxPlanLine = 64 << 10
	maxPlan     = 1 << 20
	maxPlanOps  = 1000
)

// ParsePlan stages every line of a plan file on q. Positions that shunt chooses, and absolute offsets in
// other units than sectors, are rounded to the grid of align. Any error is a *PlanError, and q is
// returned as it was.
func ParsePlan(r io.Reader, q Queue, align geometry.Alignment) (Queue, error) {
	next := q.owned()
	lines := bufio.NewScanner(io.LimitReader(r, maxPlan+1))
	lines.Buffer(make([]byte, 0, 4096), maxPlanLine)
	n, read := 1, 0
	for ; lines.Scan(); n++ {
		read += len(lines.Bytes()) + 1
		words, err := planWords(lines.Text())
		switch {
		case err != nil:
		case read > maxPlan:
			err = fmt.Errorf("the plan is longer than %d bytes", maxPlan)
		case len(words) > 0 && next.Len()-q.Len() == maxPlanOps:
			err = fmt.Errorf("the plan has more than %d operations: apply it in parts", maxPlanOps)
		case len(words) > 0:
			next, err = stageLine(next, words, align)
		}
		if err != nil {
			return q, placed(err, n)
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return q, &PlanError{Line: n, Col: 1, Msg: fmt.Sprintf("the line is longer than %d bytes", maxPlanLine), Err: err}
	case err != nil:
		return q, &PlanError{Line: n, Col: 1, Msg: "read the plan: " + err.Error(), Err: err}
	}
	return next, nil
}

// placed is err as a *PlanError on line n.
func placed(err error, n int) error {
	var plan *PlanError
	if !errors.As(err, &plan) {
		plan = &PlanError{Col: 1, Msg: err.Error(), Err: err}
	}
	plan.Line = n
	return plan
}

// stageLine stages one line that has at least one word, on a queue whose arrays nobody else holds.
func stageLine(q Queue, words []planWord, align geometry.Alignment) (Queue, error) {
	l := &planLine{words: words[1:], end: words[len(words)-1].after, q: q, align: align}
	list, err := l.operations(words[0])
	if err == nil {
		err = l.finish()
	}
	for _, op := range list {
		if err == nil {
			q, err = q.stageOwned(op)
		}
	}
	var refusal *Refusal
	if errors.As(err, &refusal) {
		err = &PlanError{Col: words[0].col, Msg: refusal.Error(), Err: refusal}
	}
	return q, err
}

// FormatPlan is the queue as a plan file; ParsePlan reads it back to operations with the same effect,
// whatever alignment it is read with.
func FormatPlan(q Queue) string {
	var b strings.Builder
	for i, op := range q.ops {
		b.WriteString(op.PlanLine(q.Before(i)))
		b.WriteByte('\n')
	}
	return b.String()
}
