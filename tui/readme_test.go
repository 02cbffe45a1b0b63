package tui

import (
	"os"
	"strings"
	"testing"
)

// TestReadmeKeyTable compares the README's key table with the bindings. KeyTable prints what belongs there.
func TestReadmeKeyTable(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "<!-- keys -->\n")
	table, _, closed := strings.Cut(rest, "<!-- /keys -->")
	if !found || !closed {
		t.Fatal("README.md has no key table between <!-- keys --> and <!-- /keys -->")
	}
	if table != KeyTable() {
		t.Errorf("README.md: the key table is not that of the bindings; it should be:\n%s", KeyTable())
	}
}
