package target

import (
	"fmt"
	"strconv"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

// A Served is a file system on a target that a process of shunt shows at a directory, with FUSE.
type Served struct {
	Image    string // the path that the target had when it was mounted
	Number   int    // of the partition, 0 for the whole target, or the identity of what is no partition (model.LostID)
	Dir      string
	ReadOnly bool
}

// ServedTitle is the first word of the command line of such a process. Source and Dir are the others.
const ServedTitle = "shunt-mount"

// ServedKind is the kind of file system that stands in the lists of mounts.
const ServedKind = "fuse.shunt"

// Source returns what stands for the device in the lists of mounts.
func (s Served) Source() string { return s.Image + ":" + s.Arg() }

// Arg returns what commands call the part: "2", or "@2048s" for what begins at that sector and is no partition.
func (s Served) Arg() string {
	if s.Number < 0 {
		return fmt.Sprintf("@%ds", model.PartID(s.Number).LostAt())
	}
	return strconv.Itoa(s.Number)
}

// Argv returns the command line of the process.
func (s Served) Argv() []string { return []string{ServedTitle, s.Source(), s.Dir} }

// Part names the partition for people.
func (s Served) Part() string {
	switch {
	case s.Number == 0:
		return "the file system on it"
	case s.Number < 0:
		return fmt.Sprintf("what begins at sector %d", model.PartID(s.Number).LostAt())
	}
	return "p" + strconv.Itoa(s.Number)
}

// ParseServed takes the Source apart. Dir and ReadOnly are not set.
func ParseServed(source string) (s Served, ok bool) {
	at := strings.LastIndexByte(source, ':')
	if at < 0 || !strings.HasPrefix(source, "/") {
		return s, false
	}
	arg := source[at+1:]
	if place, lost := strings.CutPrefix(arg, "@"); lost {
		first, err := strconv.ParseUint(strings.TrimSuffix(place, "s"), 10, 53)
		return Served{Image: source[:at], Number: int(model.LostID(geometry.Sector(first)))}, err == nil && strings.HasSuffix(place, "s")
	}
	number, err := strconv.Atoi(arg)
	return Served{Image: source[:at], Number: number}, err == nil && number >= 0
}
