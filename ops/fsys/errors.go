package fsys

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"shunt/geometry"
	"shunt/model/scan/fatfs"
)

// ToolError means that a tool ran and that its exit code reports a failure or a fault in the file system.
type ToolError struct {
	Argv   []string // the command
	Exit   int      // its exit code
	Means  string   // what the exit code means
	Advice string   // what to do, or ""
	Output string   // all that the tool said
}

func (e *ToolError) Error() string {
	text := fmt.Sprintf("%s ended with exit code %d", e.Argv[0], e.Exit)
	if e.Means != "" {
		text += " (" + e.Means + ")"
	}
	if tail := lastLines(e.Output); tail != "" {
		text += "; it said: " + tail
	}
	if e.Advice != "" {
		text += "; " + e.Advice
	}
	return text
}

// advise adds advice to a tool's error: what people can do next.
func advise(err error, what string) error {
	if failed := (*ToolError)(nil); errors.As(err, &failed) {
		failed.Advice = what
	}
	return err
}

// TooSmallError means that a tool found no room in the new size for what the file system holds. Least is the smallest size
// that the tool names, or 0 if it names none; a larger one than Resize was asked for may still be too small.
type TooSmallError struct {
	Least geometry.Bytes
	Err   error
}

func (e *TooSmallError) Error() string {
	switch kind := (*fatfs.SizeError)(nil); {
	case errors.As(e.Err, &kind):
		return e.Err.Error() // it is about the kind and not about the contents, and has the size
	case e.Least > 0:
		return fmt.Sprintf("%v; its contents need %s (%d bytes)", e.Err, geometry.FormatAtLeast(e.Least), int64(e.Least))
	}
	return fmt.Sprintf("%v; its contents do not fit into that size: leave it larger", e.Err)
}

func (e *TooSmallError) Unwrap() error { return e.Err }

// tooSmall returns err as a TooSmallError if the tool says that there is no room. A driver reads its own tool's words to
// find that out, where no exit code tells it.
func tooSmall(err error, noRoom bool, least geometry.Bytes) error {
	if failed := (*ToolError)(nil); noRoom && errors.As(err, &failed) {
		return &TooSmallError{Least: least, Err: err}
	}
	return err
}

// says reports whether a tool's output has one of the phrases.
func says(output string, phrases ...string) bool {
	return slices.ContainsFunc(phrases, func(p string) bool { return strings.Contains(output, p) })
}

// lastLines returns the end of a tool's output as one line.
func lastLines(output string) string {
	const most = 4
	var lines []string
	for line := range strings.Lines(output) {
		// A carriage return or a backspace makes a terminal overwrite the text before it.
		if i := strings.LastIndexAny(strings.TrimRight(line, "\r\n\b"), "\r\b"); i >= 0 {
			line = line[i+1:]
		}
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-most):], " / ")
}

// exitCodes says what the exit codes of a tool mean. An unlisted code is a failure without explanation.
type exitCodes struct {
	ok   []int          // the codes that are no failure
	text map[int]string // what the others mean
	bits bool           // codes are sums of those in text and ok
}

func (c exitCodes) good(exit int) bool {
	rest := exit
	for _, code := range c.ok {
		if exit == code {
			return true
		}
		rest &^= code
	}
	return exit >= 0 && c.bits && rest == 0
}

func (c exitCodes) meaning(exit int) string {
	if !c.bits {
		return c.text[exit]
	}
	var parts []string
	for bit := 1; bit <= 128; bit <<= 1 {
		if text, ok := c.text[bit]; ok && exit > 0 && exit&bit != 0 {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, ", ")
}

// zeroOnly is for tools whose only documented exit code is 0.
var zeroOnly = exitCodes{ok: []int{0}}

// fsckCodes are the exit codes of fsck(8), which most checkers use.
var fsckCodes = exitCodes{ok: []int{0}, bits: true, text: map[int]string{
	1: "errors were corrected", 2: "the system should be restarted", 4: "errors were left uncorrected",
	8: "operational error", 16: "usage error", 32: "cancelled", 128: "shared library error",
}}

// or returns a copy of c in which one more code means success.
func (c exitCodes) or(exit int) exitCodes {
	c.ok = append(slices.Clone(c.ok), exit)
	return c
}
