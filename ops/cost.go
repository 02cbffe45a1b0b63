package ops

import (
	"cmp"
	"slices"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

// Cost returns what operation i (0-based) costs, in words for people: "instant", "copies about 25.6 MiB, resize2fs". The
// rehearsal measures what Cost calls "about". If a
// partition moves twice, the commit copies it only once, but each move has its cost here.
func (q Queue) Cost(i int) string {
	var words []string
	var data transfer
	before := q.Before(i)
	for _, s := range q.steps(i) {
		q.transfer(i, s, &data)
		if tool := q.env.Caps.Of(s.FS).Tools.of(s.Kind); tool != "" && !slices.Contains(words, tool) {
			words = append(words, tool)
		}
	}
	words = append(words, q.randomCost(i)...)
	// A resize always begins with a check, so the check is not mentioned.
	was, _ := before.Partition(q.ops[i].Part())
	if len(words) > 1 && words[0] == q.env.Caps.Of(was.FS.Kind).Tools.Check {
		words = words[1:]
	}
	if text := data.words(q.env.Medium); text != "" && !Renews(q) {
		words = slices.Insert(words, 0, text)
	}
	if i == firstRenewing(q) {
		words = slices.Insert(words, 0, newImage(q.env.Medium))
	} else if data.copies > 0 && Renews(q) {
		words = slices.Insert(words, 0, "written with the new image")
	}
	if len(words) == 0 {
		return cmp.Or(q.layerCost(i), "instant")
	}
	return strings.Join(words, ", ")
}

// randomCost says how much random data an operation writes, if it writes any.
func (q Queue) randomCost(i int) (words []string) {
	n := geometry.Sector(0)
	for _, s := range q.steps(i) {
		if s.Kind == StepErase && s.Random {
			n += s.Window.Len()
		}
	}
	if n > 0 {
		words = append(words, "writes "+geometry.FormatBytes(q.Before(i).SectorSize.Bytes(n)))
	}
	return words
}

// layerCost says what an operation on backing files costs, or returns "".
func (q Queue) layerCost(i int) string {
	d, below := q.Before(i), q.env.Medium.Below
	switch q.ops[i].(type) {
	case Flatten:
		if below != nil {
			return transfer{copies: below(0, d.SectorSize.Bytes(d.Sectors)), below: true}.words(q.env.Medium)
		}
	case Rebase:
		return "copies what differs between the two"
	case Commit:
		return "copies what differs"
	}
	return ""
}

// transfer adds what a step of operation i moves or copies.
func (q Queue) transfer(i int, s Step, data *transfer) {
	before, m := q.Before(i), q.env.Medium
	if s.Kind == StepCopy {
		p, _ := q.Before(i + 1).Partition(s.Part)
		n, free := moveBytes(q.env, p, before.SectorSize.Bytes(s.From.Len()))
		data.copies, data.about = data.copies+n, data.about || free > 0
	}
	if s.Kind == StepRemap {
		p, _ := before.Partition(s.Part)
		bytes := before.SectorSize.Bytes
		n, free := moveBytes(q.env, p, bytes(s.From.Len()))
		by := bytes(s.To.Start) - bytes(s.From.Start)
		if m.aligned(by) {
			n, data.spared = m.copied(bytes(s.From.Start), bytes(s.From.Len()), n), true
			data.below = n > 0
		} else if m.Grain > 0 {
			data.odd = true
		}
		data.copies, data.about = data.copies+n, data.about || free > 0 && n > 0
	}
}

// MoveCost estimates how many bytes a move of p copies, and how many it skips because they are free in its file system. An
// extended partition and swap space are not copied at all. Where data can move without being copied, MoveCost takes it that
// the distance allows it.
func MoveCost(d model.Disk, env Env, p model.Partition) (copies, skipped geometry.Bytes) {
	if p.Role == model.Extended || p.FS.Kind.MadeAnew() {
		return 0, 0
	}
	copies, skipped = moveBytes(env, p, d.SectorSize.Bytes(p.Span.Len()))
	if env.Medium.Grain > 0 {
		return env.Medium.copied(d.SectorSize.Bytes(p.Span.Start), d.SectorSize.Bytes(p.Span.Len()), copies), 0
	}
	return copies, skipped
}

// MoveEstimated reports whether what MoveCost says of a move is an estimate.
func MoveEstimated(d model.Disk, env Env, p model.Partition) bool {
	copies, _ := MoveCost(d, env, p)
	_, free := moveBytes(env, p, d.SectorSize.Bytes(p.Span.Len()))
	return copies > 0 && free > 0
}
