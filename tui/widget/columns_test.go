package widget_test

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"shunt/tui/widget"
)

// A text is cut only if the other columns have no cells to spare, and no line is wider than the table.
func TestColumnsGiveWhatIsFree(t *testing.T) {
	row := widget.TableRow{
		Name: "p1", FS: "ext4", Label: "a long label", Size: "9999 MiB", Used: "9999 MiB", Unused: "9999 MiB", Flags: "boot",
		PartName: "EFI System Partition", Start: "4,294,967,296", End: "4,294,967,297",
	}
	for _, c := range []struct {
		name   string
		change func(*widget.TableRow)
		names  widget.Naming
		width  int
		shown  string
		cut    string
	}{
		{"label", func(*widget.TableRow) {}, widget.Unnamed, 80, "a long label", ""},
		{"label beside a change", func(r *widget.TableRow) { r.Change = "→12.5G +1024M" }, widget.Unnamed, 80, "→12.5G +1024M", ""},
		{
			"change before label", func(r *widget.TableRow) { r.Label, r.Change = "a label as long as sixteen", "formatted p12" }, widget.Unnamed, 80,
			"formatted p12", "a label..",
		},
		{"flags", func(r *widget.TableRow) { r.Flags = "legacy_boot,required" }, widget.Unnamed, 94, "legacy_boot,required", ""},
		{"names from 92 on", func(*widget.TableRow) {}, widget.Named, 104, "EFI System Partition", ""},
		{"sectors", func(*widget.TableRow) {}, widget.Named, 140, "4,294,967,296 4,294,967,297", ""},
		{"small", func(*widget.TableRow) {}, widget.Named, 60, "a long label", ""},
	} {
		r := row
		c.change(&r)
		for _, line := range widget.PartTable([]widget.TableRow{r}, []widget.TableRow{r}, c.names, widget.RowMark{}, c.width, 2, plain()) {
			if w := ansi.StringWidth(line); w != c.width {
				t.Errorf("%s: %d cells wide: %q", c.name, w, line)
			}
		}
		line := ansi.Strip(widget.PartTable([]widget.TableRow{r}, []widget.TableRow{r}, c.names, widget.RowMark{}, c.width, 2, plain())[1])
		if !strings.Contains(line, c.shown) || !strings.Contains(line, c.cut) {
			t.Errorf("%s: %q lacks %q or %q", c.name, line, c.shown, c.cut)
		}
	}
}
