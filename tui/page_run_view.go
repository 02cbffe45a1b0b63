package tui

import (
	"fmt"
	"time"

	"charm.land/lipgloss/v2"

	"shunt/geometry"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// runPage shows a run: what it is doing, what its rehearsal reported, or how it ended.
func (m Model) runPage(d document) []string {
	st := m.st
	edge := st.Faint
	if d.run.asks() {
		edge = st.Warn
	}
	f := widget.Frame{Title: m.runTitle(d), Edge: edge, Name: st.Title}
	body := widget.Scroll(m.runText(d, m.width-6), d.run.scroll, m.width-4, m.runHeight(d), st)
	if d.run.asks() {
		body = append(body, "", m.question(d))
	}
	return append([]string{m.title()}, widget.Box(body, f, m.width, m.height-2, st)...)
}

// runHeight is how many lines of text the page has room for.
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
	case d.run.kind == recoverRun && d.run.how == report.RollBack:
		return "Rolling back " + name
	case d.run.kind == undoRun:
		return "Undoing the last apply to " + name
	case d.run.kind == recoverRun:
		return "Finishing " + name
	case d.run.committing:
		return "Applying to " + name
	}
	return "Rehearsing " + name
}

// question is the line that asks for the decision.
func (m Model) question(d document) string {
	return m.st.Strong.Render(askApply(d)) + widget.Line(m.applySpots(d))
}

// runZones are the answers to the question, while the page asks it.
func (m Model) runZones(d document) []*lipgloss.Layer {
	if !d.run.asks() {
		return nil
	}
	return widget.Zones(m.applySpots(d), textX+widget.Width(askApply(d)), boxY+m.runHeight(d)+1)
}

func askApply(d document) string { return "Apply to " + d.name() + "?  " }

func (m Model) applySpots(d document) []widget.Spot {
	buttons := []widget.Button{{Label: "No", Key: "n"}, {Label: "Yes, apply", Key: "y", Risk: widget.Writes}}
	return widget.Buttons(buttons, d.run.chosen, m.st)
}

func (m Model) runText(d document, width int) []string {
	switch d.run.state {
	case runAsking:
		return m.reportText(d, width)
	case runEnded:
		return m.resultText(d, width)
	case runWorking:
	}
	if d.run.committing {
		return m.commitText(d, width)
	}
	return m.rehearsalText(d, width)
}

// rehearsalText lists the steps: those that are over with how long they took, the one that is running with its time.
func (m Model) rehearsalText(d document, width int) []string {
	st, now := m.st, d.run.now
	head := "Trying every step on a copy-on-write view of the target"
	lines := []string{st.Strong.Render(head), ""}
	lines = append(lines, widget.Gauge(d.run.share(), min(width, gaugeWidth), st), m.paceLine(d, width), m.saidLine(d, width), "")
	for i, text := range d.run.steps {
		took := time.Duration(-1)
		if i < len(now.Past) {
			took = now.Past[i].Took
		} else if i+1 == now.Step {
			took = now.Running
		}
		lines = append(lines, stepLine(i+1, now.Step, text, took, width, st))
	}
	note := "Nothing is written to the target. Stopping loses nothing."
	if d.run.stopping {
		note = "Stopping as soon as the running tool has ended. Nothing was written to the target."
	}
	return append(append(lines, ""), notesIn(note, width, st.Muted.Render)...)
}

// gaugeWidth is how wide the progress bar gets, and where the times in the list below it end.
const gaugeWidth = 72

// stepLine is one of a list of steps with the time it took, -1 if there is nothing to tell. Its verb tells where it stands,
// also to those who do not see the mark: "move p2", "moving p2", "moved p2".
func stepLine(i, running int, text string, took time.Duration, width int, st *styles.Styles) string {
	const timeWidth = 8
	room := min(width, gaugeWidth) - timeWidth - 2
	mark, look, at := st.Later, st.Faint, st.Muted
	switch {
	case i < running:
		mark, look, text = st.Yes, st.Good, ops.Did(text)
	case i == running:
		mark, look, at, text = st.Now, st.Focus, st.Strong, ops.Acting(text)
	}
	clock := ""
	if took >= 0 {
		clock = widget.Duration(took)
	}
	return look.Render(mark) + " " + at.Render(widget.Fit(text, room, st.More)) + st.Muted.Render(widget.Cell(clock, timeWidth, widget.Right, ""))
}

// saidLine is what the running tool said last; it is empty, and still a line, if there is none.
func (m Model) saidLine(d document, width int) string {
	text := widget.Clean(d.run.now.Said)
	return m.st.Faint.Render(widget.Fit(text, min(widget.Width(text), width), m.st.More))
}

// paceLine tells how far a phase is, how fast it goes, how long it will take, and how long it has taken, as far as there
// is room for that.
func (m Model) paceLine(d document, width int) string {
	now := d.run.now
	var parts []string
	if now.Total > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s", geometry.FormatBytes(now.Done), geometry.FormatBytes(now.Total)))
		if rate := d.run.meter.rate(); rate > 0 {
			parts = append(parts, geometry.FormatBytes(geometry.Bytes(rate))+"/s")
		}
		if d.run.meter.known {
			parts = append(parts, widget.Duration(roundLeft(d.run.meter.left))+" left")
		}
	} else if n := max(now.Steps, len(d.run.steps)); now.Step > n && n > 0 {
		parts = append(parts, widget.Clean(now.Stage))
	} else if now.Step > 0 {
		parts = append(parts, fmt.Sprintf("step %d of %d", now.Step, max(n, now.Step)))
	}
	if now.Elapsed > 0 {
		parts = append(parts, widget.Duration(now.Elapsed)+" so far")
	}
	text := ""
	for _, p := range parts {
		if text != "" {
			p = text + "   " + p
		}
		if widget.Width(p) > width {
			break
		}
		text = p
	}
	return m.st.Muted.Render(text)
}

// commitText shows the bytes, the rate and the time left, the stages, and what a crash would mean.
func (m Model) commitText(d document, width int) []string {
	st, now := m.st, d.run.now
	head := map[report.Phase]string{report.Undoing: "Putting everything back as it was"}[now.Phase]
	if head == "" {
		head = "Making the rehearsed result real, in one transaction"
	}
	lines := []string{st.Strong.Render(head), "", widget.Gauge(d.run.share(), min(width, gaugeWidth), st), m.paceLine(d, width), ""}
	at := milestoneOf(now.Stage)
	if at < 0 && now.Stage != "" {
		lines = append(lines, stepLine(1, 1, widget.Clean(now.Stage), now.Running, width, st), "")
	}
	if now.Phase != report.Undoing {
		lines = append(append(lines, stageLines(now, at, width, st)...), "")
	}
	note := crashOffers
	if at >= 0 && now.Phase != report.Undoing {
		note = milestones[at].crash
	}
	if d.run.stopping {
		note = "Stopping at the next safe point. " + note
	}
	return append(lines, notesIn(note, width, st.Muted.Render)...)
}

// stageLines are the milestones of a commit with how long they took.
func stageLines(now report.Progress, at, width int, st *styles.Styles) []string {
	took := map[int]time.Duration{}
	for _, p := range now.Past {
		took[milestoneOf(p.Stage)] += p.Took
	}
	if now.Running > 0 {
		took[at] += now.Running
	}
	var lines []string
	for i, s := range milestones {
		d, known := took[i]
		if !known || i > at {
			d = -1
		}
		lines = append(lines, stepLine(i, at, s.name, d, width, st))
	}
	return lines
}

// resultText is how the run ended.
func (m Model) resultText(d document, width int) []string {
	r := *d.run.result
	told := tellResult(d.run.kind, d.name(), r)
	if d.run.whole {
		told = tellWhole(d.name())
	}
	lines := m.telling(told, r.Err, width)
	if r.Outcome == report.Done && d.run.kind == applyRun {
		lines = append(lines, "", m.st.Head.Render("Operations"))
		for i, op := range d.run.queue.Ops() {
			text := ops.Did(op.Describe(d.run.queue.Before(i)))
			lines = append(lines, hanging("  "+m.st.Good.Render(m.st.Yes)+" ", text, width, m.st.Text.Render)...)
		}
	}
	back := d.run.kind == undoRun && r.Outcome == report.RolledBack
	if d.run.settled && (r.Outcome == report.Done || back) && d.state == docOpen {
		lines = append(lines, "", m.st.Head.Render("The disk now"))
		lines = append(lines, widget.DiskBar(m.segments(d, d.queue.Preview(), pictureNow), width, 2, m.st)...)
	}
	if !d.run.settled {
		lines = append(lines, "", m.st.Muted.Render("Reading the target again"+m.st.More))
	}
	return lines
}

// telling is an account in lines: the outcome, what caused it, what it means, what to do.
func (m Model) telling(t telling, cause string, width int) []string {
	st := m.st
	look, mark := st.Good, st.Yes
	switch t.tone {
	case toneGood:
	case toneWarn:
		look, mark = st.Warn, st.Dot
	case toneBad:
		look, mark = st.Bad, st.No
	}
	lines := []string{look.Bold(true).Render(mark + " " + t.head)}
	if cause != "" {
		lines = append(lines, notesIn(widget.Clean(cause), width, st.Bad.Bold(false).Render)...)
		lines = append(lines, "")
	}
	lines = append(lines, notesIn(t.meaning, width, st.Text.Render)...)
	if t.advice != "" {
		lines = append(append(lines, ""), notesIn(widget.Clean(t.advice), width, st.Muted.Render)...)
	}
	return lines
}

// notesIn is text wrapped to width in one look.
func notesIn(text string, width int, look func(...string) string) []string {
	lines := widget.Wrap(text, width)
	for i := range lines {
		lines[i] = look(lines[i])
	}
	return lines
}
