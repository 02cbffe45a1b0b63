package plan_test

import (
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model/safetext"
	"shunt/ops"
	"shunt/ops/plan"
)

// A plan that is stored says what its operations are called. It is the same plan as without that.
func TestTold(t *testing.T) {
	q, err := plan.Parse(strings.NewReader("label 1 \"a # b\"\nimage grow 1GiB\n"), ops.NewQueue(founding(), env()), geometry.AlignNone)
	if err != nil {
		t.Fatal(err)
	}
	told := plan.Told(q)
	if got := plan.Kept(told); got != plan.Format(q) {
		t.Errorf("%q is the plan %q, want %q", told, got, plan.Format(q))
	}
	want := []string{`Label ext4 in p1 "a # b"`, "Grow image by 1.00 GiB"}
	if got := plan.Sentences(told); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := plan.Sentences(plan.Format(q)); len(got) != 2 || got[1] != plan.Kept(strings.SplitAfter(plan.Format(q), "\n")[1])[:len(got[1])] {
		t.Errorf("without comments: %q", got)
	}
	if got := plan.Sentences("label 1 x # odd\u202e\x1b[2J\n"); got[0] != safetext.Printable("odd\u202e\x1b[2J") {
		t.Errorf("%q", got)
	}
	if got := plan.With("check 1\n", []string{strings.Repeat("x", 600_000)}); got != "check 1\n" {
		t.Error("a comment that is too long was written")
	}
	for _, odd := range []string{"", "\n", "check 1", "a\nb\n"} {
		_ = plan.With(odd, []string{"x"})
	}
}
