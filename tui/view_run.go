package tui

import (
	"fmt"
	"strings"

	"shunt/geometry"
	"shunt/ops"
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
	case d.run.kind == recoverRun && d.run.how == RollBack:
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
	return m.st.Strong.Render(askApply(d)) + widget.Buttons(applyButtons(), d.run.chosen, m.st)
}

// runButtons is the line of the screen that has the answers to the question, and the answers; there are none unless it asks.
func (m Model) runButtons(d document) (line int, buttons []widget.Button) {
	if !d.run.asks() {
		return 0, nil
	}
	return boxY + m.runHeight(d) + 1, applyButtons()
}

func askApply(d document) string { return "Apply to " + d.name() + "?  " }

func applyButtons() []widget.Button {
	return []widget.Button{{Label: "No", Key: "n"}, {Label: "Yes, apply", Key: "y", Risk: widget.Writes}}
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

// rehearsalText lists the steps with the one that is running.
func (m Model) rehearsalText(d document, width int) []string {
	st, now := m.st, d.run.now
	head := "Trying every step on a copy-on-write view of the target"
	lines := []string{st.Strong.Render(head), ""}
	share := -1.0
	if n := max(now.Steps, len(d.run.steps)); n > 0 {
		share = float64(max(0, now.Step-1)) / float64(n)
		if now.Total > 0 {
			share += float64(now.Done) / float64(now.Total) / float64(n)
		}
	}
	lines = append(lines, widget.Gauge(share, min(width, 72), st), elapsed(now, st), "")
	for i, text := range d.run.steps {
		lines = append(lines, stepLine(i+1, now.Step, text, width, st))
	}
	note := "Nothing is written to the target. Stopping loses nothing."
	if d.run.stopping {
		note = "Stopping as soon as the running tool has ended. Nothing was written to the target."
	}
	return append(append(lines, ""), notesIn(note, width, st.Muted.Render)...)
}

func stepLine(i, running int, text string, width int, st *styles.Styles) string {
	switch {
	case i < running:
		return st.Good.Render(st.Yes) + " " + st.Muted.Render(widget.Fit(text, width-2, st.More))
	case i == running:
		return st.Focus.Render(st.Now) + " " + st.Strong.Render(widget.Fit(text, width-2, st.More))
	}
	return st.Faint.Render(st.Later) + " " + st.Muted.Render(widget.Fit(text, width-2, st.More))
}

func elapsed(now ops.Progress, st *styles.Styles) string {
	if now.Elapsed <= 0 {
		return ""
	}
	return st.Muted.Render(widget.Duration(now.Elapsed) + " so far")
}

// commitText shows the stages, the bytes, the rate and the time left, and what a crash would mean.
func (m Model) commitText(d document, width int) []string {
	st, now := m.st, d.run.now
	head := map[ops.Phase]string{ops.Undoing: "Putting everything back as it was"}[now.Phase]
	if head == "" {
		head = "Making the rehearsed result real, in one transaction"
	}
	share := -1.0
	if now.Total > 0 {
		share = float64(now.Done) / float64(now.Total)
	}
	lines := []string{st.Strong.Render(head), "", widget.Gauge(share, min(width, 72), st), rate(now, st), ""}
	at := milestoneOf(now.Stage)
	if at < 0 && now.Stage != "" {
		lines = append(lines, st.Focus.Render(st.Now)+" "+st.Strong.Render(widget.Clean(now.Stage)), "")
	}
	if now.Phase != ops.Undoing {
		lines = append(lines, stageLine(at, st), "")
	}
	note := crashOffers
	if at >= 0 && now.Phase != ops.Undoing {
		note = milestones[at].crash
	}
	if d.run.stopping {
		note = "Stopping at the next safe point. " + note
	}
	return append(lines, notesIn(note, width, st.Muted.Render)...)
}

// stageLine is the stages of a commit in a row.
func stageLine(at int, st *styles.Styles) string {
	var parts []string
	for i, s := range milestones {
		switch {
		case i < at:
			parts = append(parts, st.Good.Render(st.Yes+" "+s.name))
		case i == at:
			parts = append(parts, st.Focus.Bold(true).Render(st.Now+" "+s.name))
		default:
			parts = append(parts, st.Faint.Render(st.Later+" "+s.name))
		}
	}
	return strings.Join(parts, " ")
}

// rate is how far the phase is, how fast it goes, and how long it will take at that rate.
func rate(now ops.Progress, st *styles.Styles) string {
	if now.Total <= 0 {
		return elapsed(now, st)
	}
	parts := []string{fmt.Sprintf("%s of %s", geometry.FormatBytes(now.Done), geometry.FormatBytes(now.Total))}
	if seconds := now.Elapsed.Seconds(); seconds > 0 && now.Done > 0 {
		speed := float64(now.Done) / seconds
		parts = append(parts, geometry.FormatBytes(geometry.Bytes(speed))+"/s")
		left := float64(now.Total-now.Done) / speed
		parts = append(parts, widget.Duration(durationOf(left))+" left")
	}
	return st.Muted.Render(strings.Join(parts, "   "))
}

// resultText is how the run ended.
func (m Model) resultText(d document, width int) []string {
	r := *d.run.result
	lines := m.telling(tellResult(d.run.kind, d.name(), r), r.Err, width)
	if r.Outcome == ops.Done && d.run.kind == applyRun {
		lines = append(lines, "", m.st.Head.Render("Operations"))
		for i, op := range d.run.queue.Ops() {
			text := op.Describe(d.run.queue.Before(i))
			lines = append(lines, hanging("  "+m.st.Good.Render(m.st.Yes)+" ", text, width, m.st.Text.Render)...)
		}
	}
	back := d.run.kind == undoRun && r.Outcome == ops.RolledBack
	if d.run.settled && (r.Outcome == ops.Done || back) && d.state == docOpen {
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
