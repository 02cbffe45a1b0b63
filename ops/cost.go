package ops

import (
	"slices"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

// Cost returns what operation i (0-based) costs, in words for people: "instant", "copies 25.6 MiB, resize2fs". If a
// partition moves twice, the commit copies it only once, but each move has its cost here.
func (q Queue) Cost(i int) string {
	var words []string
	var copies geometry.Bytes
	before := q.Before(i)
	for _, s := range q.steps(i) {
		if s.Kind == StepRemap || s.Kind == StepCopy {
			p, _ := before.Partition(s.Part)
			if s.Kind == StepCopy {
				p, _ = q.Before(i + 1).Partition(s.Part)
			}
			n, _ := moveBytes(q.env, p, before.SectorSize.Bytes(s.From.Len()))
			copies += n
		}
		if tool := q.env.Caps.Of(s.FS).Tools.of(s.Kind); tool != "" && !slices.Contains(words, tool) {
			words = append(words, tool)
		}
	}
	// A resize always begins with a check, so the check is not mentioned.
	was, _ := before.Partition(q.ops[i].Part())
	if len(words) > 1 && words[0] == q.env.Caps.Of(was.FS.Kind).Tools.Check {
		words = words[1:]
	}
	if copies > 0 {
		words = slices.Insert(words, 0, "copies "+geometry.FormatBytes(copies))
	}
	if len(words) == 0 {
		return "instant"
	}
	return strings.Join(words, ", ")
}

// MoveCost returns how many bytes a move of p copies, and how many it skips because they are free in its file system. An
// extended partition and swap space are not copied at all.
func MoveCost(d model.Disk, env Env, p model.Partition) (copies, skipped geometry.Bytes) {
	if p.Role == model.Extended || p.FS.Kind.MadeAnew() {
		return 0, 0
	}
	return moveBytes(env, p, d.SectorSize.Bytes(p.Span.Len()))
}
