package dialog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/guide"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// The width and height of the page in a large window.
const (
	makeRoomWidth  = 100
	makeRoomHeight = 26
)

// bars draws the disk as it is and as it will be.
func (r *makeRoom) bars(p paper) []string {
	now, after := r.queue.Preview(), r.preview()
	upper, lower := r.segments(now, after, "+", p.st), r.segments(after, now, "-", p.st)
	if p.rest > 0 {
		upper = widget.Between(r.segments(now, p.from, "+", p.st), upper, 1-p.rest, p.st.Unallocated)
		lower = widget.Between(r.segments(p.from, now, "-", p.st), lower, 1-p.rest, p.st.Unallocated)
	}
	return append(namedBar("Now", upper, p), namedBar("After", lower, p)...)
}

// segments returns the segments of a disk, with empty space at the end if the other disk is larger, so that both bars
// have the same scale. sign says whether the image gains or loses that space.
func (r *makeRoom) segments(d, other model.Disk, sign string, st *styles.Styles) []widget.Segment {
	segments := widget.DiskSegments(model.Rows(d, model.Readable), d.SectorSize, func(row model.Row) widget.Mark {
		if row.Kind == model.RowPartition && row.Partition.ID == r.part.ID {
			return widget.Selected
		}
		return widget.Plain
	}, st)
	if beyond := other.Sectors - d.Sectors; beyond > 0 {
		segments = append(segments, widget.Beyond(beyond, d.SectorSize, sign, st))
	}
	return segments
}

// namedBar returns a bar with its name in front.
func namedBar(name string, segments []widget.Segment, p paper) []string {
	const label, roomy = 6, 28
	rows := 1
	if p.height >= roomy {
		rows = 2
	}
	edge := p.st.Faint.Render(p.st.Vertical)
	lines := widget.DiskBar(segments, p.width-label-2, rows, p.st)
	for i := range lines {
		lines[i] = p.st.Muted.Render(widget.Fit(name, label, "")) + edge + lines[i] + edge
		name = ""
	}
	return lines
}

// planList collects the lines of the list of plans.
type planList struct {
	drawing
	from, to int // the range of lines of the chosen plan
}

func (l *planList) add(entry int, lines ...string) {
	for _, line := range lines {
		l.lines, l.entries = append(l.lines, line), append(l.entries, entry)
	}
}

// list draws the plans, the chosen one in full, and the impossible ways. During a long search the old plans are dim.
func (r *makeRoom) list(p paper) drawing {
	l, st := &planList{}, p.st
	if head := r.headLines(p); len(head) > 0 {
		l.add(0, head...)
	}
	for i, plan := range r.plans {
		from := len(l.lines)
		l.add(i+1, r.planLines(i, plan, p)...)
		if i == r.at {
			l.from, l.to = from, len(l.lines)
		}
	}
	if len(r.no) > 0 && len(r.plans) > 0 {
		l.add(0, "", st.Muted.Render("Not possible:"))
	}
	for _, n := range r.no {
		const indent = 2
		margin := strings.Repeat(" ", indent)
		for _, line := range notes(widget.Clean(ops.Capital(n.String())), p.width-2*indent, 9, st.Muted, st) {
			l.add(0, margin+line)
			margin = strings.Repeat(" ", 2*indent)
		}
	}
	if _, _, cannot := ops.ImageLimits(r.queue.Preview(), r.queue.Env()); len(r.plans) == 0 && r.most() && !r.search.out && cannot.OK() {
		// "max" does not let the image grow, which may be the only way left.
		const hint = `Type a size ("4GiB") or a change ("+1GiB"): the image can grow to make that room.`
		l.add(0, append([]string{""}, notes(hint, p.width, 9, st.Text, st)...)...)
	}
	if r.searching() {
		for i, line := range l.lines {
			l.lines[i] = st.Muted.Render(ansi.Strip(line))
		}
	}
	return l.cut(r.down, p)
}

// headLines say why there are no plans.
func (r *makeRoom) headLines(p paper) []string {
	switch {
	case r.wrong != nil:
		return notes(ops.Capital(r.wrong.Error())+`, or type "max"`, p.width, 3, p.st.Warn, p.st)
	case len(r.plans) > 0 || len(r.no) == 0 && !r.searching():
		return nil
	case len(r.no) == 0:
		return []string{p.st.Muted.Render("searching" + p.st.More)}
	case r.image():
		return []string{p.st.Warn.Signed("It cannot be made smaller. These ways were considered:")}
	}
	return []string{p.st.Warn.Signed("That much room cannot be made. These ways were considered:")}
}

// cut cuts the list to the height of the page. down is how far it is scrolled below the chosen plan, in lines.
func (l *planList) cut(down int, p paper) drawing {
	height := p.grown(max(3, min(p.height, makeRoomHeight)-p.above-2), len(l.lines))
	start := 0
	if l.to > height-1 { // a line at each end says that there is more
		start = max(0, min(l.from-1, l.to-height+1))
	}
	start = max(0, min(start+down, len(l.lines)-height))
	lines, entries := slices.Clone(l.lines[start:]), slices.Clone(l.entries[start:])
	if start > 0 {
		lines[0], entries[0] = p.st.Muted.Render(fmt.Sprintf("%s %d more lines: pgup", p.st.Up, start+1)), 0
	}
	if below := len(lines) - height; below > 0 {
		// The last line says that there is more.
		more := fmt.Sprintf("%s %d more lines: pgdn", p.st.Down, below+1)
		lines, entries = append(lines[:height-1:height-1], p.st.Muted.Render(more)), entries[:height-1]
	}
	return drawing{lines: widget.Pad(lines, p.width, height, p.st.More), entries: entries, lacks: max(0, len(l.lines)-height)}
}

// inShort returns the title of a plan for a line of width cells: all of it, or as many whole operations as fit, and the number of
// the others.
func inShort(plan guide.Plan, width int) string {
	text := plan.Title()
	for n := len(plan.Ways) - 1; n > 0 && widget.Width(text) > width; n-- {
		text = fmt.Sprintf("%s and %d more", strings.Join(plan.Ways[:n], ", "), len(plan.Ways)-n)
	}
	return ops.Capital(text)
}

// otherPlan returns a plan that is not chosen, with its cost at the end of the line, or below it if no operation fits before it.
func otherPlan(number string, plan guide.Plan, cost string, p paper) []string {
	width, st := p.width-widget.Width(number), p.st
	const gap = "  "
	beside := width - widget.Width(gap+cost)
	if text := inShort(plan, beside); widget.Width(text) <= beside {
		return []string{st.Muted.Render(number) + st.Text.Render(widget.Fit(text, beside, "")) + gap + st.Muted.Render(cost)}
	}
	return []string{
		st.Muted.Render(number) + st.Text.Render(widget.Fit(inShort(plan, width), width, st.More)),
		strings.Repeat(" ", widget.Width(number)) + st.Muted.Render(ops.Capital(cost)),
	}
}

// planLines returns a plan in one line or two, or in full if it is the chosen one.
func (r *makeRoom) planLines(i int, plan guide.Plan, p paper) []string {
	st, bytes := p.st, r.queue.Preview().SectorSize.Bytes
	cost := "copies nothing"
	switch {
	case ops.Renews(plan.Queue):
		cost = "a new image"
	case plan.Copied > 0:
		cost = ops.Copies(plan.Copied, plan.About)
	}
	if r.image() {
		cost = geometry.FormatBytes(bytes(plan.Len)) + ", " + cost
	}
	title := ops.Capital(plan.Title())
	width := p.width - 4 - widget.Width(cost) - 2
	head := widget.Fit(title, width, st.More)
	if i != r.at {
		return otherPlan(fmt.Sprintf("%3d ", i+1), plan, cost, p)
	}
	rest := plan.Ways[:0]
	if widget.Width(title) > width || len(plan.Ways) > 3 { // each operation has a line then, the first of them this one
		title, rest = ops.Capital(plan.Ways[0]), plan.Ways[1:]
		head = widget.Fit(title, width, st.More)
	}
	look, mark := st.Strong, st.Pick
	if r.image() { // no field has the keyboard
		look, mark = st.Row, st.Cursor
	}
	lines := []string{look.Render(fmt.Sprintf("%s%2d %s  %s", mark, i+1, head, cost))}
	indent := func(look styles.Look, texts ...string) {
		for _, text := range texts {
			for _, line := range widget.WrapSigned(text, p.width-4, look.Sign()) {
				lines = append(lines, "    "+look.Render(line))
			}
		}
	}
	if widget.Width(title) > width { // nothing of the chosen plan is cut: the cost goes below its operations
		first := widget.Wrap(title, p.width-4)
		lines[0] = look.Render(fmt.Sprintf("%s%2d %s", mark, i+1, widget.Fit(first[0], p.width-4, "")))
		indent(st.Text, first[1:]...)
		rest = append(slices.Clone(rest), cost)
	}
	for _, way := range rest {
		indent(st.Text, ops.Capital(way))
	}
	good, mind := r.meaning(plan)
	if good != "" {
		indent(st.Good, good)
	}
	indent(st.Warn, mind...)
	return lines
}

// meaning describes what a plan achieves, and its risks. The line of a plan says already how large the image will be.
func (r *makeRoom) meaning(p guide.Plan) (good string, mind []string) {
	d := r.queue.Preview()
	size := func(n geometry.Sector) string { return geometry.FormatChosen(d.SectorSize.Bytes(n)) }
	if r.image() {
		if p.Risk.Shrunk > 0 {
			mind = []string{"The shrunk partitions have little unused space left."}
		}
		return "", mind
	}
	if p.Risk.Boot > 0 {
		mind = append(mind, "This moves a partition that a computer may boot from: a boot loader that finds it by its position "+
			"must be reinstalled.")
	}
	if p.Hops > 0 {
		mind = append(mind, "Partitions change places; their numbers stay.")
	}
	return fmt.Sprintf("%s gets %s, %s more than now.", r.part.Ref(), size(p.Len), size(p.Len-r.part.Span.Len())), mind
}
