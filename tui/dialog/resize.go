package dialog

import (
	"fmt"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/styles"
)

// resize is the Resize/Move dialog: the place of a partition, and the cost of the change.
type resize struct {
	place
	part model.Partition
}

// NewResize returns the dialog for partition id of the queue's preview.
func NewResize(q ops.Queue, id model.PartID, align geometry.Alignment) Dialog {
	d := q.Preview()
	part, _ := d.Partition(id)
	return newForm(resize{part: part, place: newPlace(staging{queue: q, align: align}, ops.Limit(d, q.Env(), id), part.Span)})
}

func (r *resize) check() {
	d := r.queue.Preview()
	r.verdict = verdict{}
	if r.begun() {
		r.wrong = nil // nothing is asked for yet
	}
	if r.wrong != nil || r.span == r.part.Span {
		return
	}
	op := ops.MoveResizeTo(d, r.part.ID, r.span)
	if n := op.Len; n > 0 && n < r.part.Span.Len() && n-r.limits.MinLen < geometry.AlignMiB.Grain(r.z) {
		op.Aim = ops.Aim{Want: ops.Smallest, Align: r.align} // whoever takes the smallest size shown means the smallest that works
	}
	r.judge(op)
	if _, skipped := ops.MoveCost(d, r.queue.Env(), r.part); r.err == nil && op.Shift != 0 && skipped > 0 {
		r.cost += "; about " + geometry.FormatBytes(skipped) + " of unused space is not copied"
	}
}

func (r *resize) layout() layout {
	look := func(st *styles.Styles) styles.Look { return partStyle(r.part, st) }
	rows := append(r.rows(fill{look, r.part.FS.Used}, stopBefore, r.limitKeys()...), r.gridNote())
	for _, limit := range r.limitWords() {
		rows = append(rows, hint(limit, 6))
	}
	idle := "No change yet."
	if r.fixed(stopSize).OK() {
		idle += " " + sizeHint
	}
	return layout{
		title: "Resize/Move", part: &r.part, rows: append(rows, blank(), r.outcome(idle)),
		accept: r.stage, does: "resize/move", entered: r.enter,
	}
}

// limitWords describes what limits or forbids the change.
func (r *resize) limitWords() []string {
	l := r.limits
	var out []string
	limit := func(format func(geometry.Bytes) string, n geometry.Sector) string {
		if n == r.part.Span.Len() {
			format = geometry.FormatBytes // as the present size is shown elsewhere
		}
		return format(r.z.Bytes(n))
	}
	least := func(n geometry.Sector) string { return limit(geometry.FormatAtLeast, n) }
	most := func(n geometry.Sector) string { return limit(geometry.FormatAtMost, n) }
	whyMin, whyMost := l.WhyMin.Beside(r.z.Bytes(l.MinLen)), l.WhyEnd
	if !l.Shrink.OK() {
		whyMin = string(l.Shrink)
	}
	if !l.Grow.OK() {
		whyMost = l.Grow
	}
	if !r.fixed(stopSize).OK() {
		out = append(out, "The size stays: "+string(l.Grow))
	} else {
		out = append(out, fmt.Sprintf("Smallest %s: %s", least(l.MinLen), whyMin), fmt.Sprintf("Largest %s: %s", most(l.MaxLen), whyMost))
	}
	if !l.Move.OK() {
		out = append(out, "It stays where it is: "+string(l.Move))
	}
	return out
}
