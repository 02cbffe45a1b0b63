// Package plan reads and writes plan files. A plan file is a queue as text, one operation a line. Words are separated by
// blanks, "#" at the start of a word begins a comment, and text in double quotes may hold blanks; in it \" and \\ stand
// for the quote and the backslash, \x1b for a byte, and \u202e and \U0001f4be for a character. P is a partition number;
// sizes need a unit (see geometry.ParseSize) and are rounded up to whole sectors. A property stands once at most.
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
// "room" and "image min" stand for the operations that ops.Env.Room finds, which are what is staged; every other line is
// one operation.
//
// An OFFSET in sectors ("2048s") is kept to the sector; in any other unit it is put on the grid.
//
// Each file here has the lines of a few verbs, how they are read and how they are written.
package plan

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"shunt/geometry"
	"shunt/ops"
)

// Error is returned when a plan file cannot be read or one of its lines cannot be staged.
type Error struct {
	Line, Col int    // 1-based; Col counts characters
	Msg       string // what is wrong and what is allowed
	Err       error  // the *ops.Refusal of a line that is well-formed but impossible, or the read error
}

func (e *Error) Error() string {
	return fmt.Sprintf("plan line %d, column %d: %s", e.Line, e.Col, e.Msg)
}

// Unwrap is the refusal or read error behind it.
func (e *Error) Unwrap() error { return e.Err }

// Bounds of a plan file, so that no input takes much memory or time: bytes of a line and of all lines, and operations. A
// disk of 128 partitions, each with a few operations, stays well below them.
const (
	maxLine  = 64 << 10
	maxBytes = 1 << 20
	maxOps   = 1000
)

// Parse stages every line of a plan file on q. Positions that shunt chooses, and absolute offsets in
// other units than sectors, are rounded to the grid of align. Any error is a *Error, and q is
// returned as it was.
func Parse(r io.Reader, q ops.Queue, align geometry.Alignment) (ops.Queue, error) {
	draft := q.Draft()
	lines := bufio.NewScanner(io.LimitReader(r, maxBytes+1))
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	n, read := 1, 0
	for ; lines.Scan(); n++ {
		read += len(lines.Bytes()) + 1
		words, err := split(lines.Text())
		switch {
		case err != nil:
		case read > maxBytes:
			err = fmt.Errorf("the plan is longer than %d bytes", maxBytes)
		case len(words) > 0 && draft.Queue().Len()-q.Len() == maxOps:
			err = fmt.Errorf("the plan has more than %d operations: apply it in parts", maxOps)
		case len(words) > 0:
			err = stage(draft, words, align)
		}
		if err != nil {
			return q, placed(err, n)
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return q, &Error{Line: n, Col: 1, Msg: fmt.Sprintf("the line is longer than %d bytes", maxLine), Err: err}
	case err != nil:
		return q, &Error{Line: n, Col: 1, Msg: "read the plan: " + err.Error(), Err: err}
	}
	return draft.Queue(), nil
}

// placed is err as an *Error on line n.
func placed(err error, n int) error {
	var at *Error
	if !errors.As(err, &at) {
		at = &Error{Col: 1, Msg: err.Error(), Err: err}
	}
	at.Line = n
	return at
}

// stage stages one line that has at least one word.
func stage(draft *ops.Draft, words []word, align geometry.Alignment) error {
	l := &line{words: words[1:], end: words[len(words)-1].after, q: draft.Queue(), align: align, seen: map[string]bool{}}
	list, err := l.operations(words[0])
	for _, op := range list {
		if err == nil {
			err = draft.Stage(op)
		}
	}
	var refusal *ops.Refusal
	if errors.As(err, &refusal) {
		err = &Error{Col: words[0].col, Msg: refusal.Error(), Err: refusal}
	}
	return err
}

// Format is the queue as a plan file; Parse reads it back to operations with the same effect, whatever alignment it is read
// with.
func Format(q ops.Queue) string {
	var b strings.Builder
	for i, op := range q.Ops() {
		b.WriteString(written(op, q.Before(i)))
		b.WriteByte('\n')
	}
	return b.String()
}
