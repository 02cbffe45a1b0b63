package tui

import (
	"fmt"
	"time"

	"charm.land/lipgloss/v2"

	"shunt/geometry"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui/widget"
)

// runPage draws a run: its progress, the report of its rehearsal, or its result.
func (m Model) runPage(d document) []string {
	st := m.st
	edge := st.Faint
	if d.run.asks() {
		edge = st.Warn
	}
	f := widget.Frame{Title: m.runTitle(d), Edge: edge, Name: st.Title}
	body := widget.Scroll(m.runText(d, m.width-6), d.run.scroll, m.width-4, m.runHeight(d), st)
	if d.run.asks() {
		text, answers := m.question(d)
		body = append(body, "", st.Strong.Render(text)+widget.Line(answers))
	}
	return widget.Box(body, f, m.width, m.height-2, st)
}

// runHeight returns how many lines of text fit on the page.
func (m Model) runHeight(d document) int {
	h := m.height - 4
	if d.run.asks() {
		h -= 2
	}
	return h
}

func (m Model) runTitle(d document) string {
	name := d.name()
	switch {
	case d.run.state == runEnded:
		return "Result"
	case d.run.state == runAsking:
		return "Rehearsal of " + name
	}
	switch d.run.deed() {
	case rollBackRun:
		return "Rolling back " + name
	case undoRun:
		if all := d.run.undone + 1 + len(d.run.back); all > 1 {
			return fmt.Sprintf("Undoing %d of %d commits to %s", d.run.undone+1, all, name)
		}
		return "Undoing the last apply to " + name
	case finishRun:
		return "Finishing " + name
	case applyRun, rehearseRun, followRun:
	}
	if d.run.committing {
		return "Applying to " + name
	}
	return "Rehearsing " + name
}

// question returns the question whether to apply, and its buttons.
func (m Model) question(d document) (text string, answers []widget.Spot) {
	buttons := []widget.Button{{Label: "Not now", Key: "n"}, {Label: "Yes, apply", Key: "y", Risk: widget.Writes}}
	answers = widget.Buttons(buttons, d.run.chosen, true, m.st)
	const before, behind = "Apply to ", "?  "
	room := m.width - 4 - widget.Width(before+behind+widget.Line(answers))
	return before + widget.Fit(d.name(), min(widget.Width(d.name()), room), m.st.More) + behind, answers
}

// runZones returns the clickable buttons while the page asks its question.
func (m Model) runZones(d document) []*lipgloss.Layer {
	if !d.run.asks() {
		return nil
	}
	text, answers := m.question(d)
	return widget.Zones(answers, textX+widget.Width(text), boxY+m.runHeight(d)+1)
}

func (m Model) runText(d document, width int) []string {
	b := m.block(width)
	switch {
	case d.run.state == runAsking:
		b.reportText(d)
	case d.run.state == runEnded:
		m.resultText(b, d)
	case d.run.committing:
		b.commitText(d)
	default:
		b.rehearsalText(d)
	}
	return b.lines
}

// rehearsalText adds the progress of a rehearsal: finished steps with their duration, and the running one with its time
// so far.
func (b *block) rehearsalText(d document) {
	st, now := b.st, d.run.now
	head := "Trying every step on a copy-on-write view of the target"
	if d.run.stopping {
		head = "Stopping as soon as the running tool has ended"
	}
	b.add(st.Strong.Render(head), "", b.gauge(d), b.paceLine(d))
	said := widget.Clean(now.Said)
	b.add(st.Muted.Render(widget.Fit(said, min(widget.Width(said), b.width), st.More)), "")
	for i, words := range d.run.steps {
		took := time.Duration(-1)
		if i < len(now.Past) {
			took = now.Past[i].Took
		} else if i+1 == now.Step {
			took = now.Running.Truncate(time.Second)
		}
		b.add(b.stepLine(i+1, now.Step, words, took))
	}
	b.add("")
	b.wrap(st.Muted, "A rehearsal writes nothing to the target.")
}

// gaugeWidth is the greatest width of the progress bar. The times in the list below are aligned to it.
const gaugeWidth = 72

func (b *block) gauge(d document) string {
	return widget.Gauge(d.run.share(), min(b.width, gaugeWidth), b.st)
}

// stepLine returns the line of step i with its duration; took is -1 if that is not known. The verb shows the state as
// well as the mark does: "move p2", "moving p2", "moved p2".
func (b *block) stepLine(i, running int, words ops.Phrase, took time.Duration) string {
	st := b.st
	mark, look, at, text := st.Later, st.Faint, st.Muted, words.Do()
	switch {
	case i < running:
		mark, look, text = st.Yes, st.Good, words.Did()
	case i == running:
		mark, look, at, text = st.Now, st.Focus, st.Strong, words.Doing()
	}
	clock := ""
	if took >= 0 {
		clock = "  " + widget.Duration(took)
	}
	sign := b.mark(mark)
	room := min(b.width, gaugeWidth) - widget.Width(sign) - 1 - widget.Width(clock)
	return look.Render(sign) + " " + at.Render(widget.Fit(text, room, st.More)) + st.Muted.Render(clock)
}

// paceLine returns the progress of a phase, its rate, the time left and the time so far, as far as they fit.
func (b *block) paceLine(d document) string {
	now := d.run.now
	var parts []string
	n := max(now.Steps, len(d.run.steps))
	switch {
	case now.Total > 0:
		parts = append(parts, fmt.Sprintf("%s of %s", geometry.FormatBytes(now.Done), geometry.FormatBytes(now.Total)))
		if rate := d.run.meter.rate(); rate > 0 {
			parts = append(parts, geometry.FormatBytes(geometry.Bytes(rate))+"/s")
		}
		if d.run.meter.known {
			parts = append(parts, widget.Duration(roundLeft(d.run.meter.left))+" left")
		}
	case now.Step > n && n > 0:
		parts = append(parts, widget.Clean(now.Words(d.facts)))
	case now.Step > 0:
		parts = append(parts, fmt.Sprintf("step %d of %d", now.Step, max(n, now.Step)))
	}
	if count := now.Count(d.facts); count != "" {
		parts = append(parts, count)
	}
	if now.Elapsed >= time.Second {
		parts = append(parts, widget.Duration(now.Elapsed.Truncate(time.Second))+" so far")
	}
	text := ""
	for _, p := range parts {
		if text != "" {
			p = text + "   " + p
		}
		if widget.Width(p) > b.width {
			break
		}
		text = p
	}
	return b.st.Muted.Render(text)
}

// commitText adds the progress of a commit: bytes, rate, time left, stages, and what a power failure would mean.
func (b *block) commitText(d document) {
	list := report.PartsOf(d.facts, d.run.now.Phase)
	now, at := d.run.now, list.At(d.run.now.Stage)
	head, note := "Writing the result to the target, in one transaction", report.CrashOffers
	if now.Phase == report.Undoing {
		head, note = "Restoring the target to its previous state", report.CrashBack
	}
	if d.run.stopping {
		head = "Stopping at the next safe point"
	}
	b.add(b.st.Strong.Render(head), "", b.gauge(d), b.paceLine(d), "")
	if at < 0 && now.Stage != "" {
		b.add(b.stepLine(1, 1, ops.Phrase{{Verb: ops.Verb{Doing: widget.Clean(now.Words(d.facts))}}}, now.Running), "")
	}
	switch {
	case now.Phase != report.Undoing:
		b.parts(list, now, at)
		b.add("")
	case at >= 0:
		b.add(b.stepLine(1, 1, list[at].Words, now.Running.Truncate(time.Second)), "")
	}
	if at >= 0 {
		note = list[at].Crash
	}
	b.wrap(b.st.Muted, note)
}

func (b *block) parts(list report.Parts, now report.Progress, at int) {
	took := map[int]time.Duration{}
	for _, p := range now.Past {
		took[list.At(p.Stage)] += p.Took
	}
	if now.Running > 0 {
		took[at] += now.Running.Truncate(time.Second)
	}
	for i, s := range list[:len(list)-1] { // the last one is the end, and no step
		d, known := took[i]
		if !known || i > at {
			d = -1
		}
		b.add(b.stepLine(i, at, s.Words, d))
	}
}

// resultText adds the result of the run.
func (m Model) resultText(b *block, d document) {
	st, r := b.st, *d.run.result
	told := resultNotice(d.run.kind, d.name(), r)
	if d.run.kind == undoRun {
		told = undoNotice(d)
	}
	if d.run.undecided {
		told = undecidedNotice(d.name())
	}
	b.notice(told, stated(r.Err, d.name(), d.path))
	if r.Outcome == report.Done && d.run.kind == applyRun {
		b.head("Operations")
		for i := range d.run.queue.Ops() {
			b.hang("  "+st.Good.Render(st.Yes)+" ", ops.Capital(d.run.queue.DescribeAt(i).Did()), st.Text)
		}
	}
	back := d.run.kind == undoRun && r.Outcome == report.RolledBack
	if d.run.settled && (r.Outcome == report.Done || back) && d.state == docOpen {
		b.head("The disk now")
		b.add(widget.DiskBar(m.segments(d, d.rows(), pictureNow), b.width, 2, st)...)
	}
	if !d.run.settled {
		b.add("", st.Muted.Render("Reading the target again"+st.More))
	}
}

// notice adds a notice: what happened, its cause as a sentence, what it means for the data, and what to do.
func (b *block) notice(t notice, cause string) {
	st := b.st
	mark := [...]string{toneGood: st.Yes, toneWarn: st.Heed, toneBad: st.No}[t.tone]
	b.add(b.looks[t.tone].Bold(true).Render(b.mark(mark) + " " + t.head))
	if cause != "" {
		look := b.looks[t.tone] // never more alarming than the heading
		if t.tone == toneGood {
			look = st.Text
		}
		b.wrap(look.Bold(false).Unsigned(), cause)
		b.add("")
	}
	b.wrap(st.Text, t.meaning)
	if t.advice != "" {
		b.add("")
		b.wrap(st.Text, widget.Clean(t.advice))
	}
}
