package report

import (
	"fmt"

	"shunt/geometry"
)

// Earlier is what becomes of the transactions that can be undone before a commit, the newest first.
type Earlier struct {
	Stay []Applied `json:"stay,omitempty"` // can be undone after that of the commit, one after the other
	Go   []Applied `json:"go,omitempty"`   // cannot be undone any more
	Why  string    `json:"why,omitempty"`  // the newest of these goes
}

// Kept says which can still be undone after the commit, "" if none can.
func (e *Earlier) Kept() string {
	switch {
	case e == nil || len(e.Stay) == 0:
		return ""
	case len(e.Stay) == 1:
		return "The commit before it can still be undone after it: " + keptFor(e.Stay) + "."
	}
	return fmt.Sprintf("The %d commits before it can still be undone after it, one after the other: %s.", len(e.Stay), keptFor(e.Stay))
}

// Gone says which cannot be undone any more after the commit, and why; "" if there are none.
func (e *Earlier) Gone() string {
	switch {
	case e == nil || len(e.Go) == 0:
		return ""
	case len(e.Go) == 1:
		return "The commit of " + e.Go[0].minute() + " cannot be undone any more then: " + e.Why + "."
	}
	return fmt.Sprintf("%d earlier commits, the last of %s, cannot be undone any more then: %s.", len(e.Go), e.Go[0].minute(), e.Why)
}

// keptFor says how much is kept for undos.
func keptFor(list []Applied) string {
	return geometry.FormatBytes(RoomOf(list)) + " stay for that"
}

// RoomOf returns how much is kept for all of a list together.
func RoomOf(list []Applied) (n geometry.Bytes) {
	for _, a := range list {
		n += a.Room
	}
	return n
}

func (a Applied) minute() string { return a.When.Local().Format("2006-01-02 15:04") }

// LosesUnused reports whether an undo of all of a list loses the content of some blocks that no file system used.
func LosesUnused(list []Applied) bool {
	for _, a := range list {
		if a.LosesUnused {
			return true
		}
	}
	return false
}
