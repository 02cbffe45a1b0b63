package report

import (
	"time"

	"shunt/geometry"
	"shunt/model/safetext"
)

// Listing is one directory of a file system. Its names, sizes and dates help people to recognise a partition.
type Listing struct {
	// Path is the directory, printable, from "/" on.
	Path    string      `json:"path"`
	Entries []FileEntry `json:"entries"` // by name
	// More says that the directory has more entries than are listed.
	More bool `json:"more,omitempty"`
	// Notes are what makes the listing doubtful: "the journal needs recovery: …". They are printable.
	Notes []string `json:"notes,omitempty"`
	// By names what read it: "go-diskfs", "debugfs", "mounted read-only".
	By string `json:"by"`
}

// FileKind is what an entry of a directory is.
type FileKind string

// The kinds of entries.
const (
	FileRegular   FileKind = "file"
	FileDirectory FileKind = "directory"
	FileSymlink   FileKind = "link"
	FileOther     FileKind = "other" // a device, pipe or socket, or not known
)

// FileEntry is one entry of a directory. Links are never followed.
type FileEntry struct {
	Name string `json:"name"` // printable
	// Raw is the name byte by byte where Name is not that.
	Raw  []byte         `json:"raw,omitempty"`
	Kind FileKind       `json:"kind"`
	Size geometry.Bytes `json:"size"` // -1 if it is not known
	// Modified is zero if it is not known.
	Modified time.Time `json:"modified,omitzero"`
	// Target is where a link leads to, printable; "" if it is no link or if that is not known.
	Target string `json:"target,omitempty"`
}

// Exact is the entry's name as it is stored, to be asked for.
func (e FileEntry) Exact() string {
	if e.Raw != nil {
		return string(e.Raw)
	}
	return e.Name
}

// NewFileEntry is an entry of the exact name.
func NewFileEntry(name string, kind FileKind, size geometry.Bytes, modified time.Time) FileEntry {
	e := FileEntry{Name: safetext.Printable(name), Kind: kind, Size: size, Modified: modified}
	if e.Name != name {
		e.Raw = []byte(name)
	}
	return e
}
