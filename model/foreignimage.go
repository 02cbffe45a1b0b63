package model

import "shunt/geometry"

// A ForeignImage describes the file of an image in a format that QEMU's programs read and write for shunt.
type ForeignImage struct {
	Variant   string         `json:"variant,omitempty"` // of the format: "dynamic", "monolithicSparse"
	File      geometry.Bytes `json:"file_size"`
	Allocated geometry.Bytes `json:"allocated"` // on the file system of the host
	// Parts are the names of the other files that hold the disk.
	Parts []string `json:"files,omitempty"`
	// ReadOnly is the reason why the image is never edited.
	ReadOnly Reason `json:"only_read,omitempty"`
}
