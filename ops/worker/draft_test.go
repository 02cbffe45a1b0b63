package worker

import (
	"strings"
	"testing"
	"time"

	"shunt/ops/report"
)

func TestDrafted(t *testing.T) {
	for _, c := range []struct {
		line  string
		said  string
		share int
	}{
		{"", "", 0},
		{"/w/p1: |=======                           |  1.8%", "", 18},
		{"/w/p1: |==================================| 100.0%", "", 1000},
		{"docs: 11/76912 files (0.0% non-contiguous), 29591/307200 blocks", "docs: 11/76912 files (0.0% non-contiguous), 29591/307200 blocks", 0},
		{" 42.37 percent completed", "42.37 percent completed", 423},
		{"Writing inode tables:  3/16", "Writing inode tables:  3/16", 187},
		{"Relocating blocks             " + strings.Repeat("X", 10) + strings.Repeat("-", 30), "Relocating blocks", 250},
		{"Scanning inode table          ----------------------------------------", "Scanning inode table", 0},
		{"Moving inode table            " + strings.Repeat("X", 40), "Moving inode table", 1000},
		{"999% of nothing", "999% of nothing", 1000},
		{"5/0", "5/0", 0},
		{"7/3", "7/3", 0},
		{"a\x1b[2J\tb", `a\x1b[2J b`, 0},
		{strings.Repeat("é", 300), strings.Repeat("é", maxSaid), 0},
	} {
		if said, share := drafted(7, c.line); said != c.said || share != c.share {
			t.Errorf("%q: %q, %d, want %q, %d", c.line, said, share, c.said, c.share)
		}
	}
	if _, share := drafted(350, "Pass 2: Checking directory structure"); share != 350 {
		t.Errorf("the name of a pass sets the share to %d", share)
	}
}

// Stages that are over are listed with how long they took, and a tool's words go with its stage.
func TestPastStages(t *testing.T) {
	l := newLink()
	now := time.Unix(0, 0)
	l.now = func() time.Time { return now }
	to := func(after time.Duration, phase report.Phase, stage string, step int) {
		now = now.Add(after)
		l.at(func(p *report.Progress) { p.Phase, p.Stage, p.Step = phase, stage, step })
	}
	snapshot := func() *report.Progress {
		l.sendProgress()
		return l.shown
	}
	if p := snapshot(); p.Elapsed != 0 || p.Running != 0 {
		t.Errorf("before anything began: %+v", p)
	}
	to(0, report.Rehearsing, "", 0)
	to(time.Second, report.Rehearsing, "check", 1)
	l.at(func(p *report.Progress) { p.Said, p.ToolShare = "Pass 1", 100 })
	now = now.Add(time.Second)
	if p := snapshot(); p.Running != time.Second || p.Elapsed != 2*time.Second || p.Said != "Pass 1" || len(p.Past) != 0 {
		t.Errorf("in the first step: %+v", p)
	}
	to(time.Second, report.Rehearsing, "check", 2)
	to(3*time.Second, report.Rehearsing, "write", 3)
	p := snapshot()
	if len(p.Past) != 2 || p.Past[0] != (report.Passed{Stage: "check", Took: 2 * time.Second}) || p.Past[1].Took != 3*time.Second || p.Said != "" || p.ToolShare != 0 {
		t.Errorf("in the third step: %+v", p)
	}
	to(time.Second, report.Committing, "fence", 0)
	if p := snapshot(); len(p.Past) != 0 || p.Elapsed != 0 || p.Step != 0 {
		t.Errorf("in the next phase: %+v", p)
	}
}
