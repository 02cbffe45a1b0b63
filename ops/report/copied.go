package report

import (
	"fmt"

	"shunt/geometry"
)

// Copied sums up what was copied out of a file system.
type Copied struct {
	Files, Dirs, Links int
	Bytes              int64
	// Problems counts what could not be copied.
	Problems int
	// Taken counts the problems that are files and directories whose name existed already.
	Taken int
	// Attributes says that files had extended attributes, and Shared that some had several names. Neither was kept.
	Attributes, Shared bool
}

// String counts what was copied: "2 files, 1 directory (4.00 KiB)".
func (c Copied) String() string {
	count := func(n int, one, many string) string {
		if n == 1 {
			return "1 " + one
		}
		return fmt.Sprintf("%d %s", n, many)
	}
	text := count(c.Files, "file", "files")
	if c.Dirs > 0 {
		text += ", " + count(c.Dirs, "directory", "directories")
	}
	if c.Links > 0 {
		text += ", " + count(c.Links, "link", "links")
	}
	return text + fmt.Sprintf(" (%s)", geometry.FormatBytes(geometry.Bytes(c.Bytes)))
}

// Any reports whether anything was copied.
func (c Copied) Any() bool { return c.Files+c.Dirs+c.Links > 0 }

// Lacks says what the copy does not have of what it was made from, one sentence each.
func (c Copied) Lacks() (list []string) {
	if c.Attributes {
		list = append(list, "some files have extended attributes (access lists, capabilities, labels): these were not copied")
	}
	if c.Shared {
		list = append(list, "some files have several names: each name was copied as a file of its own")
	}
	return list
}

// A CopiedOut is what became of a copy out of a file system to the host.
type CopiedOut struct {
	Copied
	// To is the absolute path of the copy.
	To string
	// Left says what was left out, and what is not as it was: one printable line each, with the path. More counts those
	// that are not listed.
	Left []string
	More int
}
