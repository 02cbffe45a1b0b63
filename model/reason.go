package model

import (
	"errors"
	"fmt"
)

// Reason is why something cannot be done, ready to be shown: "XFS cannot be shrunk". The zero value is no reason: it can be
// done. The text is for people; no code reads it.
type Reason string

// OK reports whether nothing is against it.
func (r Reason) OK() bool { return r == "" }

// Err is the error for what was tried all the same. It is never nil.
func (r Reason) Err() error { return errors.New(string(r)) }

// Because is a reason with values in it.
func Because(format string, a ...any) Reason { return Reason(fmt.Sprintf(format, a...)) }
