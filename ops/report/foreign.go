package report

import (
	"fmt"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
)

// foreign describes the file of an image in one of QEMU's formats.
func foreign(f model.ForeignImage) SheetSection {
	s := SheetSection{Title: "Image file"}
	s.Add("Variant", f.Variant)
	s.Add("File", fmt.Sprintf("%s, %s of it allocated", ExactBytes(f.File), geometry.FormatBytes(f.Allocated)))
	for _, part := range f.Parts {
		s.Add("Part", part)
	}
	s.Add("Edits", safetext.Printable(editsOf(f)))
	return s
}

// editsOf says what can be done with such an image.
func editsOf(f model.ForeignImage) string {
	if f.ReadOnly.OK() {
		return "in place, through qemu-storage-daemon; another size by a new image"
	}
	return fmt.Sprintf("none: %s; `shunt image convert` makes an image that can be edited", f.ReadOnly)
}

// ForeignLine describes it on one line, which follows the format.
func ForeignLine(f model.ForeignImage) string {
	words := []string{f.Variant, "a file of " + geometry.FormatBytes(f.File), geometry.FormatBytes(f.Allocated) + " allocated"}
	if n := len(f.Parts); n > 0 {
		words[1] = fmt.Sprintf("%d files of %s", n+1, geometry.FormatBytes(f.File))
	}
	if f.Variant == "" {
		words = words[1:]
	}
	return strings.Join(words, ", ") + "; edits: " + editsOf(f)
}
