package report

import (
	"time"

	"shunt/geometry"
	"shunt/model/safetext"
)

// Listing is one directory of a file system, or one file. Names, sizes and dates help people to recognise a partition.
type Listing struct {
	// Path is the directory from "/" on. It is printable.
	Path    string      `json:"path"`
	Entries []FileEntry `json:"entries"` // by name
	// File says that Path is no directory. Entries then has only the file at Path.
	File bool `json:"file,omitempty"`
	// More says that the directory has more entries than the listing.
	More bool `json:"more,omitempty"`
	// Notes are the reasons to doubt the listing: "the journal needs recovery: …". They are printable.
	Notes []string `json:"notes,omitempty"`
	// By names the reader: "go-diskfs", "debugfs", "mounted read-only".
	By string `json:"by"`
}

// FileKind is the kind of an entry of a directory.
type FileKind string

// Kinds of entries.
const (
	FileRegular   FileKind = "file"
	FileDirectory FileKind = "directory"
	FileSymlink   FileKind = "link"
	FileOther     FileKind = "other" // a device, pipe or socket, or an unknown kind
)

// FileEntry is one entry of a directory. Links are never followed.
type FileEntry struct {
	Name string `json:"name"` // printable
	// Raw is the exact name, if Name differs from it.
	Raw  []byte         `json:"raw,omitempty"`
	Kind FileKind       `json:"kind"`
	Size geometry.Bytes `json:"size"` // -1 if unknown
	// Modified is the time of the last change, or zero if unknown.
	Modified time.Time `json:"modified,omitzero"`
	// Target is the printable path to which a link leads. It is "" for other entries and if the path is unknown.
	Target string `json:"target,omitempty"`
}

// Exact returns the entry's name as it is stored. It can be used to look the entry up.
func (e FileEntry) Exact() string {
	if e.Raw != nil {
		return string(e.Raw)
	}
	return e.Name
}

// NewFileEntry returns an entry with the exact name.
func NewFileEntry(name string, kind FileKind, size geometry.Bytes, modified time.Time) FileEntry {
	e := FileEntry{Name: safetext.Printable(name), Kind: kind, Size: size, Modified: modified}
	if e.Name != name {
		e.Raw = []byte(name)
	}
	return e
}
