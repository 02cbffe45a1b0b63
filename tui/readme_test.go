package tui

import (
	"os"
	"regexp"
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

// TestDocumentsNamePaths looks up every path that the documents name.
func TestDocumentsNamePaths(t *testing.T) {
	named := regexp.MustCompile("`((?:geometry|model|ops|tui|screenshots|\\.ci)/[a-z0-9_./]*|main\\.go|Makefile)`")
	for _, document := range []string{"README.md", "ARCHITECTURE.md"} {
		text, err := os.ReadFile("../" + document)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range named.FindAllSubmatch(text, -1) {
			if _, err := os.Stat("../" + string(match[1])); err != nil {
				t.Errorf("%s: %v", document, err)
			}
		}
	}
}
