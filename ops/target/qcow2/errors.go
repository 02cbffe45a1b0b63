package qcow2

import "fmt"

// Refused is returned for an image that shunt does not read or does not edit, although it need not be damaged.
type Refused struct {
	Why string // follows "the qcow2 image"
	Do  string // what to do
}

func (e *Refused) Error() string { return fmt.Sprintf("the qcow2 image %s: %s", e.Why, e.Do) }

// Corrupt is returned for an image that breaks the rules of the format.
type Corrupt struct {
	What string // what is wrong: "the L1 table reaches beyond ..."
}

func (e *Corrupt) Error() string {
	return fmt.Sprintf("the qcow2 image is damaged: %s; `qemu-img check` says more, and `qemu-img check -r all` on a copy may mend it", e.What)
}

func corrupt(format string, args ...any) error { return &Corrupt{What: fmt.Sprintf(format, args...)} }
