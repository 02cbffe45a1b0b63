package dialog

import (
	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/styles"
)

// Clip is a partition that was copied.
type Clip struct {
	Part model.Partition
	// Source is set if it lies in another target.
	Source *ops.Source
	Where  string // the target's name
	Bytes  geometry.Bytes
}

// from is the partition's identity in the target that it is pasted into, 0 if it comes from another one.
func (c Clip) from() model.PartID {
	if c.Source != nil {
		return 0
	}
	return c.Part.ID
}

// Ref names it: `p1` in its own target, else `p1 of stick.raw`.
func (c Clip) Ref() string {
	if c.Source == nil {
		return c.Part.Ref()
	}
	return c.Part.Ref() + " of " + c.Where
}

// paste asks where in free space a copy goes and how large it is.
type paste struct {
	queue ops.Queue
	clip  Clip
	gap   model.Gap
	whole geometry.Span // all the gap offers on the present grid
	least geometry.Sector
	place place
	roles []model.Role
	role  int

	op      ops.Copy
	verdict verdict
}

// NewPaste is the dialog for a gap of the queue's preview. An error says why the copy cannot be made there.
func NewPaste(q ops.Queue, clip Clip, gap model.Gap, align geometry.Alignment) (Dialog, error) {
	d := q.Preview()
	what := "copy " + clip.Ref()
	roles, why := ops.RolesFor(d, gap)
	if !why.OK() {
		return nil, &ops.Refusal{What: what, Reason: why}
	}
	room, err := ops.RoomForNew(d, gap, align)
	if err != nil {
		return nil, err
	}
	p := paste{queue: q, clip: clip, gap: gap, whole: room, least: d.SectorSize.Up(clip.Bytes)}
	for _, r := range roles {
		if r != model.Extended {
			p.roles = append(p.roles, r)
		}
	}
	if p.least > room.Len() {
		return nil, &ops.Refusal{
			What: what, Reason: model.Because("it needs %s and there is room for %s here",
				geometry.FormatBytes(clip.Bytes), geometry.FormatBytes(d.SectorSize.Bytes(room.Len()))),
			Nearest: "choose larger free space, or shrink it first",
		}
	}
	p.place = newPlace(p.limits(room), geometry.SpanOf(room.Start, p.least), align, d.SectorSize)
	return formAt(p, stopBefore), nil
}

// limits is the freedom of the copy: it is never smaller than what is copied, and only as much larger as the file
// system can be told to be.
func (p paste) limits(room geometry.Span) ops.Limits {
	l := ops.Limits{Room: room, Chosen: room, MinLen: p.least, MaxLen: room.Len(), Shrink: model.Because("it holds all of %s", p.clip.Ref())}
	if fs := p.clip.Part.FS; fs.Known() {
		l.Grow = p.queue.Env().Caps.For(fs).Grow
	}
	if !l.Grow.OK() {
		l.MaxLen = p.least
	}
	return l
}

func (p paste) stops() []stop {
	out := p.place.open()
	if len(p.roles) > 1 {
		out = append(out, stopRole)
	}
	return append(out, stopAlign, stopBar)
}

func (p *paste) entered() { p.place = p.place.enter() }

// regrid finds what the gap offers on another grid.
func (p paste) regrid() paste {
	room, err := ops.RoomForNew(p.queue.Preview(), p.gap, p.place.align)
	if err != nil || room == p.whole || room.Len() < p.least {
		return p
	}
	span := p.place.span
	if !room.Encloses(span) {
		span = geometry.SpanOf(room.Start, p.least)
	}
	p.whole = room
	p.place = newPlace(p.limits(room), span, p.place.align, p.place.z)
	return p
}

// check brings the operation and the verdict on it up to date.
func (p paste) check() paste {
	p = p.regrid()
	p.op = ops.Copy{
		ID: p.queue.NextID(), From: p.clip.from(), Source: p.clip.Source, Role: p.roles[p.role],
		At: p.place.span.Start, Len: p.place.span.Len(),
	}
	p.verdict = verdict{}
	if p.place.wrong == nil {
		p.verdict = judge(p.queue, p.op)
	}
	return p
}

func (p paste) accept() Action {
	return p.verdict.action(p.place.wrong, Stage{Op: p.op, Align: p.place.align})
}

func (p paste) head(*styles.Styles) View { return View{Title: "Paste " + p.clip.Ref()} }

func (p paste) rows() []row[paste] {
	fills := func(st *styles.Styles) fill {
		return fill{style: partStyle(p.clip.Part, st), used: p.clip.Part.FS.Used}
	}
	rows := placeRows(p, fills, func(p *paste) *place { return &p.place })
	if len(p.roles) > 1 {
		rows = append(rows, pick(p, stopRole, "Create as", roleWords(p.roles), func(p *paste) *int { return &p.role }))
	}
	rows = append(rows, blank[paste]())
	for _, n := range copyNotes(p.clip) {
		rows = append(rows, hint[paste](n, 2))
	}
	if why := p.place.limits.Grow; !why.OK() {
		rows = append(rows, hint[paste]("The size stays: "+string(why), 2))
	}
	return append(rows, blank[paste](), outcome[paste](p.place.wrong, p.verdict, ""))
}

// copyNotes is what is worth knowing of a copy.
func copyNotes(c Clip) []string {
	if c.Part.FS.UUID == "" {
		return nil
	}
	return []string{"The copy has the same UUID and label; where both are seen at once, w gives it a new one."}
}

func (p paste) keys(at stop) []keymap.Binding {
	keys := []keymap.Binding{keymap.Bind("↑↓", "nudge", "up", "down"), keyNext()}
	switch at {
	case stopBar:
		keys = []keymap.Binding{keymap.Bind("←→", "drag", "left", "right"), keyHandle(), keyNext()}
	case stopRole, stopAlign:
		keys = []keymap.Binding{keymap.Bind("←→", "choose", "left", "right"), keyNext()}
	case stopNone, stopBefore, stopSize, stopAfter, stopFS, stopLabel, stopName, stopFlags, stopButtons:
	}
	if p.place.limits.Grow.OK() {
		keys = append([]keymap.Binding{keyMax()}, keys...)
	}
	return append(keys, keyAccept("paste"), keyCancel())
}
