package qcow2

import (
	"io"
	"strings"
)

// BackingOf returns the path of the backing file of the image that r reads, which lies at path, or "" if r reads no image
// or there is none.
func BackingOf(r io.ReaderAt, path string) string {
	h, err := readHeader(r)
	if err != nil || h.Backing == "" {
		return ""
	}
	return beside(path, strings.TrimPrefix(h.Backing, "file:"))
}
