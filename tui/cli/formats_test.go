package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/target"
	"shunt/ops/target/registry"
)

// TestFormatsTable compares the README's table of formats with what the drivers do with images that qemu-img makes.
func TestFormatsTable(t *testing.T) {
	testneed.Tool(t, "qemu-img")
	testneed.Tool(t, "qemu-storage-daemon")
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "<!-- formats -->\n")
	table, _, found := strings.Cut(rest, "<!-- /formats -->")
	if !found {
		t.Fatal("the README has no table of formats")
	}
	rows := map[string]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		rows[strings.TrimSpace(cells[0])] = strings.Join(cells[1:], "|")
	}
	dir := t.TempDir()
	for name, formats := range map[string][]string{
		"raw": {"raw"}, "qcow2": {"qcow2", "qcow2 -o compat=0.10"},
		"vmdk (monolithicSparse)": {"vmdk", "vmdk -o adapter_type=lsilogic"}, "vdi": {"vdi", "vdi -o static=on"},
		"vpc (VHD: dynamic, fixed)": {"vpc", "vpc -o subformat=fixed"}, "vhdx": {"vhdx", "vhdx -o subformat=fixed"},
		"qed": {"qed"}, "parallels": {"parallels"},
		"qcow, bochs, cloop, dmg": {"qcow"},
		"vmdk (all others)":       {"vmdk -o subformat=monolithicFlat", "vmdk -o subformat=twoGbMaxExtentSparse", "vmdk -o subformat=streamOptimized"},
	} {
		for i, format := range formats {
			image := filepath.Join(dir, fmt.Sprintf("%s-%d", strings.Fields(name)[0], i))
			sh(t, dir, fmt.Sprintf("qemu-img create -q -f %s '%s' 4M", format, image))
			if got := formatRow(t, image); got != rows[name] {
				t.Errorf("%s:\nis         %s\nthe README %s", format, got, rows[name])
			}
		}
	}
	if len(rows) != 12 { // with the head, its line, and the formats that qemu-img does not make
		t.Errorf("%d rows", len(rows))
	}
}

// formatRow is the row of the table for an image.
func formatRow(t *testing.T, path string) string {
	t.Helper()
	cells := []string{"only read", "no", "no", "no"}
	got, err := registry.Open(path, target.Options{Mode: target.Edit})
	if err == nil {
		cells = []string{"in place", "in place", "in place", "from the journal"}
	} else if got, err = registry.Open(path, target.Options{Mode: target.Inspect}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = got.Close() }() // nothing was written
	if cells[0] == "in place" {
		switch image := got.(type) {
		case target.Switching:
			cells[3] = "in the file"
		case target.Replacing:
			if image.ImageState().Renews {
				cells[1], cells[2], cells[3] = "new image", "new image", "the old image"
			}
		}
		if _, replacing := got.(target.Replacing); got.Fixed() != replacing {
			t.Errorf("%s: fixed is %v", path, got.Fixed())
		}
	}
	by, layers := "no format", "no"
	if c, ok := got.(target.Checkable); ok {
		list, err := c.Check(context.Background())
		switch {
		case err != nil || len(list[0].Faults) > 0:
			t.Errorf("%s: %v %v", path, list, err)
		case !list[0].Unchecked.OK():
			by = "nothing"
		case list[0].By == "":
			by = "shunt"
		default:
			by = list[0].By
		}
	}
	if _, ok := got.(target.Layered); ok {
		layers = "yes"
	}
	return " " + strings.Join(append(cells, by, layers), " | ") + " "
}
