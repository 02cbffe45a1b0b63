package tui_test

import (
	"testing"
	"time"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/report"
)

// withLost is a disk whose second half is free, with lost partitions there: one that is sure, one inside it, one without its
// first superblock, and one that p1 is in the way of.
func withLost() *Target {
	target := Blank()
	const mib = 2048
	ext := model.Filesystem{Kind: model.Ext4, Label: "music", UUID: "x", Size: 100 * geometry.MiB, Used: -1}
	inside, headless := ext, ext
	inside.Label, inside.Size = "image", 10*geometry.MiB
	headless.Label = ""
	target.Lost1 = []model.Lost{
		{Span: geometry.SpanOf(mib, 100*mib), FS: ext, Trust: model.Sure, Why: []string{"copies of its superblock are where they have to be (3 looked at)"}},
		{Span: geometry.SpanOf(20*mib, 10*mib), FS: inside, Trust: model.Sure, Why: []string{"its root directory is there"}, Inside: 1},
		{Span: geometry.SpanOf(200*mib, 100*mib), FS: headless, Trust: model.Likely, Why: []string{"a copy lies 32.0 MiB behind its start, but the first one is gone"}, Headless: true},
		{Span: geometry.SpanOf(250*mib, 100*mib), FS: ext, Trust: model.Doubtful, Why: []string{"no copy is there"}, Stays: "lost3 lies in a part of it"},
	}
	env := target.World
	env.Contents = func(span geometry.Span) model.Filesystem {
		for _, l := range target.Lost1 {
			if l.Span.Start == span.Start && !l.Headless {
				return l.FS
			}
		}
		return model.Filesystem{}
	}
	target.World = env
	target.Listings = map[string]report.Listing{"-2049:/": {Path: "/", Entries: []report.FileEntry{{Name: "song", Kind: report.FileRegular, Size: 7}}}}
	return target
}

// The palette finds lost partitions; Enter lists files, p puts one back, a all of them.
func TestLostPage(t *testing.T) {
	target := withLost()
	target.LostNote = []string{"8.00 KiB could not be read"}
	d := open(t, target)
	find := func() {
		d.Press(":")
		d.Type("lost")
		d.Press("enter")
	}
	find()
	d.Contains("Lost partitions", "8.00 KiB could not be read", "lost1  ext4", "music", "sure", "Copies of its superblock")
	d.Press("enter")
	d.Contains("Files in lost1: /", "song")
	d.Press("esc", "end", "p")
	d.Contains("lost3 lies in a part of it")
	d.Press("up", "enter")
	d.Contains("put it back first; a check (x) can then restore it")
	d.Press("home", "p")
	d.Contains("pending", "press esc for the list of pending operations")
	d.Press("p")
	d.Contains("It is pending already")
	d.Press("down")
	d.Contains("▸· lost2") // lost1, which it lies in, is pending
	d.Lacks("p put it back")
	d.Press("up")
	d.Press("a", "a")
	d.Contains("All that is sure is pending already")
	d.Press("esc")
	d.Contains("Make a new GPT", "Put back p1 (ext4, 100 MiB)", "Put back p2")
	d.Press("u", "u", "u")
	find()
	d.Press("down")
	d.Contains("▸  lost2", "p put it back")
	d.Press("p", "esc") // even what lies in another one can be chosen
	d.Contains("Put back p1 (ext4, 10.0 MiB)")
}

// A search shows how far it is, and ends with its page.
func TestLostPageStops(t *testing.T) {
	target := withLost()
	target.LostHeld = true
	d := open(t, target)
	d.Press(":")
	d.Type("lost")
	d.Press("enter")
	d.Advance(time.Second)
	d.Contains("Searching the unallocated space: 128 MiB of 512 MiB", " 25 %")
	d.Lacks("select")
	d.Press("p")
	d.Contains("The search takes a moment")
	d.Press("esc")
	d.Do(func() { target.LostHeld = false })
	d.Lacks("Lost partitions")
}
