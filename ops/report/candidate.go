package report

import (
	"shunt/geometry"
	"shunt/model"
)

// CandidateKind is the kind of a candidate.
type CandidateKind int

// Kinds of candidates.
const (
	CandidateFile CandidateKind = iota
	CandidateDir
	CandidateDevice
)

// Candidate is something that can perhaps be opened as a target, or a directory that may contain targets. It holds what
// is known without reading the target.
type Candidate struct {
	// Name is its name in the directory, and Path its path from anywhere. Both are exact, and not safe to print.
	Name, Path string
	Kind       CandidateKind
	Size       geometry.Bytes // of a file
	// Likely says that the name and size of a file suggest a disk image.
	Likely bool
}

// Summary is the result of a short look into a candidate. Its texts are printable. A text is empty if nothing was found.
type Summary struct {
	Path   string // of the candidate, exact
	Size   geometry.Bytes
	Format string // "raw", "qcow2", "loop device", or "" if it cannot be read
	Table  model.TableKind
	Parts  int          // partitions, not counting an extended one
	Whole  model.FSKind // contents of a disk without partitions
	Back   string       // the file behind a loop device
	Use    string       // its users: "loop device /dev/loop0, mounted at /mnt"
	// PartsUsed says that the system uses its partitions, Shunt that another shunt uses it.
	PartsUsed, Shunt bool
	Own              bool         // the program that looked has it open itself
	Cannot           model.Reason // why it cannot be opened, even if nothing uses it
	Foreign          string       // the name of a table that shunt leaves alone, or ""
	Blank            bool         // it holds nothing
	BeginsBlank      bool         // only zeroes were found, but not all of it was read
	// Image says that it is a disk image, or that nothing shows that it is something else.
	Image bool
}

// Opens reports whether it can be opened now, as far as the look has shown. A commit of another shunt can be opened to be watched.
func (s Summary) Opens() bool {
	return s.Cannot.OK() && (s.Use == "" || s.Own || s.Shunt || s.PartsUsed)
}
