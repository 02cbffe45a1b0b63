// Package tried makes errors that say what was tried: "open a.raw: permission denied". They are marked, so that whatever
// shows one to a person can put "cannot" before it without reading it. Errors that say by themselves what is wrong, such as
// "a.raw is empty", are made by fmt.Errorf and errors.New.
package tried

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
)

// failure is an error whose text begins with the verb of what was tried.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// Errorf is fmt.Errorf for a format that begins with a verb: "open %s: %w". An error of the os package among args loses its
// operation, and its file as well if that is among args: the format names both. A format that begins with "%w" adds to an
// error, and the result is marked if that error is.
func Errorf(format string, args ...any) error {
	err := fmt.Errorf(format, args...) // vet checks calls for this line
	clean := slices.Clone(args)
	for i, arg := range args {
		switch file, cause := parts(arg); {
		case cause == nil:
		case file == "" || slices.Contains(args, any(file)):
			clean[i] = cause
		default:
			clean[i] = fmt.Errorf("%s: %w", file, cause)
		}
		err = fmt.Errorf(format, clean...)
	}
	if strings.HasPrefix(format, "%w") && !marked(args[0]) {
		return err
	}
	return failure{err}
}

// Cause is the cause behind an error of the os package, without operation and file; other errors stay as they are.
func Cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

// Text is an error for people, in one line: "cannot open a.raw: permission denied".
func Text(err error) string {
	if joined, ok := any(err).(interface{ Unwrap() []error }); ok && reflect.TypeOf(err) == reflect.TypeOf(errors.Join(fs.ErrExist)) {
		var texts []string
		for _, e := range joined.Unwrap() {
			texts = append(texts, Text(e))
		}
		return strings.Join(texts, "; ")
	}
	text := strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ")
	if marked(err) {
		return "cannot " + text
	}
	return text
}

// marked reports whether an error says what was tried. Those of the os package begin with their operation.
func marked(err any) bool {
	_, is := err.(failure)
	_, cause := parts(err)
	return is || cause != nil
}

// parts are the file and the cause of an error of the os package; the cause of anything else is nil.
func parts(err any) (file string, cause error) {
	switch e := err.(type) {
	case *fs.PathError:
		return e.Path, e.Err
	case *os.LinkError:
		return e.New, e.Err
	case *os.SyscallError:
		return "", e.Err
	}
	return "", nil
}
