package guide

import (
	"maps"
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// shrinkImage returns the ways to make the image smaller, the smallest result first: cutting off free space, moving
// partitions together, shrinking them to their contents.
func (s *solver) shrinkImage(q ops.Queue, w Wish, align geometry.Alignment) ([]Plan, []Impossible) {
	d := q.Preview()
	no := func(why model.Reason) ([]Plan, []Impossible) {
		return nil, []Impossible{{What: "shrink the image", Why: why}}
	}
	smallest, why, cannot := ops.ImageLimits(d, q.Env())
	switch {
	case !w.Shrink:
		return no("no size was given")
	case !cannot.OK():
		return no(cannot)
	case d.Table.Kind == model.TableNone && smallest >= d.Sectors:
		return no(why)
	}
	s.line = layOut(q, 0, align)
	s.line.aim = w.aim(align)
	if d.Table.Kind == model.TableNone {
		return s.staged(q, []Plan{s.line.count(layout{sectors: smallest})}), nil
	}
	for _, m := range []means{0, moveAfter, shrinkOthers, moveAfter | shrinkOthers} {
		if s.ctx.Err() != nil {
			break
		}
		run := search{line: &s.line, limits: limits{means: m, bytes: -1}, nodes: s.nodes[:0]}
		for _, end := range spaced(run.run(), maxPlans/2) {
			s.add(&s.line, run.deeds(end), run.bound())
		}
		s.nodes = run.nodes
	}
	smaller := slices.DeleteFunc(s.found, func(p Plan) bool { return p.Len >= d.Sectors })
	plans := s.staged(q, ranked(smaller, shorter))
	return plans, s.incompressible(plans)
}

// spaced returns at most n elements of the list, evenly spaced, including the first and the last.
func spaced(list []int32, n int) []int32 {
	if len(list) <= n {
		return list
	}
	var some []int32
	for i := range n {
		some = append(some, list[i*(len(list)-1)/(n-1)])
	}
	return some
}

// incompressible returns the reasons why the image cannot become smaller.
func (s *solver) incompressible(plans []Plan) []Impossible {
	used, list := used(plans), []Impossible(nil)
	for _, it := range s.line.items {
		if it.kind != body || len(list) >= maxPlans {
			continue
		}
		if !it.stuck.OK() && !used[doing{part: it.part.ID, moved: true}] {
			list = append(list, Impossible{What: "move " + it.part.Ref(), Why: it.stuck})
		}
		if !it.full.OK() && !used[doing{part: it.part.ID, shrunk: true}] {
			list = append(list, Impossible{What: "shrink " + it.part.Ref(), Why: it.full})
		}
	}
	if len(plans) == 0 && len(list) == 0 {
		_, why, _ := ops.ImageLimits(s.line.disk, s.line.env)
		list = append(list, Impossible{What: "shrink the image", Why: model.Because("it is as small as its contents: %s", why)})
	}
	return list
}

// used returns everything that the plans do.
func used(plans []Plan) map[doing]bool {
	all := map[doing]bool{}
	for _, p := range plans {
		maps.Copy(all, p.does)
	}
	return all
}
