package report

import "shunt/geometry"

// Found is what is known about one image among many. Path is exact; all other texts are printable.
type Found struct {
	Path      string         `json:"path"`
	Format    string         `json:"format"`
	Size      geometry.Bytes `json:"size"`      // of the disk
	Allocated geometry.Bytes `json:"allocated"` // on the file system of the host; 0 for a device
	Table     string         `json:"table"`     // "GPT", "MBR", "none", "" if it could not be read
	InUse     string         `json:"in_use"`
	// Partitions are those of the table, or one with the number 0 for what covers a disk without a table.
	Partitions []FoundPart `json:"partitions"`
	// Note says why the inside is not shown, or what is odd. Error says that the image could not be read.
	Note  string `json:"note"`
	Error string `json:"error"`
}

// FoundPart is a partition of an image that was found.
type FoundPart struct {
	Number int            `json:"number"`
	Size   geometry.Bytes `json:"size"`
	Kind   string         `json:"filesystem"` // "ext4", "unknown", "unformatted"; "extended" for that partition
	Label  string         `json:"label"`
	UUID   string         `json:"uuid"`
	Name   string         `json:"name"` // in the table
	Type   string         `json:"type"`
	Used   *int64         `json:"used"` // nil if unknown
}
