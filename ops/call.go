package ops

import (
	"slices"
	"strings"

	"shunt/model/safetext"
)

// Call makes command lines of this program for a target. They run as they are printed.
type Call struct {
	Program string   // "" is "shunt"
	Flags   []string // those it was called with that matter for the target
	Path    string   // of the target
}

// Line is the call of a command on the target, with more flags.
func (c Call) Line(command string, more ...string) string { return c.line(command, more, nil) }

// LineTo is the call of a command on the target, with more arguments behind that.
func (c Call) LineTo(command string, more ...string) string { return c.line(command, nil, more) }

func (c Call) line(command string, flags, arguments []string) string {
	program := c.Program
	if program == "" {
		program = "shunt"
	}
	return safetext.Command(slices.Concat([]string{program, command}, c.Flags, flags,
		[]string{safetext.Operand(c.Path)}, arguments)...)
}

// Fill puts the target, and the call that recovers it, in their places in the advice of a model.Problem.
func (c Call) Fill(advice string) string {
	return strings.NewReplacer("{target}", safetext.Word(safetext.Operand(c.Path)),
		"{recover}", c.Line("recover")).Replace(advice)
}
