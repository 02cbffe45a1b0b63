package qcow2

import (
	"io"

	"shunt/model"
)

// BackingOf returns the path of the backing file of the image that r reads, which lies at path, or "" if r reads no image,
// or it has none, or one that is not named as a file.
func BackingOf(r io.ReaderAt, path string) string {
	h, err := readHeader(r)
	if err != nil || h.Backing == "" {
		return ""
	}
	below, err := h.backingFile(path)
	if err != nil {
		return ""
	}
	return below
}

// A Brief is what the header of an image says.
type Brief struct {
	Size          int64  // of the disk in bytes
	Backing       string // the name of the backing file as it is stored, "" without one
	Path          string // where it lies, as seen from the working directory; "" if the name is not that of a file
	BackingFormat string // "" if the image does not say
	Snapshots     []model.ImageSnapshot
}

// Briefly reads the header and the snapshot table of the image that r reads, which lies at path. It opens no backing file. It
// fails with *Refused or *Corrupt, or with the error of a read.
func Briefly(r io.ReaderAt, path string) (b Brief, err error) {
	h, err := readHeader(r)
	if err != nil {
		return b, err
	}
	list, _, err := h.readSnapshots(r)
	if err != nil {
		return b, err
	}
	b = Brief{Size: h.Size, Backing: h.Backing, BackingFormat: h.BackingFormat, Snapshots: described(list)}
	if h.Backing != "" {
		if below, err := h.backingFile(path); err == nil {
			b.Path = below
		}
	}
	return b, nil
}
