package image

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// A Format is a format of image files, by the name that the command line and QEMU have for it.
type Format string

// The formats that shunt makes itself.
const (
	Raw   Format = "raw"
	Qcow2 Format = "qcow2"
)

// endings lists the formats with the endings of names that say so. The first is the usual one.
var endings = []struct {
	format  Format
	endings []string
}{
	{Raw, []string{".raw", ".img", ".dd", ".iso"}},
	{Qcow2, []string{".qcow2"}},
}

// ErrFormat is returned for a name that does not say which format is meant.
var ErrFormat = errors.New("does not say the format")

// FormatOf returns the format that the ending of a name stands for. The error wraps ErrFormat and lists the formats.
func FormatOf(path string) (Format, error) {
	ending := strings.ToLower(filepath.Ext(path))
	var list []string
	for _, f := range endings {
		if slices.Contains(f.endings, ending) {
			return f.format, nil
		}
		list = append(list, fmt.Sprintf("%s (%s)", f.format, strings.Join(f.endings, ", ")))
	}
	return "", fmt.Errorf("the name %s %w: add --format, or use one of these endings: %s", path, ErrFormat, strings.Join(list, ", "))
}
