package cli

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// The menus of the two programs: Win_GParted.cc of GParted 1.8, and partitionmanagerui.rc of KDE Partition Manager with the
// titles that its actions have.
var (
	gpartedMenus = []string{
		"Refresh Devices", "Devices", "Quit", "Undo Last Operation", "Clear All Operations", "Apply All Operations",
		"Device Information", "Pending Operations", "File System Support", "Create Partition Table", "Attempt Data Rescue",
		"New", "Delete", "Resize/Move", "Copy", "Paste", "Format to", "Mount on", "Name Partition", "Manage Flags", "Check",
		"Label File System", "New UUID", "Information", "Contents", "About",
	}
	kdeMenus = []string{
		"Undo", "Clear All Operations", "Apply", "Select Current Device", "Refresh Devices", "New Partition Table",
		"Export Partition Table", "Import Partition Table", "Resize Volume Group", "Deactivate Volume Group",
		"Remove Volume Group", "SMART Status", "New Volume Group", "File System Support", "New", "Resize/Move", "Delete", "Shred",
		"Copy", "Paste", "Edit Mount Point", "Mount", "Take Ownership", "Lock/Unlock", "Check", "Backup", "Restore", "Panels Shown",
	}
)

// The README's table has a row for each entry of these menus, and the keys and commands in it exist.
func TestReadmeMenus(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	part := func(name string) string {
		_, rest, _ := strings.Cut(string(text), "<!-- "+name+" -->")
		inside, _, ok := strings.Cut(rest, "<!-- /"+name+" -->")
		if !ok {
			t.Fatalf("the README has no part %q", name)
		}
		return inside
	}
	var keys []string // a test of the editor compares them with the bindings
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)`").FindAllStringSubmatch(part("keys"), -1) {
		keys = append(keys, strings.Fields(row[1])...)
	}
	root := command(&settings{})
	var gparted, kde []string
	for line := range strings.Lines(part("menus")) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) != 3 || strings.HasPrefix(line, "| ---") {
			continue
		}
		gparted, kde = append(gparted, strings.TrimPrefix(cells[0], "| ")), append(kde, cells[1])
		named := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[2], -1)
		if len(named) == 0 && !strings.HasPrefix(cells[2], "no") && !strings.HasPrefix(cells[2], "shunt |") {
			t.Errorf("%s names neither a key nor a command", line)
		}
		for _, n := range named {
			if command, ok := strings.CutPrefix(n[1], "shunt "); ok {
				hasCommand(t, root, strings.Fields(command))
			} else if n[1] != "man shunt" && !slices.Contains(keys, n[1]) {
				t.Errorf("%q is no key", n[1])
			}
		}
	}
	for name, menus := range map[string][]string{"GParted": gpartedMenus, "KDE": kdeMenus} {
		rows := map[string][]string{"GParted": gparted, "KDE": kde}[name]
		for _, entry := range menus {
			if !slices.Contains(rows, entry) {
				t.Errorf("the table has no row for %q of %s", entry, name)
			}
		}
	}
}

// hasCommand checks that a command of the program exists, with its flags.
func hasCommand(t *testing.T, root *cobra.Command, words []string) {
	t.Helper()
	names := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return strings.HasPrefix(w, "-") })
	cmd, rest, err := root.Find(names)
	if err != nil || len(rest) > 0 {
		t.Errorf("there is no command %q: %v", words, err)
		return
	}
	for _, w := range words {
		if flag, ok := strings.CutPrefix(w, "--"); ok && cmd.Flag(flag) == nil {
			t.Errorf("%s has no flag --%s", cmd.CommandPath(), flag)
		}
	}
}
