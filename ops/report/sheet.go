package report

import (
	"fmt"

	"shunt/geometry"
	"shunt/model/safetext"
)

// Sheet holds everything known about a target or a partition, for people. The information page and `shunt info` show the
// same sheet.
type Sheet struct {
	// Title names the subject: "p2 of /images/stick.raw".
	Title    string         `json:"title"`
	Sections []SheetSection `json:"sections"`
	// Said holds the output of the file system's own tools.
	Said []Said `json:"tools"`
}

// SheetSection is a part of a sheet with a heading.
type SheetSection struct {
	Title string      `json:"title"`
	Lines []SheetLine `json:"lines"`
}

// SheetLine is one fact. Its text is printable.
type SheetLine struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Look is set if people should notice the fact.
	Look Attention `json:"attention,omitempty"`
}

// Attention says how much people should notice a fact.
type Attention string

// Levels of attention.
const (
	Plain Attention = ""
	Odd   Attention = "warning"
	Wrong Attention = "error"
)

// Said is a command line of a tool with its output.
type Said struct {
	Command string `json:"command"`          // as people would type it
	Output  string `json:"output,omitempty"` // printable, lines ended by newlines, bounded
	// Err is the reason why the output is missing or incomplete: "dumpe2fs is not installed: apt install e2fsprogs".
	Err string `json:"error,omitempty"`
}

// Add appends a line to a section, unless the value is empty.
func (s *SheetSection) Add(name, value string) {
	s.Warn(name, value, Plain)
}

// Warn is like Add, for a line that people should notice.
func (s *SheetSection) Warn(name, value string, look Attention) {
	if value != "" {
		s.Lines = append(s.Lines, SheetLine{Name: name, Value: safetext.Printable(value), Look: look})
	}
}

// With returns the sheet with one more section, unless the section is empty.
func (s Sheet) With(section SheetSection) Sheet {
	if len(section.Lines) > 0 {
		s.Sections = append(s.Sections[:len(s.Sections):len(s.Sections)], section)
	}
	return s
}

// ExactBytes formats a size for people, with the exact number of bytes.
func ExactBytes(b geometry.Bytes) string {
	return fmt.Sprintf("%s (%d bytes)", geometry.FormatBytes(b), int64(b))
}
