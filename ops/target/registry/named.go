package registry

import (
	"fmt"
	"slices"
)

// Formats returns the names of all formats that have a driver, raw first and the others sorted.
func Formats() []string {
	var names []string
	for _, f := range formats {
		if f.driver != nil && !slices.Contains(names, f.name) {
			names = append(names, f.name)
		}
	}
	slices.Sort(names)
	return append([]string{plain().name}, names...)
}

// WrongFormat is returned for a target that has another format than the user says.
type WrongFormat struct{ Path, Is, Said string }

func (e *WrongFormat) Error() string {
	if e.Is == plain().name {
		return fmt.Sprintf("%s does not begin as a %s image does: leave out --format", e.Path, e.Said)
	}
	return fmt.Sprintf("%s is in the format %s, and not %s: leave out --format, or say --format raw if its bytes are those of the disk",
		e.Path, e.Is, e.Said)
}
