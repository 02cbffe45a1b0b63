package tui_test

import (
	"strings"
	"testing"

	"shunt/tui"
)

// The contents of a new partition are chosen by letters, or from a list that also has what cannot be made here.
func TestPickContents(t *testing.T) {
	create := func(keys ...string) *Driver {
		d := open(t, Varied())
		d.Press("end", "n", "tab", "tab", "tab", "tab")
		for !strings.Contains(d.Frame(), "▸ File system") {
			d.Press("tab")
		}
		d.Press(keys...)
		return d
	}
	plan := func(d *Driver) string {
		d.Press("enter")
		return strings.Join(tui.Plans(d.Model()), "")
	}
	for keys, want := range map[string]string{
		"": "fs=ext4", "x f s": "fs=xfs", "b t": "fs=btrfs", "e x t 2": "fs=ext2", "e x t 2 backspace 3": "fs=ext3", "right left": "fs=ext4",
		"space x f s enter": "fs=xfs", "space x f s esc esc": "fs=ext4", "space x f s esc enter": "fs=xfs", "s w enter": "fs=swap",
		"space down up enter": "fs=ext4",
	} {
		enter := strings.HasSuffix(keys, "w enter")
		d := create(strings.Fields(strings.TrimSuffix(keys, " enter"))...)
		if strings.HasSuffix(keys, " enter") && !enter {
			d.Press("enter")
		}
		if got := plan(d); !strings.Contains(got, want) {
			t.Errorf("%q: the plan is %q, want %s", keys, got, want)
		}
	}
	d := create("space")
	d.Contains("File system of the new partition", "▸ ext4")
	d.Press("n", "t")
	d.Contains("File system of the new partition  /nt")
	d.Lacks("xfs  ")
	d = create()
	d.Click("space lists them", 0)
	d.Click("btrfs", 0)
	d.Click("btrfs", 0)
	d.Contains("New partition", "‹btrfs›")
	d = create("x", "f")
	d.Contains("New partition  /xf", "‹xfs›")
	d.Press("tab")
	d.Lacks("/xf")
}

// Letters show only what has them in the list of file systems to format with; Esc takes them back first.
func TestPickFormat(t *testing.T) {
	d := open(t, Founding())
	d.Press("f", "x", "f")
	d.Contains("Format p1", "/xf", "▸ xfs")
	d.Lacks("btrfs")
	d.Press("esc")
	d.Contains("Format p1", "btrfs")
	d.Press("esc")
	d.Lacks("Format p1")
	d.Press("f", "e", "e")
	d.Contains("▸ e")
	d.Press("/", "z", "q", "esc", "esc")
	d.Lacks("Format p1")
}
