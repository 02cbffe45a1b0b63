package dialog

import (
	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// inGap is the place for a new partition in a gap.
type inGap struct {
	place
	gap   model.Gap
	whole geometry.Span // the usable part of the gap on the present grid
	exact geometry.Span // the same without a grid
	roles []model.Role
	role  int
}

// newInGap returns a place that fills a gap of the queue's preview. An error says why no partition fits there; its text
// begins with what.
func newInGap(q ops.Queue, gap model.Gap, align geometry.Alignment, what string) (g inGap, err error) {
	roles, why := ops.RolesFor(q.Preview(), gap)
	if !why.OK() {
		return g, &ops.Refusal{What: what, Reason: why}
	}
	whole, err := ops.RoomForNew(q.Preview(), gap, align)
	s := staging{queue: q, align: align}
	g = inGap{gap: gap, whole: whole, exact: whole, roles: roles, place: newPlace(s, ops.Limits{}, whole)}
	if exact, err := ops.RoomForNew(q.Preview(), gap, geometry.AlignNone); err == nil {
		g.exact = exact
	}
	return g, err
}

// regrid updates the usable part of the gap for the present grid; was is the part before. changed is false if the part is
// the same as before, or smaller than least.
func (g *inGap) regrid(least geometry.Sector) (was geometry.Span, changed bool) {
	whole, err := ops.RoomForNew(g.queue.Preview(), g.gap, g.align)
	if err != nil || whole == g.whole || whole.Len() < least {
		return g.whole, false
	}
	was, g.whole = g.whole, whole
	return was, true
}

// judge also says in the cost what the grid leaves free at the end of the gap.
func (g *inGap) judge(op ops.Operation) {
	g.place.judge(op)
	left := g.exact.End - g.whole.End
	if g.err != nil || left <= 0 || g.rounded != stopNone || g.span.End != g.whole.End {
		return
	}
	if g.cost != "" {
		g.cost += "; "
	}
	g.cost += "another " + sizeText(g.z.Bytes(left)) + " at the end stays free: the grid ends there"
}

// roleRow returns the row that picks primary or extended, or none if there is no choice.
func (g *inGap) roleRow() []row {
	if len(g.roles) < 2 {
		return nil
	}
	var words []string
	for _, r := range g.roles {
		words = append(words, r.String())
	}
	return []row{pick(stopRole, "Create as", words, &g.role)}
}
