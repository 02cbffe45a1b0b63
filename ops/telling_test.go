package ops

import "testing"

func TestTelling(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"open a.raw: no such file or directory", "cannot open a.raw: no such file or directory"},
		{"read the plan: open a.plan: no such file or directory", "cannot read the plan: a.plan: no such file or directory"},
		{"open /x/a.raw: lstat /x/a.raw: permission denied", "cannot open /x/a.raw: permission denied"},
		{"cannot grow p1: p2 starts there", "cannot grow p1: p2 starts there"},
		{"a.raw is empty", "a.raw is empty"},
		{"close a: bad descriptor\nclose b: bad descriptor", "cannot close a: bad descriptor; close b: bad descriptor"},
		{"", ""},
	} {
		if got := Telling(c.text); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}
