package report

import (
	"shunt/geometry"
	"shunt/model"
)

// CandidateKind is what a candidate is.
type CandidateKind int

// The kinds of candidates.
const (
	CandidateFile CandidateKind = iota
	CandidateDir
	CandidateDevice
)

// Candidate is something that could be opened as a target, or a directory to look for targets in, as far as it is known
// without reading it.
type Candidate struct {
	// Name is what it is called where it lies, and Path leads to it from anywhere. Both are exact, so not yet printable.
	Name, Path string
	Kind       CandidateKind
	Size       geometry.Bytes // of a file
	// Likely says that a file looks like a disk image by its name and size.
	Likely bool
}

// Summary is what a short look into a candidate found. Its texts are printable, and empty where it found nothing.
type Summary struct {
	Path   string // of the candidate, exact
	Size   geometry.Bytes
	Format string // "raw", "qcow2", "loop device"; "" if it could not be looked into
	Table  model.TableKind
	Parts  int          // partitions, not counting an extended one
	Whole  model.FSKind // what covers a disk without partitions
	Back   string       // the file behind a loop device
	Use    string       // its users: "loop device /dev/loop0, mounted at /mnt"
	// PartsUsed says that the system uses partitions of it, and Shunt that another shunt uses it.
	PartsUsed, Shunt bool
	Own              bool         // the program that looked has it open itself
	Cannot           model.Reason // why it cannot be opened, whoever uses it
	// Image says that it is a disk image, or that it cannot be told to be anything else.
	Image bool
}
