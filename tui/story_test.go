package tui_test

import (
	"testing"
	"time"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/tried"
	"shunt/ops/report"
	"shunt/tui"
)

// stick is the path of the founding example's image.
const stick = "/images/stick.raw"

// open starts the editor on one stand-in in a window of 80 by 24 cells.
func open(t testing.TB, target *Target) *Driver {
	t.Helper()
	return Start(t, 80, 24, tui.Options{Paths: []string{target.What.Path}}, One(target))
}

// stageFounding stages the three operations of the founding example, the way a user would.
func stageFounding(d *Driver) {
	d.Press("z")
	d.Type("+2GiB")
	d.Press("enter", "j", "m")
	d.Type("+1024MiB")
	d.Press("enter", "k", "k", "m", ">", "enter")
}

// quietly lets the gate of a page that opened by itself open.
func quietly(d *Driver) { d.Advance(time.Second) }

// last is the run that was begun last.
func last(t testing.TB, target *Target) *Run {
	t.Helper()
	if len(target.Runs) == 0 {
		t.Fatal("no run was begun")
	}
	return target.Runs[len(target.Runs)-1]
}

// passed is the report on the founding example. Its sizes are those that the plan gives.
func passed() report.Rehearsal {
	disk := Founding().Layout
	first, _ := disk.ByNumber(1)
	second, _ := disk.ByNumber(2)
	size := func(p model.Partition) geometry.Bytes { return disk.SectorSize.Bytes(p.Span.Len()) }
	return report.Rehearsal{
		Filesystems: []report.Filesystem{
			{Ref: "p1", Kind: "ext4", Size: size(first) + geometry.GiB, Used: 26_738_688},
			{Ref: "p2", Kind: "ext4", Size: size(second), Used: 26_843_546},
		},
		CopyBytes: 26_843_546, PlaceBytes: 1_310_720, JournalSize: 3 * geometry.MiB, UndoBytes: 1_400_000, SkippedFree: 458 * geometry.MiB,
		Estimate: 2 * time.Second,
	}
}

func failed() report.Rehearsal {
	return report.Rehearsal{
		Err: "check ext4 in p1: e2fsck found damage that it cannot repair by itself; run e2fsck on p1 and try again",
		Steps: []report.StepResult{
			{Text: "set image size to 2.94 GiB", Did: "set image size to 2.94 GiB"},
			{Text: "move p2 from sector 988,033 to 3,085,185", Did: "moved p2 from sector 988,033 to 3,085,185"},
			{
				Text: "check ext4 in p1", Command: "e2fsck -f -p p1", Err: "exit status 4",
				Output: "docs: Inode 12 has illegal block(s).\n\ndocs: UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY.\n",
			},
		},
	}
}

// story is an editor with what it was opened on. Each of its steps goes from the start to one page further.
type story struct {
	t      testing.TB
	d      *Driver
	target *Target
}

// run is the run that was begun last.
func (s story) run() *Run {
	s.t.Helper()
	return last(s.t, s.target)
}

func (s story) toRehearsal() {
	s.t.Helper()
	stageFounding(s.d)
	s.d.Press("a")
	s.d.Do(func() {
		s.run().Say("set image size to 2.94 GiB", "move p2 from sector 988,033 to 3,085,185", "e2fsck -f -p p1")
		s.run().Tell(report.Progress{
			Phase: report.Rehearsing, Step: 4, Steps: 7, Elapsed: 13 * time.Second, Running: 11 * time.Second,
			Past: []report.Passed{{Took: time.Millisecond}, {Took: time.Second}, {Took: time.Second}},
			Said: "Pass 2: Checking directory structure", ToolShare: 250,
		})
	})
}

func (s story) toReport() {
	s.t.Helper()
	s.toRehearsal()
	s.d.Do(func() { s.run().Finish(passed()) })
	quietly(s.d)
}

func (s story) toCommit() {
	s.t.Helper()
	s.toReport()
	s.d.Press("y")
	s.d.Do(func() {
		s.run().Tell(report.Progress{
			Phase: report.Committing, Stage: "copy", Done: 4 * geometry.MiB, Total: 26 * geometry.MiB, Elapsed: time.Second, Running: time.Second,
			Past: []report.Passed{{Stage: "fence"}, {Stage: "extend", Took: time.Millisecond}},
		})
	})
	s.d.Do(func() {
		s.run().Tell(report.Progress{
			Phase: report.Committing, Stage: "copy", Done: 14 * geometry.MiB, Total: 26 * geometry.MiB, Elapsed: 4 * time.Second, Running: 4 * time.Second,
			Past: []report.Passed{{Stage: "fence"}, {Stage: "extend", Took: time.Millisecond}},
		})
	})
}

func (s story) toResult(r report.Result) {
	s.t.Helper()
	s.toCommit()
	s.d.Do(func() { s.run().End(r) })
	quietly(s.d)
}

// withFiles is the founding disk with something to be told and listed.
func withFiles() *Target {
	target := Founding()
	target.Sheets = map[model.PartID]report.Sheet{1: {
		Title: "p1 of stick.raw",
		Sections: []report.SheetSection{{Title: "ext4", Lines: []report.SheetLine{
			{Name: "Last mounted", Value: "on /mnt/docs, 2024-05-06 07:08"},
			{Name: "State", Value: "not unmounted cleanly", Look: report.Odd},
			{Name: "Inodes", Value: "123,648, of which 11 are used"},
		}}},
		Said: []report.Said{
			{Command: "dumpe2fs -h p1", Output: "Filesystem volume name:   docs\nFilesystem features:      has_journal ext_attr extent 64bit flex_bg\n"},
			{Command: "e2freefrag p1", Err: "e2freefrag is not installed: apt install e2fsprogs"},
		},
	}}
	when := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	target.Listings = map[string]report.Listing{
		"1:/": {Path: "/", By: "go-diskfs", Entries: []report.FileEntry{
			report.NewFileEntry("letters", report.FileDirectory, -1, when),
			report.NewFileEntry("lost+found", report.FileDirectory, -1, when),
			{Name: "latest", Kind: report.FileSymlink, Target: "letters/2024", Size: 12, Modified: when},
			report.NewFileEntry("report, the long one that nobody reads to its end because there is so much of it.pdf", report.FileRegular, 5<<20, when),
			report.NewFileEntry("motd", report.FileRegular, 30, when),
			report.NewFileEntry("fifo", report.FileOther, -1, when),
		}},
		"1:/letters": {
			Path: "/letters", By: "go-diskfs", More: true, Notes: []string{"the journal needs recovery: what was written last is missing here"},
			Entries: []report.FileEntry{report.NewFileEntry("evil\x1b[2J", report.FileRegular, 17, time.Time{})},
		},
	}
	target.Contents = map[string][]byte{"1:/motd": []byte("Welcome to stick\x1b[2J.\nLast line, cut: e\xc3")}
	return target
}

// committed is the founding disk after a commit that can be undone.
func committed() *Target {
	target := Founding()
	target.What.Undos = []report.Applied{*applied}
	return target
}

// busy is a loop device of which the first partition is mounted.
func busy() *Target {
	target := Founding()
	target.What.Path, target.What.Format, target.What.Device = "/dev/loop7", "loop device", true
	p, _ := target.Layout.Partition(1)
	p.Use = model.Use{Kind: model.Mounted, Place: "/mnt/docs"}
	target.What.Mounts = map[model.PartID][]string{p.ID: {p.Use.Place}}
	target.Layout = target.Layout.With(p)
	return target
}

// device is a loop device on the founding image.
func device() *Target {
	target := Founding()
	target.What.Path, target.What.Format, target.What.Device, target.What.Image = "/dev/loop7", "loop device", true, stick
	return target
}

// physical is a disk of the machine.
func physical() *Target {
	target := Founding()
	target.What.Path, target.What.Format, target.What.Device, target.What.Retype = "/dev/sdz", "disk", true, "/dev/sdz"
	return target
}

// broken is the founding disk in the middle of a commit.
func broken() *Target {
	target := Founding()
	target.Broken = &report.Unfinished{
		When: time.Date(2024, 5, 6, 7, 8, 0, 0, time.Local), Next: 412, Units: 1030, Stage: "copy",
		Operations: []string{"Grow image by 2.00 GiB", "Move p2 right by 1024 MiB", "Grow p1 by 1024 MiB to 1.47 GiB"},
	}
	return target
}

var (
	errInUse = tried.Errorf("open /images/stick.raw: it is open in a running virtual machine (qemu-system-x86, process 4711); " +
		"shut that down first")
	resultDone        = report.Result{Outcome: report.Done, Log: "prepare\nrecord\nfence\ncopy\nplace\ntable\ndone\n"}
	resultRolledBack  = report.Result{Outcome: report.RolledBack, Err: "cannot copy sectors 988,033-988,040 of the target (in p2: sectors 0-7): input/output error"}
	resultInterrupted = report.Result{Outcome: report.Interrupted, Err: "cannot write sectors 3,085,185-3,085,192 of the target (in p2: sectors 0-7): input/output error"}
	resultUnchanged   = report.Result{Outcome: report.Unchanged, Err: "another program has changed the target since it was opened: open it again and check the plan"}
)
