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

// WaysOn says how an unfinished transaction of the target is ended. Once it is being rolled back it can only go on so.
func (c Call) WaysOn(rollingBack bool) string {
	back := "`" + c.Line("recover", "--rollback") + "`"
	if rollingBack {
		return "run " + back + " to go on rolling it back"
	}
	return "run `" + c.Line("recover") + "` to finish it, or " + back + " to roll it back"
}

// Fill replaces {target} and {recover} in the advice of a model.Problem.
func (c Call) Fill(advice string) string {
	return strings.NewReplacer("{target}", safetext.Word(safetext.Operand(c.Path)),
		"{recover}", c.Line("recover")).Replace(advice)
}
