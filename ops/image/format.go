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

// The formats. Shunt makes the first two itself; qemu-img makes the others.
const (
	Raw       Format = "raw"
	Qcow2     Format = "qcow2"
	VMDK      Format = "vmdk"
	VDI       Format = "vdi"
	VPC       Format = "vpc"
	VHDX      Format = "vhdx"
	QED       Format = "qed"
	Parallels Format = "parallels"
)

// Own reports whether shunt makes images of the format itself.
func (f Format) Own() bool { return f == Raw || f == Qcow2 }

// endings lists the formats with the endings of names that say so. The first is the usual one.
var endings = []struct {
	format  Format
	endings []string
}{
	{Raw, []string{".raw", ".img", ".dd"}},
	{Qcow2, []string{".qcow2"}},
	{VMDK, []string{".vmdk"}},
	{VDI, []string{".vdi"}},
	{VPC, []string{".vhd", ".vpc"}},
	{VHDX, []string{".vhdx"}},
	{QED, []string{".qed"}},
	{Parallels, []string{".parallels", ".hdd", ".hds"}},
}

// Formats returns the names of all formats.
func Formats() (names []string) {
	for _, f := range endings {
		names = append(names, string(f.format))
	}
	return names
}

// ParseFormat returns the format with a name. The error lists all of them.
func ParseFormat(name string) (Format, error) {
	list := Formats()
	if !slices.Contains(list, name) {
		return "", fmt.Errorf("there is no format %q: use one of %s", name, strings.Join(list, ", "))
	}
	return Format(name), nil
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
