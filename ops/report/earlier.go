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

// Words says what becomes of them, a sentence each.
func (e *Earlier) Words() (list []string) {
	if e == nil {
		return nil
	}
	switch n := len(e.Stay); {
	case n == 1:
		list = append(list, "The commit before it can still be undone after it: "+keptFor(e.Stay)+".")
	case n > 1:
		list = append(list, fmt.Sprintf("The %d commits before it can still be undone after it, one after the other: %s.", n, keptFor(e.Stay)))
	}
	switch n := len(e.Go); {
	case n == 1:
		list = append(list, "The commit of "+e.Go[0].minute()+" cannot be undone any more then: "+e.Why+".")
	case n > 1:
		list = append(list, fmt.Sprintf("%d earlier commits, the last of %s, cannot be undone any more then: %s.", n, e.Go[0].minute(), e.Why))
	}
	return list
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
