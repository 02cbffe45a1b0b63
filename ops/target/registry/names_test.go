package registry

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestSiblings finds the other names of a file, and looks at so many names and no more.
func TestSiblings(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(os.WriteFile(path, nil, 0o600))
	if got := Siblings(path); got != nil {
		t.Errorf("of one name: %q", got)
	}
	var want []string
	for i := range 9 {
		other := filepath.Join(dir, fmt.Sprint("h", i))
		do(os.Link(path, other))
		do(os.WriteFile(filepath.Join(dir, fmt.Sprint("f", i)), nil, 0o600))
		do(os.Symlink("x", filepath.Join(dir, fmt.Sprint("s", i))))
		want = append(want, other)
	}
	if got := Siblings(path); !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if why := Elsewhere(path); why != "" {
		t.Errorf("all are here, and yet: %s", why)
	}
	if got := siblings(path, 5); len(got) > 5 {
		t.Errorf("of five names %q", got)
	}
	do(os.Link(path, filepath.Join(t.TempDir(), "away")))
	if why := Elsewhere(path); !strings.HasPrefix(why, "has 1 more of its names") {
		t.Errorf("one is away: %s", why)
	}
}
