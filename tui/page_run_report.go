package tui

import (
	"fmt"
	"strings"
	"time"

	"shunt/geometry"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui/widget"
)

// reportText adds the report of a rehearsal.
func (b *block) reportText(d document) {
	st, r, q := b.st, *d.run.report, d.run.queue
	b.notice(rehearsalNotice(d.run.kind, d.name(), r), stated(r.Err, d.name(), d.path))
	if r.Err != "" {
		b.failure(r)
		return
	}
	for _, again := range r.Replanned {
		b.wrap(st.Warn, widget.Clean(again.String()+"."))
	}
	// What can be lost stands where nobody has to scroll for it.
	for _, text := range append(append(q.Consequences(), r.Warnings...), r.Earlier.Gone()) {
		if text != "" {
			b.wrap(st.Warn, widget.Clean(text))
		}
	}
	b.head("Operations")
	for i := range q.Ops() {
		b.hang(st.Muted.Render(fmt.Sprintf("%3d ", i+1)), described(q, i), st.Text)
	}
	b.repairs(r)
	b.checked(r.Filesystems)
	b.head("Applying will")
	for _, item := range costs(r, writtenWords(q)) {
		for _, line := range widget.Wrap(item, b.width-2) {
			b.add("  " + st.Text.Render(line))
		}
	}
	if text := r.Earlier.Kept(); text != "" {
		for _, line := range widget.Wrap(text, b.width-2) {
			b.add("  " + st.Text.Render(line))
		}
	}
	if list := afterwards(q); len(list) > 0 {
		b.head("After applying")
		for _, text := range list {
			b.wrap(st.Text, "  "+text)
		}
		b.wrap(st.Text, "The kernel does this to a file system in use: it is not rehearsed and cannot be undone. If it fails, "+
			"the partition is longer than its file system, which does no harm.")
	}
}

// checked lists the file systems, in columns that are as wide as they have to be.
func (b *block) checked(list []report.Filesystem) {
	if len(list) > 0 {
		b.head("File systems, checked in the rehearsal")
	}
	ref, kind := 0, 0
	for _, f := range list {
		ref, kind = max(ref, widget.Width(f.Ref)), max(kind, widget.Width(f.Kind))
	}
	const numbers = len("1023 MiB  1023 MiB used  1023 MiB free")
	gap := "  "
	if 2+widget.Width(b.st.Yes)+1+ref+1+kind+1+numbers > b.width {
		gap = " "
	}
	for _, f := range list {
		text := fmt.Sprintf("%-*s %-*s %8s", ref, f.Ref, kind, f.Kind, geometry.FormatBytes(f.Size))
		if f.Used >= 0 {
			text += fmt.Sprintf("%s%8s used%s%8s free", gap, geometry.FormatBytes(f.Used), gap, geometry.FormatBytes(f.Size-f.Used))
		}
		b.add("  " + b.st.Good.Render(b.st.Yes) + " " + b.st.Text.Render(text))
	}
}

// repairs says what checks did to file systems, in their tools' words and in numbers.
func (b *block) repairs(r report.Rehearsal) {
	const mostSaid, mostFiles = 30, 100
	for _, s := range r.Steps {
		if s.Check == nil {
			continue
		}
		b.head(widget.Clean(ops.Capital(s.Did)))
		for _, line := range s.Check.Lines(mostFiles) {
			if s.Check.Repaired {
				b.wrap(b.st.Warn, widget.Clean(ops.Capital(line)))
			} else {
				b.hang("  ", widget.Clean(ops.Capital(line)), b.st.Text)
			}
		}
		for _, line := range s.Said(mostSaid) {
			b.hang("  ", widget.Clean(line), b.st.Text)
		}
	}
}

func costs(r report.Rehearsal, what string) []string {
	var items []string
	if r.NewImage {
		items = append(items, "write a new image with "+geometry.FormatBytes(r.NewFile)+" of data beside the present one, check it and compare it",
			"give it the name of the present one, in one step")
	}
	if r.CopyBytes > 0 || r.SkippedFree > 0 && r.Remapped == 0 {
		where := " within the target"
		if r.OneWrite {
			where = " from the backing file"
		}
		text := "copy " + geometry.FormatBytes(r.CopyBytes) + where
		if r.SkippedFree > 0 {
			text += "; " + geometry.FormatBytes(r.SkippedFree) + " of unused space is not copied"
		}
		items = append(items, text)
	}
	if r.Remapped > 0 {
		items = append(items, "move "+geometry.FormatBytes(r.Remapped)+" without copying it")
	}
	writes := "write " + geometry.FormatBytes(r.PlaceBytes) + " of " + what
	if r.JournalSize > 0 {
		writes += ", and " + geometry.FormatBytes(r.JournalSize) + " of journal"
	}
	switch {
	case r.NewImage:
		writes = ""
	case r.PlaceBytes == 0 && r.JournalSize > 0 && !r.OneWrite:
		writes = "write " + geometry.FormatBytes(r.JournalSize) + " of journal"
	case r.OneWrite && r.PlaceBytes == 0:
		writes = "write the 512 bytes that make it the disk"
	case r.OneWrite:
		writes += " to free places of the file, and then 512 bytes that make it the disk"
	}
	if writes != "" {
		items = append(items, writes)
	}
	if r.GivesBack > 0 {
		items = append(items, "give "+geometry.FormatBytes(r.GivesBack)+" back to the host")
	}
	if r.UndoBytes > 0 {
		where := " beside the target, so that U can undo it"
		if r.OneWrite {
			where = " in the file, so that U can undo it"
		} else if r.NewImage {
			where = " of the old image beside the new one, so that U can undo it"
		}
		items = append(items, "keep "+geometry.FormatBytes(r.UndoBytes)+where)
	}
	switch {
	case r.Estimate >= time.Second:
		items = append(items, "take about "+widget.Duration(r.Estimate))
	case r.Estimate > 0:
		items = append(items, "take less than a second")
	}
	return items
}

// writtenWords says what a commit writes besides moving data within the target. A second copy of data is counted as
// written.
func writtenWords(q ops.Queue) string {
	for _, op := range q.Ops() {
		switch op.(type) {
		case ops.Copy, ops.CopyOver:
			return "copies, metadata and new data"
		}
	}
	return "metadata and new data"
}

func (b *block) failure(r report.Rehearsal) {
	st := b.st
	b.add("")
	const most = 12
	indent := strings.Repeat(" ", widget.Width(b.mark(st.No))+1)
	for _, s := range r.Steps {
		if s.Err == "" {
			b.add(st.Good.Render(st.Yes) + " " + st.Muted.Render(widget.Clean(s.Did)))
			continue
		}
		b.add(st.Bad.Render(b.mark(st.No)) + " " + st.Strong.Render(widget.Clean(s.Text)))
		if s.Command != "" {
			b.add(indent + st.Muted.Render(widget.Clean(s.Command)))
		}
		output := splitLog(s.Output)
		for _, line := range output[max(0, len(output)-most):] {
			b.add(indent + st.Text.Render(line))
		}
	}
}

// afterwards lists what is done after the commit.
func afterwards(q ops.Queue) []string {
	steps, err := q.Compile()
	if err != nil {
		return nil // cannot happen: the queue compiled when the run began
	}
	var out []string
	for _, s := range steps {
		if s.Kind == ops.StepGrowMounted {
			out = append(out, s.Words(q.Initial().SectorSize).Do())
		}
	}
	return out
}
