package report

import (
	"fmt"

	"shunt/geometry"
	"shunt/model/safetext"
)

// Sheet is what there is to know of a target or of one partition, for people: the information page and `shunt info`
// show the same one.
type Sheet struct {
	// Title names the subject: "p2 of /images/stick.raw".
	Title    string         `json:"title"`
	Sections []SheetSection `json:"sections"`
	// Said is what the file system's own tools say.
	Said []Said `json:"tools"`
}

// SheetSection is a part of a sheet under a heading of its own.
type SheetSection struct {
	Title string      `json:"title"`
	Lines []SheetLine `json:"lines"`
}

// SheetLine is one fact. Its text is printable.
type SheetLine struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Look is set where the fact wants attention.
	Look Attention `json:"attention,omitempty"`
}

// Attention says how much a fact wants to be noticed.
type Attention string

// The levels of attention.
const (
	Plain Attention = ""
	Odd   Attention = "warning"
	Wrong Attention = "error"
)

// Said is what one tool was asked and what it answered.
type Said struct {
	Command string `json:"command"`          // as it would be typed
	Output  string `json:"output,omitempty"` // printable, lines ended by newlines, bounded
	// Err is why there is no answer or only a part of it: "dumpe2fs is not installed: apt install e2fsprogs".
	Err string `json:"error,omitempty"`
}

// Add puts a line at the end of a section; an empty value is left out.
func (s *SheetSection) Add(name, value string) {
	s.Warn(name, value, Plain)
}

// Warn is Add for a line that wants attention.
func (s *SheetSection) Warn(name, value string, look Attention) {
	if value != "" {
		s.Lines = append(s.Lines, SheetLine{Name: name, Value: safetext.Printable(value), Look: look})
	}
}

// With is the sheet with one more section, unless that is empty.
func (s Sheet) With(section SheetSection) Sheet {
	if len(section.Lines) > 0 {
		s.Sections = append(s.Sections[:len(s.Sections):len(s.Sections)], section)
	}
	return s
}

// ExactBytes is a size for people and to the byte.
func ExactBytes(b geometry.Bytes) string {
	return fmt.Sprintf("%s (%d bytes)", geometry.FormatBytes(b), int64(b))
}
