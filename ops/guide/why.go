package guide

import (
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// little returns the reason that a way gives only that much room. text has a placeholder for it.
func (l *line) little(text string, room geometry.Sector) Impossible {
	return Impossible{Why: model.Because(text, ops.AtMost(room, l.disk.SectorSize)), Room: room}
}

// asked is the number of neighbours on each side for which there are reasons why they do not help.
const asked = 2

// impossible returns the ways that are in no plan because they cannot be done or do not give enough.
func (s *solver) impossible(plans []Plan, w Wish) []Impossible {
	l, used := &s.line, used(plans)
	need := w.Size - l.items[l.target].span.Len()
	if w.Most {
		need = 1
	}
	var list []Impossible
	no := func(what string, n Impossible) {
		if n.What = what; !n.Why.OK() {
			list = append(list, n)
		}
	}
	ref := l.items[l.target].part.Ref()
	if !slices.ContainsFunc(plans, func(p Plan) bool { return len(p.does) == 0 }) {
		no("use the free space behind "+ref, l.behind(need))
	}
	if !used[doing{part: w.Part, moved: true}] {
		no("move "+ref+" itself", l.still(l.target, moveSelf, need))
	}
	for _, i := range l.neighbours() {
		p, side := l.items[i].part, moveBefore|moveSelf
		if i > l.target {
			side = moveAfter
		}
		if !used[doing{part: p.ID, moved: true}] {
			no("move "+p.Ref(), l.still(i, side, need))
		}
		if !w.Most && !used[doing{part: p.ID, shrunk: true}] {
			no("shrink "+p.Ref(), l.kept(i, need))
		}
	}
	if _, _, cannot := ops.ImageLimits(l.disk, l.env); !w.Most {
		no("grow the image", Impossible{Why: cannot})
	}
	if len(plans) == 0 && len(list) == 0 {
		no("make room for "+ref, Impossible{Why: "the partitions around it cannot give that much room"})
	}
	return list
}

// neighbours returns the partitions nearest to the target on both sides.
func (l *line) neighbours() []int {
	var list []int
	for _, step := range []int{1, -1} {
		n := 0
		for i := l.target + step; i >= 0 && i < len(l.items) && n < asked; i += step {
			if l.items[i].kind == body {
				list, n = append(list, i), n+1
			}
		}
	}
	return list
}

// behind returns the reason why the free space behind the target is not enough.
func (l *line) behind(need geometry.Sector) Impossible {
	end := l.items[l.target].span.End
	limit := ops.Limit(l.disk, l.env, l.items[l.target].part.ID)
	free := min(limit.Chosen.End-end, limit.MaxLen-l.items[l.target].span.Len())
	switch {
	case free >= need:
		return Impossible{}
	case free <= 0:
		return Impossible{Why: "there is none"}
	}
	return l.little("there is only %s", free)
}

// still returns the reason why moving item i does not help.
func (l *line) still(i int, side means, need geometry.Sector) Impossible {
	it := l.items[i]
	if !it.stuck.OK() {
		return Impossible{Why: it.stuck}
	}
	longest, more := l.longest(limits{means: side})
	free := longest.want - l.items[l.target].span.Len()
	switch {
	case more && free >= need:
		return Impossible{}
	case !more && i <= l.target:
		return Impossible{Why: "there is no free space before it"}
	case !more:
		return Impossible{Why: "there is no free space behind it"}
	}
	return l.little("the free space there makes room for only %s", free)
}

// kept returns the reason why shrinking item i does not help.
func (l *line) kept(i int, need geometry.Sector) Impossible {
	it := l.items[i]
	if !it.full.OK() {
		return Impossible{Why: it.full}
	}
	longest, more := l.longest(limits{means: moveBefore | moveAfter | moveSelf, shrunk: i + 1})
	room := longest.want - l.items[l.target].span.Len()
	switch {
	case more && room >= need:
		return Impossible{}
	case more && it.part.FS.Kind.MadeAnew():
		return l.little("at most half of this swap space is given, which makes room for only %s", room)
	case more:
		return l.little("even at its smallest it makes room for only %s", room)
	}
	for j := min(i, l.target) + 1; j < max(i, l.target); j++ {
		if between := l.items[j]; between.kind == body && !between.stuck.OK() {
			return Impossible{Why: model.Because("%s is in the way, which cannot move", between.part.Ref())}
		}
	}
	if stuck := l.items[l.target].stuck; !stuck.OK() && i < l.target {
		return Impossible{Why: model.Because("%s cannot move there: %s", l.items[l.target].part.Ref(), stuck)}
	}
	return Impossible{Why: "what it can give is less than one step of the alignment"}
}
