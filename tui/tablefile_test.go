package tui_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The table is saved and restored by the palette. The file has the table as it is on the disk, without what is pending.
func TestTableFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stick.table")
	choose := func(d *Driver, name string) {
		d.Press(":")
		d.Type(name)
		d.Press("enter", "ctrl+u")
		d.Type(path)
		d.Press("enter")
	}
	d := open(t, Founding())
	d.Press("d")
	choose(d, "save table")
	d.Contains("Saved")
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "label: dos\n") || strings.Count(string(text), "start=") != 2 {
		t.Fatalf("%v\n%s", err, text)
	}
	// With the partition away it comes back, and the two edits are none.
	choose(d, "restore table")
	d.Contains("2 Restore the partition table (MBR): p1 (")
	d.Press("X", "y")

	choose(d, "restore table")
	d.Contains("the disk has exactly this table")
	if err := os.WriteFile(path, []byte("label: dos\nlable: gpt\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	choose(d, "restore table")
	d.Contains(`line 2: "lable" is not a header`, "Nothing was staged")
}
