// Package tried makes errors that say what the program tried to do: "open a.raw: permission denied". They are marked, so
// that code that shows one can put "cannot" before it without reading it. Errors that say what is wrong, such as "a.raw
// is empty", come from fmt.Errorf and errors.New instead.
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

// failure is an error whose text begins with the verb of the action that failed.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// Errorf is like fmt.Errorf, for a format that begins with a verb: "open %s: %w". If an argument is an error of the os
// package, its operation is dropped, and its file too if args also has the file, because the format names them. A format
// that begins with "%w" extends an error; the result is marked if that error is, or the first of several joined ones.
func Errorf(format string, args ...any) error {
	err := fmt.Errorf(format, args...) // this line lets vet check the callers
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

// Cause returns the cause inside an error of the os package, without operation and file. It returns other errors
// unchanged.
func Cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

// Text formats an error for people, on one line: "cannot open a.raw: permission denied".
func Text(err error) string {
	if all := joined(err); all != nil {
		var texts []string
		for _, e := range all {
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

// marked reports whether an error says what was tried. Errors of the os package do: they begin with their operation.
func marked(err any) bool {
	if all := joined(err); all != nil {
		return marked(all[0])
	}
	_, is := err.(failure)
	_, cause := parts(err)
	return is || cause != nil
}

// joined returns the errors inside an error of errors.Join, and nil for other errors.
func joined(err any) []error {
	if all, ok := err.(interface{ Unwrap() []error }); ok && reflect.TypeOf(err) == reflect.TypeOf(errors.Join(fs.ErrExist)) {
		return all.Unwrap()
	}
	return nil
}

// parts returns the file and the cause of an error of the os package. For other errors the cause is nil.
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
