package dialog

import (
	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
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

// Paste asks where in free space a copy goes and how large it is.
type Paste struct {
	queue ops.Queue
	clip  Clip
	gap   model.Gap
	whole geometry.Span // all the gap offers on the present grid
	least geometry.Sector
	place place
	at    stop
	roles []model.Role
	role  int

	op      ops.Copy
	verdict verdict
}

// NewPaste is the dialog for a gap of the queue's preview. An error says why the copy cannot be made there.
func NewPaste(q ops.Queue, clip Clip, gap model.Gap, align geometry.Alignment) (Paste, error) {
	d := q.Preview()
	what := "copy " + clip.Ref()
	roles, why := ops.RolesFor(d, gap)
	if !why.OK() {
		return Paste{}, &ops.Refusal{What: what, Reason: why}
	}
	room, err := ops.RoomForNew(d, gap, align)
	if err != nil {
		return Paste{}, err
	}
	p := Paste{queue: q, clip: clip, gap: gap, whole: room, at: stopBefore, least: d.SectorSize.Up(clip.Bytes)}
	for _, r := range roles {
		if r != model.Extended {
			p.roles = append(p.roles, r)
		}
	}
	if p.least > room.Len() {
		return Paste{}, &ops.Refusal{
			What: what, Reason: model.Because("it needs %s and there is room for %s here",
				geometry.FormatBytes(clip.Bytes), geometry.FormatBytes(d.SectorSize.Bytes(room.Len()))),
			Nearest: "choose larger free space, or shrink it first",
		}
	}
	p.place = newPlace(p.limits(room), geometry.SpanOf(room.Start, p.least), align, d.SectorSize)
	return p.check(), nil
}

// limits is the freedom of the copy: it is never smaller than what is copied, and only as much larger as the file
// system can be told to be.
func (p Paste) limits(room geometry.Span) ops.Limits {
	l := ops.Limits{Room: room, Chosen: room, MinLen: p.least, MaxLen: room.Len(), Shrink: model.Because("it holds all of %s", p.clip.Ref())}
	if fs := p.clip.Part.FS; fs.Known() {
		l.Grow = p.queue.Env().Caps.For(fs).Grow
	}
	if !l.Grow.OK() {
		l.MaxLen = p.least
	}
	return l
}

func (p Paste) stops() []stop {
	var out []stop
	for _, s := range []stop{stopBefore, stopSize, stopAfter} {
		if p.place.fixed(s).OK() {
			out = append(out, s)
		}
	}
	if len(p.roles) > 1 {
		out = append(out, stopRole)
	}
	return append(out, stopAlign, stopBar)
}

// Update takes keys, pastes and the mouse.
func (p Paste) Update(msg tea.Msg) (Dialog, Action) {
	switch msg := msg.(type) {
	case Mouse:
		return p.mouse(msg).check(), nil
	case tea.KeyPressMsg:
		switch {
		case keymap.Match(msg, keyCancel()):
			return p, Close{}
		case keymap.Match(msg, keyAccept("")):
			if p.place.wrong != nil || p.verdict.err != nil {
				return p, nil
			}
			return p, Stage{Op: p.op, Align: p.place.align}
		}
		if at, ok := moved(msg, p.stops(), p.at); ok {
			p.at, p.place = at, p.place.enter()
			return p.check(), nil
		}
		if p.at == stopRole {
			p.role = turn(msg, p.role, len(p.roles))
			return p.check(), nil
		}
	}
	p.place = p.place.update(msg, p.at)
	if p.at == stopAlign {
		p = p.regrid()
	}
	return p.check(), nil
}

// regrid finds what the gap offers on another grid.
func (p Paste) regrid() Paste {
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

func (p Paste) mouse(m Mouse) Paste {
	p.place, p.at = p.place.mouse(m, p.at)
	if m.Event == Press && m.Y == lineAlign+1 && len(p.roles) > 1 {
		p.at, p.place = stopRole, p.place.enter()
		if i := widget.ChoiceAt(roleWords(p.roles), m.X-formLabel-2); i >= 0 {
			p.role = i
		}
	}
	return p.regrid()
}

// check brings the operation and the verdict on it up to date.
func (p Paste) check() Paste {
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

// View is the bar, the fields, what the copy means, and the outcome.
func (p Paste) View(width, _ int, st *styles.Styles) View {
	w := min(width, formWidth)
	lines, cursor := p.place.form(w, fill{style: partStyle(p.clip.Part, st), used: p.clip.Part.FS.Used}, p.at, st)
	if len(p.roles) > 1 {
		lines = append(lines, formName("Create as", p.at == stopRole, st)+widget.Choice(roleWords(p.roles), p.role, p.at == stopRole, st))
	}
	lines = append(lines, "")
	for _, n := range copyNotes(p.clip) {
		lines = append(lines, notes(n, w, 2, st.Muted.Render, st)...)
	}
	if why := p.place.limits.Grow; !why.OK() {
		lines = append(lines, notes("The size stays: "+string(why), w, 2, st.Muted.Render, st)...)
	}
	lines = append(lines, "")
	lines = append(lines, verdictLines(p.place.wrong, p.verdict, "", w, st)...)
	return View{Title: "Paste " + p.clip.Ref(), Width: w, Lines: lines, Cursor: cursor}
}

// copyNotes is what is worth knowing of a copy.
func copyNotes(c Clip) []string {
	if c.Part.FS.UUID == "" {
		return nil
	}
	return []string{"The copy has the same UUID and label; where both are seen at once, w gives it a new one."}
}

// Keys lists what can be pressed.
func (p Paste) Keys() []keymap.Binding {
	keys := []keymap.Binding{keymap.Bind("↑↓", "nudge", "up", "down"), keyNext()}
	switch p.at {
	case stopBar:
		keys = []keymap.Binding{keymap.Bind("←→", "drag", "left", "right"), keyHandle(), keyNext()}
	case stopRole, stopAlign:
		keys = []keymap.Binding{keymap.Bind("←→", "choose", "left", "right"), keyNext()}
	case stopBefore, stopSize, stopAfter, stopFS, stopLabel, stopName, stopFlags, stopButtons:
	}
	if p.place.limits.Grow.OK() {
		keys = append([]keymap.Binding{keyMax()}, keys...)
	}
	return append(keys, keyAccept("paste"), keyCancel())
}
