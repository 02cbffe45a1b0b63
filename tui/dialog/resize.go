package dialog

import (
	"fmt"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// resize is the Resize/Move dialog: one partition, its room, three linked fields and what the change costs.
type resize struct {
	part  model.Partition
	queue ops.Queue
	place place

	op      ops.MoveResize
	verdict verdict
}

// verdict is what the queue says of an operation.
type verdict struct {
	changes bool // the operation does anything
	err     error
	what    string // the operation in words
	cost    string
}

// judge asks the queue about an operation that does something.
func judge(q ops.Queue, op ops.Operation) verdict {
	next, err := q.Stage(op)
	if err != nil {
		return verdict{changes: true, err: err}
	}
	return verdict{changes: true, what: op.Describe(q.Preview()), cost: next.Cost(next.Len() - 1)}
}

// action is what Enter does: nothing as long as something is wrong, and a staged operation if it changes anything.
func (v verdict) action(wrong error, staged Action) Action {
	switch {
	case wrong != nil, v.err != nil:
		return nil
	case !v.changes:
		return Close{}
	}
	return staged
}

// NewResize is the dialog for partition id of the queue's preview.
func NewResize(q ops.Queue, id model.PartID, align geometry.Alignment) Dialog {
	d := q.Preview()
	part, _ := d.Partition(id)
	return newForm(resize{part: part, queue: q, place: newPlace(ops.Limit(d, q.Env(), id), part.Span, align, d.SectorSize)})
}

func (r resize) stops() []stop { return append(r.place.open(), stopAlign, stopBar) }

func (r *resize) entered() { r.place = r.place.enter() }

// check brings the operation and the verdict on it up to date.
func (r resize) check() resize {
	d := r.queue.Preview()
	r.op, r.verdict = ops.MoveResizeTo(d, r.part.ID, r.place.span), verdict{}
	if r.place.wrong != nil || r.place.span == r.part.Span {
		return r
	}
	r.verdict = judge(r.queue, r.op)
	copies, skipped := ops.MoveCost(d, r.queue.Env(), r.part)
	if r.verdict.err == nil && r.op.Shift != 0 && skipped > 0 {
		if r.verdict.cost == "copies "+geometry.FormatBytes(copies) {
			r.verdict.cost += " of data"
		}
		r.verdict.cost += "; " + geometry.FormatBytes(skipped) + " of unused space is not copied"
	}
	return r
}

func (r resize) accept() Action {
	return r.verdict.action(r.place.wrong, Stage{Op: r.op, Align: r.place.align})
}

func (r resize) head(st *styles.Styles) View {
	return View{Title: "Resize/Move " + partTitle(r.part, st)}
}

func (r resize) rows() []row[resize] {
	fills := func(st *styles.Styles) fill { return fill{style: partStyle(r.part, st), used: r.part.FS.Used} }
	rows := append(placeRows(r, fills, func(r *resize) *place { return &r.place }), blank[resize]())
	for _, limit := range r.limits() {
		rows = append(rows, hint[resize](limit, 2))
	}
	return append(rows, blank[resize](), outcome[resize](r.place.wrong, r.verdict, "No change yet."))
}

// limits is what bounds the change, or forbids it, in words.
func (r resize) limits() []string {
	l, z := r.place.limits, r.place.z
	var out []string
	size := func(n geometry.Sector) string { return geometry.FormatBytes(z.Bytes(n)) }
	whyMin := l.WhyMin.Beside(z.Bytes(l.MinLen))
	switch {
	case !r.place.fixed(stopSize).OK():
		out = append(out, "The size stays: "+string(l.Grow))
	case !l.Shrink.OK():
		out = append(out, fmt.Sprintf("Largest %s. It cannot shrink: %s", size(l.MaxLen), l.Shrink))
	case !l.Grow.OK():
		out = append(out, fmt.Sprintf("Smallest %s (%s). It cannot grow: %s", size(l.MinLen), whyMin, l.Grow))
	default:
		out = append(out, fmt.Sprintf("Smallest %s: %s", size(l.MinLen), whyMin),
			fmt.Sprintf("Largest %s: %s", size(l.MaxLen), l.WhyEnd))
	}
	if !l.Move.OK() {
		out = append(out, "It stays where it is: "+string(l.Move))
	}
	return out
}

// verdictHeight is how many lines verdictLines returns: always as many, so that the window does not jump while one types.
const verdictHeight = 3

func verdictLines(wrong error, v verdict, idle string, width int, st *styles.Styles) []string {
	var lines []string
	switch {
	case wrong != nil:
		lines = notes(sentence(wrong.Error()), width, verdictHeight, st.Warn.Render, st)
	case v.err != nil:
		lines = notes(sentence(v.err.Error()), width, verdictHeight, st.Bad.Render, st)
	case !v.changes:
		lines = []string{st.Muted.Render(idle)}
	default:
		lines = notes(v.what, width, 2, st.Strong.Render, st)
		lines = append(lines, notes(v.cost, width, verdictHeight-len(lines), st.Good.Render, st)...)
	}
	return widget.Pad(lines, width, verdictHeight, st.More)
}

// sentence is an error as a line of its own.
func sentence(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

func (r resize) keys(at stop) []keymap.Binding {
	var keys []keymap.Binding
	if r.place.limits.Shrink.OK() {
		keys = append(keys, keyMin())
	}
	if r.place.limits.Grow.OK() {
		keys = append(keys, keyMax())
	}
	switch {
	case at == stopBar:
		keys = append(keys, keymap.Bind("←→", "drag", "left", "right"), keyHandle(), keyNext())
	case at == stopAlign:
		keys = append(keys, keymap.Bind("←→", "choose", "left", "right"), keyNext())
	default:
		keys = append(keys, keymap.Bind("↑↓", "nudge", "up", "down"), keyNext())
	}
	if r.place.offGrid() {
		keys = append(keys, keyGrid())
	}
	return append(keys, keyAccept("resize/move"), keyCancel())
}

// partTitle names a partition in the title of a window: `p1 · xfs "docs"`.
func partTitle(p model.Partition, st *styles.Styles) string {
	title := p.Ref()
	if p.FS.Known() {
		title += " " + st.Dot + " " + string(p.FS.Kind)
	}
	if p.FS.Label != "" {
		title += fmt.Sprintf(" %q", widget.Clean(p.FS.Label))
	}
	return title
}

// partStyle is the look of a partition.
func partStyle(p model.Partition, st *styles.Styles) styles.Look {
	if p.Role == model.Extended {
		return st.Extended
	}
	return st.FS(p.FS.Kind)
}
