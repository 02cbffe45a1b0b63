package plan

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// TestEveryOperationIsWritten looks for the operations in the source: each has a line of its own.
func TestEveryOperationIsWritten(t *testing.T) {
	found := func(glob, pattern string) (names []string) {
		t.Helper()
		files, err := filepath.Glob(glob)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(pattern).FindAllSubmatch(text, -1) {
				names = append(names, string(m[1]))
			}
		}
		slices.Sort(names)
		return names
	}
	operations := found("../*.go", `(?m)^func \(\w+ (\w+)\) Describe\(`)
	written := found("verbs.go", `(?m)^\tcase ops\.(\w+):`)
	if len(operations) < 15 || !slices.Equal(operations, written) {
		t.Errorf("there are operations %v, and lines for %v", operations, written)
	}
}
