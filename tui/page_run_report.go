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

// reportText is the report of a rehearsal.
func (m Model) reportText(d document, width int) []string {
	st, r := m.st, *d.run.report
	name := d.name()
	lines := m.telling(tellRehearsal(d.run.kind, name, r), r.Err, width)
	if r.Err != "" {
		return append(lines, m.failureText(r)...)
	}
	head := func(text string) { lines = append(lines, "", st.Head.Render(text)) }
	head("Operations")
	for i, op := range d.run.queue.Ops() {
		lines = append(lines, hanging(st.Muted.Render(fmt.Sprintf("%3d ", i+1)), op.Describe(d.run.queue.Before(i)), width, st.Text.Render)...)
	}
	if len(r.Filesystems) > 0 {
		head("File systems, checked in the rehearsal")
	}
	for _, f := range r.Filesystems {
		text := fmt.Sprintf("%-4s %-6s %8s", f.Ref, f.Kind, geometry.FormatBytes(f.Size))
		if f.Used >= 0 {
			text += fmt.Sprintf("  %8s used  %8s free", geometry.FormatBytes(f.Used), geometry.FormatBytes(f.Size-f.Used))
		}
		lines = append(lines, "  "+st.Good.Render(st.Yes)+" "+st.Text.Render(text))
	}
	head("The commit will")
	lines = append(lines, m.costText(r, writtenWords(d.run.queue), width)...)
	for _, text := range d.run.queue.Consequences() {
		lines = append(lines, notesIn(widget.Clean(text), width, st.Warn.Render)...)
	}
	if list := afterwards(d.run.queue); len(list) > 0 {
		head("After the commit")
		for _, text := range list {
			lines = append(lines, notesIn("  "+text, width, st.Text.Render)...)
		}
		lines = append(lines, notesIn("The kernel does this to a file system in use: it is not rehearsed and cannot be undone. If it fails, "+
			"the partition is longer than its file system, which does no harm.", width, st.Muted.Render)...)
	}
	for _, text := range r.Warnings {
		lines = append(lines, notesIn(widget.Clean(text), width, st.Warn.Render)...)
	}
	return lines
}

// costText tells what the commit will do; what says what it writes.
func (m Model) costText(r report.Rehearsal, what string, width int) []string {
	var items []string
	if r.CopyBytes > 0 || r.SkippedFree > 0 {
		text := "copy " + geometry.FormatBytes(r.CopyBytes) + " within the target"
		if r.SkippedFree > 0 {
			text += "; " + geometry.FormatBytes(r.SkippedFree) + " of unused space is not copied"
		}
		items = append(items, text)
	}
	writes := "write " + geometry.FormatBytes(r.PlaceBytes) + " of " + what
	if r.JournalSize > 0 {
		writes += ", and " + geometry.FormatBytes(r.JournalSize) + " of journal"
	}
	items = append(items, writes)
	if r.UndoBytes > 0 {
		items = append(items, "leave "+geometry.FormatBytes(r.UndoBytes)+" beside the target, to undo it with U")
	}
	switch {
	case r.Estimate >= time.Second:
		items = append(items, "take about "+widget.Duration(r.Estimate))
	case r.Estimate > 0:
		items = append(items, "take less than a second")
	}
	var out []string
	for _, item := range items {
		for _, line := range widget.Wrap(item, width-2) {
			out = append(out, "  "+m.st.Text.Render(line))
		}
	}
	return out
}

// writtenWords tells what a commit writes that it does not move within the target. What is copied to a second place is
// written like what is new.
func writtenWords(q ops.Queue) string {
	for _, op := range q.Ops() {
		switch op.(type) {
		case ops.Copy, ops.CopyOver:
			return "copies, metadata and new data"
		}
	}
	return "metadata and new data"
}

// hanging is text with something before its first line, and as much space before the others.
func hanging(before, text string, width int, look func(...string) string) []string {
	indent := widget.Width(before)
	lines := widget.Wrap(text, width-indent)
	for i := range lines {
		left := before
		if i > 0 {
			left = strings.Repeat(" ", indent)
		}
		lines[i] = left + look(lines[i])
	}
	return lines
}

// failureText is what failed and the last of what it said.
func (m Model) failureText(r report.Rehearsal) []string {
	st := m.st
	lines := []string{""}
	const most = 12
	for _, s := range r.Steps {
		if s.Err == "" {
			lines = append(lines, st.Good.Render(st.Yes)+" "+st.Muted.Render(widget.Clean(ops.Did(s.Text))))
			continue
		}
		lines = append(lines, st.Bad.Render(st.No)+" "+st.Strong.Render(widget.Clean(s.Text)))
		if s.Command != "" {
			lines = append(lines, "  "+st.Muted.Render(widget.Clean(s.Command)))
		}
		output := splitLog(s.Output)
		for _, line := range output[max(0, len(output)-most):] {
			lines = append(lines, "  "+st.Text.Render(line))
		}
	}
	return lines
}

// afterwards lists what is done when the commit is over.
func afterwards(q ops.Queue) []string {
	steps, err := q.Compile()
	if err != nil {
		return nil // it compiled when the run began
	}
	var out []string
	for _, s := range steps {
		if s.Kind == ops.StepGrowMounted {
			out = append(out, s.Text(q.Initial().SectorSize))
		}
	}
	return out
}
