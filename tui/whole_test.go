package tui_test

import (
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/tui"
)

// Whole is an image without a partition table. These contents cover it.
func Whole(fs model.Filesystem) *Target {
	return image("whole.raw", "raw", model.New(model.Disk{SectorSize: geometry.Sector512, Sectors: 1 << 20, Whole: fs}, nil, nil))
}

// TestWholeKeys has the keys for contents work on a file system that covers a disk without a table.
func TestWholeKeys(t *testing.T) {
	d := open(t, Whole(model.Filesystem{
		Kind: model.Ext4, Label: "data", Size: 512 * geometry.MiB, Used: 20 * geometry.MiB, BlockSize: 4096,
	}))
	d.Contains("whole disk", "ext4", "data", "x check", "l label")
	d.Press("x")
	d.Contains("1 pending", "Check and repair ext4 in the disk")
	d.Press("l")
	d.Contains("Label of the disk")
	d.Type("2")
	d.Press("enter", "w", "enter")
	d.Contains("3 pending")
	d.Press("m") // it fills the disk, so the image is resized
	d.Contains("Image size")
	d.Type("+100MiB")
	d.Press("enter", "m")
	d.Contains("Fill the disk: ext4 100 MiB larger")
	d.Press("m")
	d.Type("300MiB")
	d.Press("enter")
	d.Contains("5 pending", "shrink the ext4") // filling it first is not needed any more
	for _, key := range []string{"d", "f", "c", "N", "t", "n"} {
		d.Press(key)
		d.Contains("5 pending", "covers the whole disk: T makes a table in its place")
	}
	d.Press("esc")
	if lines := planLines(d); !slices.Equal(lines, []string{
		"check 0", `label 0 "2"`, "uuid 0 new", "image size 612MiB", "image size 300MiB",
	}) {
		t.Errorf("%q", lines)
	}
}

// planLines returns the pending operations as lines of a plan.
func planLines(d *Driver) []string {
	var lines []string
	for line := range strings.Lines(tui.Plans(d.Model())[0]) {
		line = strings.TrimPrefix(line, "whole.raw: ")
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// TestUnknownContents shows what is not recognised as such, and says how much of it is lost.
func TestUnknownContents(t *testing.T) {
	d := open(t, Whole(model.Filesystem{Trait: model.Unread, Used: 3 * geometry.MiB, Notes: "holds something that is not recognised"}))
	d.Contains("whole disk", model.UnknownWord)
	d.Press("T")
	d.Contains("everything in the disk (unknown, up to 3.00 MiB of data) is lost")
	open(t, Blank()).Contains("blank 512M", "whole disk  blank", "Enter makes a partition table")
}
