package model

import (
	"errors"
	"fmt"
)

// Reason is why something cannot be done, ready to be shown: "XFS cannot be shrunk". The zero value means that it can be
// done. The text is for people; no code reads it.
type Reason string

// OK reports whether it can be done.
func (r Reason) OK() bool { return r == "" }

// Err returns the reason as an error. It is never nil.
func (r Reason) Err() error { return errors.New(string(r)) }

// Because formats a reason.
func Because(format string, a ...any) Reason { return Reason(fmt.Sprintf(format, a...)) }
