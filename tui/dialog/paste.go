package dialog

import (
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// Clip is a partition that was copied.
type Clip struct {
	Part model.Partition
	// Source is set if the partition is in another target.
	Source *ops.Source
	Where  string // the target's name
	Bytes  geometry.Bytes
}

// from returns the ID of the partition, or 0 if it is in another target.
func (c Clip) from() model.PartID {
	if c.Source != nil {
		return 0
	}
	return c.Part.ID
}

// Ref names the partition: `p1`, or `p1 of stick.raw` if it is in another target.
func (c Clip) Ref() string {
	if c.Source == nil {
		return c.Part.Ref()
	}
	return c.Part.Ref() + " of " + c.Where
}

// notes returns what a user should know about a copy.
func (c Clip) notes() []string {
	if c.Part.FS.UUID == "" {
		return nil
	}
	text := "Press w on the copy before one system uses both."
	if c.Part.FS.Label != "" {
		text = "The label is the same, too. " + text
	}
	return []string{text}
}

// paste asks for the place and the size of a copy in free space.
type paste struct {
	inGap
	clip  Clip
	least geometry.Sector
}

// NewPaste returns the dialog for a gap of the queue's preview. An error says why the copy cannot be placed there.
func NewPaste(q ops.Queue, clip Clip, gap model.Gap, align geometry.Alignment) (Dialog, error) {
	what := "paste " + clip.Ref() + " here"
	g, err := newInGap(q, gap, align, what)
	if err != nil {
		return nil, err
	}
	g.roles = slices.DeleteFunc(slices.Clone(g.roles), func(r model.Role) bool { return r == model.Extended })
	p := paste{inGap: g, clip: clip, least: g.z.Up(clip.Bytes)}
	if p.least > p.whole.Len() {
		return nil, &ops.Refusal{
			What: what, Reason: model.Because("it needs %s and %s is free",
				geometry.FormatBytes(clip.Bytes), geometry.FormatBytes(p.z.Bytes(p.whole.Len()))),
			Nearest: "choose larger free space, or shrink " + clip.Ref() + " first",
		}
	}
	p.occupy(geometry.SpanOf(p.whole.Start, p.least))
	return newForm(p), nil
}

// occupy moves the copy to a part of the gap. It is never smaller than the original, and larger only if the file system
// can grow.
func (p *paste) occupy(span geometry.Span) {
	l := ops.Limits{
		Room: p.whole, Chosen: p.whole, MinLen: p.least, MaxLen: p.whole.Len(),
		Shrink: model.Because("it holds all of %s", p.clip.Ref()),
	}
	if fs := p.clip.Part.FS; fs.Known() {
		l.Grow = p.queue.Env().Caps.For(fs).Grow
	}
	if !l.Grow.OK() {
		l.MaxLen = p.least
	}
	p.put(l, span)
}

func (p *paste) check() {
	if _, changed := p.regrid(p.least); changed {
		span := p.span
		if !p.whole.Encloses(span) {
			span = geometry.SpanOf(p.whole.Start, p.least)
		}
		p.occupy(span)
	}
	p.verdict = verdict{}
	if p.wrong == nil {
		p.judge(ops.Copy{
			ID: p.queue.NextID(), From: p.clip.from(), Source: p.clip.Source, Role: p.roles[p.role],
			At: p.span.Start, Len: p.span.Len(),
		})
	}
}

func (p *paste) layout() layout {
	look := func(st *styles.Styles) styles.Look { return partStyle(p.clip.Part, st) }
	rows := p.rows(fill{look, p.clip.Part.FS.Used}, stopBefore, p.limitKeys()...)
	rows = append(append(rows, p.roleRow()...), p.gridNote())
	if why := p.limits.Grow; !why.OK() {
		rows = append(rows, hint("The size stays: "+string(why), 6))
	}
	rows = append(rows, blank(), p.outcome(""))
	for _, n := range p.clip.notes() {
		rows = append(rows, hint(n, 4))
	}
	return layout{
		title: "Paste " + p.clip.Ref(), rows: rows,
		accept: p.stage, does: "paste", entered: p.enter,
	}
}

// NewPasteOver returns the question whether a copy may overwrite the contents of a partition of the queue's preview. An
// error says why that is impossible.
func NewPasteOver(q ops.Queue, clip Clip, id model.PartID, align geometry.Alignment) (Dialog, error) {
	over, _ := q.Preview().Partition(id)
	s := staging{queue: q, align: align}
	if s.judge(ops.CopyOver{ID: id, From: clip.from(), Source: clip.Source}); s.err != nil {
		return nil, s.err
	}
	lost := "All data in " + contentsWord(over) + " is lost when this is applied."
	return NewLoss("Paste over "+over.Ref()+"?", lost, append([]string{s.what + "."}, clip.notes()...),
		YesNo("Keep "+over.Ref(), "Paste over it", widget.Writes, s.stage())...), nil
}
