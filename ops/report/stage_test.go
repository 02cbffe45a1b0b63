package report_test

import (
	"testing"

	"shunt/model"
	"shunt/ops/report"
)

// The place where a transaction was interrupted has the number and the words that its progress had.
func TestStopped(t *testing.T) {
	t.Parallel()
	raw, around := report.Facts{}, report.Facts{Around: &model.ImageFile{}}
	for _, c := range []struct {
		facts report.Facts
		left  report.Unfinished
		want  string
	}{
		{raw, report.Unfinished{Stage: "fence"}, "in step 2 of 6, hiding the partitions that change"},
		{raw, report.Unfinished{Stage: "copy", Next: 412, Units: 1030}, "in step 3 of 6, copying data"},
		{raw, report.Unfinished{Stage: "shrink"}, "in step 5 of 6, writing the partition table"},
		{raw, report.Unfinished{Stage: "keep"}, "in step 6 of 6, verifying what was written"},
		{raw, report.Unfinished{Stage: "done"}, "after the last step"},
		{raw, report.Unfinished{Stage: "done", Complete: true}, "after the last step"},
		{around, report.Unfinished{Stage: "table"}, "in step 2 of 3, switching to the new disk by one write"},
		{raw, report.Unfinished{Stage: "copy", RollingBack: true}, "while copying data back"},
		{around, report.Unfinished{Stage: "place", RollingBack: true}, "while writing the old content back"},
	} {
		if got := c.left.Stopped(c.facts); got != c.want {
			t.Errorf("%+v: %q, want %q", c.left, got, c.want)
		}
	}
}

// A step of a rehearsal has its own words and no place among the steps of a commit.
func TestWordsOfARehearsal(t *testing.T) {
	t.Parallel()
	p := report.Progress{Phase: report.Rehearsing, Stage: "copy", Doing: "copying p1"}
	if got := p.Words(report.Facts{}) + p.Count(report.Facts{}); got != "copying p1" {
		t.Errorf("%q", got)
	}
}
