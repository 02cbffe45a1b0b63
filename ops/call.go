package ops

import (
	"slices"
	"strings"

	"shunt/model/safetext"
)

// Call makes command lines that run this program on a target as they are printed.
type Call struct {
	Program string   // "" is "shunt"
	Flags   []string // flags of the present call that matter for the target
	Path    string   // of the target
	// Wrapped is the format of an image whose bytes are not those of the disk, so that programs that know disks alone would
	// damage it, or "".
	Wrapped string
}

// Line returns the command line that runs a command, such as "apply" or "image convert", on the target. more are additional
// flags.
func (c Call) Line(command string, more ...string) string { return c.line(command, more, nil) }

// LineTo is like Line, with additional arguments behind the target.
func (c Call) LineTo(command string, more ...string) string { return c.line(command, nil, more) }

func (c Call) line(command string, flags, arguments []string) string {
	program := c.Program
	if program == "" {
		program = "shunt"
	}
	return safetext.Command(slices.Concat([]string{program}, strings.Fields(command), c.Flags, flags,
		[]string{safetext.Operand(c.Path)}, arguments)...)
}

// Ways says how an unfinished transaction can be ended.
type Ways int

// The ways to end an unfinished transaction.
const (
	EitherWay   Ways = iota
	OnlyBack         // it is being rolled back
	OnlyForward      // it has begun to wipe content, which nothing can bring back
)

// WaysOn says how an unfinished transaction of the target is ended.
func (c Call) WaysOn(w Ways) string {
	finish, back := "`"+c.Line("recover")+"`", "`"+c.Line("recover", "--rollback")+"`"
	switch w {
	case OnlyBack:
		return "run " + back + " to go on rolling it back"
	case OnlyForward:
		return "run " + finish + " to finish it; it has begun to wipe content and cannot be rolled back"
	case EitherWay:
	}
	return "run " + finish + " to finish it, or " + back + " to roll it back"
}

// Fill replaces {target} and {recover} in the advice of a model.Problem. Where the bytes of the target are not those of the
// disk, the advice is for a raw copy.
func (c Call) Fill(advice string) string {
	name := safetext.Word(safetext.Operand(c.Path))
	if c.Wrapped != "" && strings.Contains(advice, "{target}") {
		const raw = "copy.raw"
		convert := Call{Program: c.Program, Path: c.Path}.LineTo("image convert", raw)
		name, advice = raw, advice+" (on a raw copy, made by `"+convert+"`: on the image itself it would damage the "+c.Wrapped+" format)"
	}
	return strings.NewReplacer("{target}", name, "{recover}", c.Line("recover")).Replace(advice)
}
