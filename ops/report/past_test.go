package report

import (
	"testing"
	"time"
)

// TestPast leaves out the commits that can be undone, also where several fell into one second, which may be all that an undo knows.
func TestPast(t *testing.T) {
	t.Parallel()
	second := time.Unix(1_700_000_000, 0)
	deed := func(after time.Duration, task Task, told string) Deed {
		return Deed{When: second.Add(after), Task: task, Outcome: Done, Operations: []string{told}}
	}
	undo := func(at time.Time, told string) Applied { return Applied{When: at, Operations: []string{told}} }
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		deeds []Deed
		undos []Applied
		want  []string
	}{
		"seconds apart":   {[]Deed{deed(0, Apply, "one"), deed(5*time.Second, Apply, "two")}, []Applied{undo(second.Add(4*time.Second), "two")}, []string{"one"}},
		"in one second":   {[]Deed{deed(100*ms, Apply, "one"), deed(900*ms, Apply, "two")}, []Applied{undo(second, "two")}, []string{"one"}},
		"the same twice":  {[]Deed{deed(100*ms, Apply, "one"), deed(900*ms, Apply, "one")}, []Applied{undo(second, "one")}, []string{"one"}},
		"other words":     {[]Deed{deed(100*ms, Apply, "one")}, []Applied{undo(second, "One")}, nil},
		"undone and kept": {[]Deed{deed(100*ms, Apply, "one"), deed(200*ms, Apply, "two"), deed(300*ms, Undo, "two")}, []Applied{undo(second, "one")}, []string{"two", "two"}},
	} {
		var got []string
		for _, d := range Past(c.deeds, c.undos) {
			got = append(got, d.Operations[0])
		}
		if len(got) != len(c.want) || len(got) > 0 && got[0] != c.want[0] {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
