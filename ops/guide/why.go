package guide

import (
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/ops"
)

// asked is how many neighbours on each side are asked why they do not help.
const asked = 2

// impossible tells what was considered and is in no plan because it cannot be done or does not give enough.
func (s *solver) impossible(plans []Plan, w Wish) []Impossible {
	l := &s.line
	used := map[doing]bool{}
	for _, p := range plans {
		for d := range p.does {
			used[d] = true
		}
	}
	need := w.Size - l.items[l.target].span.Len()
	if w.Most {
		need = 1
	}
	var list []Impossible
	no := func(what, why string) {
		if why != "" {
			list = append(list, Impossible{What: what, Why: why})
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
		it := l.items[i]
		side := moveBefore | moveSelf
		if i > l.target {
			side = moveAfter
		}
		if !used[doing{part: it.part.ID, moved: true}] {
			no("move "+it.part.Ref(), l.still(i, side, need))
		}
		if !w.Most && !used[doing{part: it.part.ID, shrunk: true}] {
			no("shrink "+it.part.Ref(), l.kept(i, need))
		}
	}
	if _, _, cannot := ops.ImageLimits(l.disk); cannot != "" && !w.Most {
		no("grow the image", cannot)
	}
	if len(plans) == 0 && len(list) == 0 {
		no("make room for "+ref, "what lies around it leaves too little, whatever is done with it")
	}
	return list
}

// neighbours are the partitions that lie nearest to the target on both sides.
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

// behind is why the free space behind the target is not enough.
func (l *line) behind(need geometry.Sector) string {
	end := l.items[l.target].span.End
	free := ops.Limit(l.disk, l.env, l.items[l.target].part.ID).Chosen.End - end
	switch {
	case free >= need:
		return ""
	case free <= 0:
		return "there is none"
	}
	return "there is only " + l.size(free)
}

// still is why moving item i does not help, "" if it does.
func (l *line) still(i int, side means, need geometry.Sector) string {
	it := l.items[i]
	if it.stuck != "" {
		return it.stuck
	}
	longest, more := l.longest(limits{means: side})
	free := longest.want - l.items[l.target].span.Len()
	switch {
	case more && free >= need:
		return ""
	case i == l.target && !more, i < l.target && !more:
		return "there is no free space before it"
	case !more:
		return "there is no free space behind it"
	}
	return fmt.Sprintf("the free space there makes room for only %s", l.size(free))
}

// kept is why shrinking item i does not help, "" if it would.
func (l *line) kept(i int, need geometry.Sector) string {
	it := l.items[i]
	spare := it.span.Len() - it.least
	switch {
	case it.full != "":
		return it.full
	case spare < need:
		why := "it can give only " + l.size(spare)
		if it.part.FS.Kind.MadeAnew() {
			why += ", half of it"
		}
		return why
	}
	return ""
}
