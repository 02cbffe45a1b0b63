package tui_test

import (
	"strings"
	"testing"

	"shunt/ops"
	"shunt/tui"
)

// listing is an operation that holds a slice, so that == on it panics.
type listing struct {
	ops.Operation
	_ []int
}

// TestOperationWithSlice edits, undoes and does again what cannot be compared.
func TestOperationWithSlice(t *testing.T) {
	d := open(t, Founding())
	got := tui.EditAll(d.Model(), listing{Operation: ops.SetLabel{ID: 1, Label: "one"}}, listing{Operation: ops.Check{ID: 2}}, ops.Check{ID: 1})
	const hint = "; a applies, u takes it back"
	want := []string{
		"Pending as operation 1" + hint, "Pending as operation 2" + hint, "Pending as operation 3" + hint,
		"Pending as operation 3" + hint, // a new order says nothing
		`Removed: Label ext4 in p1 "one"`,
		`Pending again: Label ext4 in p1 "one"`, `Back in its place: Label ext4 in p1 "one"`,
		"Taken back: Check and repair ext4 in p1", "Taken back: Check and repair ext4 in p2", `Taken back: Label ext4 in p1 "one"`,
		`Pending again: Label ext4 in p1 "one"`, "Pending again: Check and repair ext4 in p2", "Pending again: Check and repair ext4 in p1",
		`Moved again: Label ext4 in p1 "one"`, `Removed again: Label ext4 in p1 "one"`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("said\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
