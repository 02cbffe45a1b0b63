package model

import (
	"errors"
	"fmt"
)

// Reason is a text for people that says why something cannot be done: "XFS cannot be shrunk". "" means that it can be
// done. No code reads the text.
type Reason string

// OK reports whether there is no reason against it.
func (r Reason) OK() bool { return r == "" }

// Err returns the reason as an error. It is never nil.
func (r Reason) Err() error { return errors.New(string(r)) }

// Because formats a reason.
func Because(format string, a ...any) Reason { return Reason(fmt.Sprintf(format, a...)) }
