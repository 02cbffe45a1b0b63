package report

import (
	"time"

	"shunt/geometry"
)

// A Difference says how the disks in two images differ, A being the first of them. All texts are printable.
type Difference struct {
	A DiffSide `json:"a"`
	B DiffSide `json:"b"`
	// Same says that the disks have the same content. Free blocks and zeros behind the end of one do not count.
	Same bool `json:"same"`
	// Table says how the partition tables differ.
	Table []string `json:"table"`
	// Areas are the parts of the disks that were compared and differ, or hold a partition.
	Areas []AreaDiff `json:"areas"`
	Notes []string   `json:"notes"` // what does not count
}

// A DiffSide is one of two images.
type DiffSide struct {
	Path   string         `json:"path"`
	Format string         `json:"format"`
	Size   geometry.Bytes `json:"size"`
	InUse  string         `json:"in_use,omitempty"`
}

// An AreaDiff compares a part of the disks: "p1", "boot code", "table".
type AreaDiff struct {
	Name     string `json:"name"`
	Contents string `json:"contents,omitempty"`
	// Bytes is how many bytes differ and count, in Ranges runs of sectors. First holds the first of them.
	Bytes  int64       `json:"bytes"`
	Ranges int64       `json:"ranges"`
	First  []DiffRange `json:"first_ranges"`
	Free   int64       `json:"free_bytes,omitempty"` // differ, in blocks that are free in both
	Files  *FileDiff   `json:"files,omitempty"`
	// NoFiles is why the files are not compared.
	NoFiles string `json:"no_files,omitempty"`
}

// A DiffRange is a run of bytes, from the beginning of the area on.
type DiffRange struct {
	Off int64 `json:"offset"`
	Len int64 `json:"bytes"`
}

// A FileDiff says which files of a file system differ by name, kind, size or date.
type FileDiff struct {
	Added   []FileEntry  `json:"added"`
	Removed []FileEntry  `json:"removed"`
	Changed []FileChange `json:"changed"`
	// Total is how many there are. The lists can be shorter.
	Total int `json:"total"`
	// Partly says that not all files were compared.
	Partly bool `json:"partly,omitempty"`
}

// A FileChange is a file that both file systems have, as it is in A and in B.
type FileChange struct {
	Path string    `json:"path"`
	Kind [2]string `json:"kind"`
	// Size is in bytes, -1 if unknown.
	Size     [2]geometry.Bytes `json:"size"`
	Modified [2]time.Time      `json:"modified"`
}
