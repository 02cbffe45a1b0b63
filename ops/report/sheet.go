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

// Figures says how sizes and positions are given.
type Figures int

// The kinds of figures.
const (
	Exact Figures = iota // with all bytes
	Brief                // rounded, without what is the same for nearly all disks
)

// ExactBytes formats a size for people, with the exact number of bytes.
func ExactBytes(b geometry.Bytes) string { return Exact.size(b) }

// size formats a size.
func (f Figures) size(b geometry.Bytes) string {
	if f == Brief {
		return geometry.FormatBytes(b)
	}
	return fmt.Sprintf("%s (%s bytes)", geometry.FormatBytes(b), geometry.Grouped(b))
}

// length formats a number of sectors.
func (f Figures) length(n geometry.Sector, z geometry.SectorSize) string {
	text := fmt.Sprintf("%s (%s sectors", geometry.FormatBytes(z.Bytes(n)), geometry.Grouped(n))
	if f == Exact {
		text += fmt.Sprintf(", %s bytes", geometry.Grouped(z.Bytes(n)))
	}
	return text + ")"
}

// position formats a position in sectors and MiB, and in bytes.
func (f Figures) position(at geometry.Sector, z geometry.SectorSize) string {
	b := z.Bytes(at)
	mib := geometry.Grouped(b / geometry.MiB)
	if rest := b % geometry.MiB; rest > 0 {
		mib += fmt.Sprintf(".%02d", rest*100/geometry.MiB)
	}
	if f == Brief {
		return fmt.Sprintf("sector %s (%s MiB)", geometry.Grouped(at), mib)
	}
	return fmt.Sprintf("sector %s (byte %s, %s MiB)", geometry.Grouped(at), geometry.Grouped(b), mib)
}
