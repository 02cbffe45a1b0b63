// Package plan parses and writes plan files. A plan file is a queue as text, with one operation on each line. Words are
// separated by blanks, and "#" at the start of a word begins a comment. Text in double quotes may contain blanks, and
// these escapes: \" for a quote, \\ for a backslash, \x1b for a byte, \u202e and \U0001f4be for a character. P is a
// partition number. Sizes need a unit (see geometry.ParseSize) and are rounded up to whole sectors. A property may occur
// once.
//
//	image grow SIZE | image size SIZE | image to SIZE | image by +SIZE | image min
//	image snapshot create NAME | image snapshot apply NAME|ID | image snapshot delete NAME|ID
//	image flatten | image rebase PATH [as=NAME] | image commit from=PATH
//	move P right SIZE | move P left SIZE | move P to OFFSET     each with: and resize to SIZE
//	resize P to SIZE | resize P by +SIZE | resize P by -SIZE | resize P min | resize P max
//	resize P to SIZE entry-only | resize P by +SIZE entry-only | resize P by -SIZE entry-only
//	grow P
//	room P by +SIZE | room P to SIZE | room P max
//	new SIZE|max [at OFFSET] [fs=KIND] [label=TEXT] [name=TEXT] [type=TYPE] [as=primary|extended|logical]
//	new SIZE at OFFSET keep [name=TEXT] [type=TYPE] [partuuid=UUID] [as=primary|logical]
//	delete P
//	check P
//	copy P at OFFSET [size=SIZE] [as=primary|logical] [from=PATH] | copy P over Q [from=PATH]
//	format P fs=KIND [label=TEXT] | format P cleared
//	wipe P [random] | wipe free [random]
//	label P TEXT | name P TEXT
//	type P TYPE | flag P FLAG on|off
//	uuid P new|half
//	table new gpt|mbr | table gpt | table restore from=PATH | table restore DUMP | table sort | table use READING
//	table hybrid P… [active=P] [ee=last] | table hybrid none
//	table flag boot on|off | table first-lba OFFSET | table array OFFSET | table new gpt first-lba=OFFSET
//
// Where something has a size already, a SIZE without a sign is the new size and one with a sign is the difference: "resize
// 1 2GiB" and "resize 1 to 2GiB" are the same, and so are "resize 1 +2GiB", "resize 1 to +2GiB" and "resize 1 by +2GiB".
// Only "image grow 2GiB" is a difference without a sign.
//
// A line with "room" or "image min" stands for several operations: those that ops.Env.Room returns are staged. Any other
// line is one operation.
//
// An OFFSET in sectors ("2048s") is exact. An OFFSET in any other unit is rounded to the grid.
//
// Each file here has the lines of a few verbs: how they are parsed and how they are written.
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

// Error means that a plan file cannot be read or that one of its lines cannot be staged.
type Error struct {
	Line, Col int    // 1-based; Col counts characters
	Msg       string // what is wrong and what is allowed
	Err       error  // the *ops.Refusal of a line that is well-formed but impossible, or the read error
}

func (e *Error) Error() string {
	return fmt.Sprintf("plan line %d, column %d: %s", e.Line, e.Col, e.Msg)
}

// Unwrap returns the refusal or the read error behind it.
func (e *Error) Unwrap() error { return e.Err }

// Limits of a plan file, so that no input needs much memory or time: the bytes of a line, the bytes of all lines, and the
// operations. A disk of 128 partitions with a few operations each stays far below.
const (
	maxLine  = 512 << 10 // a table of 1024 partitions is one line
	maxBytes = 1 << 20
	maxOps   = 1000
)

// Parse stages every line of a plan file on q. Positions that shunt chooses are rounded to the grid of align, and so are
// offsets in other units than sectors. Every error is a *Error, and then the result is q unchanged.
func Parse(r io.Reader, q ops.Queue, align geometry.Alignment) (ops.Queue, error) {
	draft, align := q.Draft(), q.Env().Medium.Align(align)
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

// placed returns err as an *Error on line n.
func placed(err error, n int) error {
	var at *Error
	if !errors.As(err, &at) {
		at = &Error{Col: 1, Msg: err.Error(), Err: err}
	}
	at.Line = n
	return at
}

// stage stages one line. The line has at least one word.
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

// Format writes the queue as a plan file. Parse turns that back into operations with the same effect, whatever alignment
// it uses.
func Format(q ops.Queue) string {
	var b strings.Builder
	for i, op := range q.Ops() {
		b.WriteString(written(op, q.Before(i)))
		b.WriteByte('\n')
	}
	return b.String()
}
