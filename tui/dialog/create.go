package dialog

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// Create is the New partition dialog: a place in a gap, contents, label, and role or name.
type Create struct {
	queue ops.Queue
	gap   model.Gap
	whole geometry.Span // all the gap offers on the present grid
	place place
	at    stop
	kinds []kindChoice
	fs    int // index in kinds
	roles []model.Role
	role  int
	label widget.Field
	name  widget.Field

	op      ops.New
	verdict verdict
}

// NewCreate is the dialog for a gap of the queue's preview. An error says why no partition can be made
// there.
func NewCreate(q ops.Queue, gap model.Gap, align geometry.Alignment) (Create, error) {
	d := q.Preview()
	roles, why := ops.RolesFor(d, gap)
	if !why.OK() {
		return Create{}, &ops.Refusal{What: "create a partition", Reason: why}
	}
	room, err := ops.RoomForNew(d, gap, align)
	if err != nil {
		return Create{}, err
	}
	c := Create{
		queue: q, gap: gap, whole: room, roles: roles, at: stopSize,
		label: widget.NewField("", maxLabel), name: widget.NewField("", 36), kinds: makeable(q.Env()),
	}
	c.place = newPlace(limitsIn(room, d.SectorSize), room, align, d.SectorSize)
	return c.check(), nil
}

// limitsIn is the freedom of a partition that does not exist yet.
func limitsIn(room geometry.Span, z geometry.SectorSize) ops.Limits {
	least := min(room.Len(), z.Up(geometry.MiB))
	return ops.Limits{Room: room, Chosen: room, MinLen: least, MaxLen: room.Len()}
}

// kind is the chosen contents; an extended partition has none.
func (c Create) kind() model.FSKind {
	if c.roles[c.role] == model.Extended {
		return model.Unformatted
	}
	return c.kinds[c.fs].kind
}

// stops lists where the keyboard can go.
func (c Create) stops() []stop {
	out := []stop{stopSize, stopBefore, stopAfter}
	if len(c.roles) > 1 {
		out = append(out, stopRole)
	}
	if c.roles[c.role] != model.Extended {
		out = append(out, stopFS)
	}
	if c.kind() != model.Unformatted {
		out = append(out, stopLabel)
	}
	if c.queue.Preview().Table.Kind == model.TableGPT {
		out = append(out, stopName)
	}
	return append(out, stopAlign, stopBar)
}

// Update takes keys, pastes and the mouse.
func (c Create) Update(msg tea.Msg) (Dialog, Action) {
	switch msg := msg.(type) {
	case Mouse:
		return c.mouse(msg), nil
	case tea.KeyPressMsg:
		switch {
		case keymap.Match(msg, keyCancel()):
			return c, Close{}
		case keymap.Match(msg, keyAccept("")):
			return c, c.accept()
		}
		if at, ok := moved(msg, c.stops(), c.at); ok {
			c.at, c.place = at, c.place.enter()
			return c.check(), nil
		}
	}
	return c.input(msg).check(), nil
}

// input gives a message to what has the keyboard.
func (c Create) input(msg tea.Msg) Create {
	press, pressed := msg.(tea.KeyPressMsg)
	switch c.at {
	case stopLabel:
		c.label, _ = c.label.Update(msg)
	case stopName:
		c.name, _ = c.name.Update(msg)
	case stopFS:
		if pressed {
			c.fs = jumped(press, turn(press, c.fs, len(c.kinds)), fsWords(c.kinds))
		}
	case stopRole:
		if pressed {
			c.role = turn(press, c.role, len(c.roles))
		}
	case stopBefore, stopSize, stopAfter, stopAlign, stopBar:
		c.place = c.place.update(msg, c.at)
		if c.at == stopAlign {
			return c.regrid()
		}
	case stopFlags, stopButtons:
	}
	return c
}

// turn is the choice after an arrow key or the space bar.
func turn(press tea.KeyPressMsg, at, n int) int {
	switch {
	case keymap.Match(press, keyLeft(), keyUp()):
		return (at + n - 1) % n
	case keymap.Match(press, keyRight(), keyDown(), keyHandle()):
		return (at + 1) % n
	}
	return at
}

// regrid finds what the gap offers on another grid. A partition that filled all of it goes on doing so.
func (c Create) regrid() Create {
	room, err := ops.RoomForNew(c.queue.Preview(), c.gap, c.place.align)
	if err != nil || room == c.whole {
		return c
	}
	span := c.place.span
	if span == c.whole || !room.Encloses(span) {
		span = room
	}
	c.whole = room
	c.place = newPlace(limitsIn(room, c.place.z), span, c.place.align, c.place.z)
	return c
}

func (c Create) mouse(m Mouse) Create {
	c.place, c.at = c.place.mouse(m, c.at)
	// Below the place and an empty line every stop has a line.
	if stops := slices.DeleteFunc(c.stops(), stop.inPlace); m.Event == Press && m.Y > lineAlign+1 && m.Y-lineAlign-2 < len(stops) {
		c.at, c.place = stops[m.Y-lineAlign-2], c.place.enter()
	}
	return c.regrid().check()
}

// check brings the operation and the verdict on it up to date.
func (c Create) check() Create {
	c.verdict = verdict{}
	c.op = ops.New{
		ID: c.queue.NextID(), Role: c.roles[c.role], At: c.place.span.Start, Len: c.place.span.Len(), FS: c.kind(),
	}
	if c.op.FS != model.Unformatted {
		c.op.Label = c.label.Value()
	}
	d := c.queue.Preview()
	if d.Table.Kind == model.TableGPT {
		c.op.Name = c.name.Value()
	}
	if c.place.wrong != nil {
		return c
	}
	placed, err := c.op.Placed(d, c.queue.Env(), c.place.align)
	if err != nil {
		c.verdict = verdict{changes: true, err: err}
		return c
	}
	c.op = placed
	c.verdict = judge(c.queue, c.op)
	return c
}

func (c Create) accept() Action {
	if c.place.wrong != nil || c.verdict.err != nil {
		return nil
	}
	return Stage{Op: c.op, Align: c.place.align}
}

// View is the bar, the fields, the choices and the outcome.
func (c Create) View(width, _ int, st *styles.Styles) View {
	w := min(width, formWidth)
	lines, cursor := c.place.form(w, fill{style: st.FS(c.kind()), used: 0}, c.at, st)
	lines = append(lines, "")
	choice := func(own stop, name string, words []string, picked int) {
		label := formName(name, c.at == own, st)
		lines = append(lines, label+widget.ChoiceIn(words, picked, c.at == own, w-widget.Width(label), st))
	}
	text := func(own stop, name string, f widget.Field) {
		line, x := fieldLine(formName(name, c.at == own, st), f, c.at == own, min(36, w-formLabel-4), st)
		if c.at == own {
			cursor = &Point{X: x, Y: len(lines)}
		}
		lines = append(lines, line)
	}
	for _, s := range c.stops() {
		switch s {
		case stopRole:
			choice(stopRole, "Create as", roleWords(c.roles), c.role)
		case stopFS:
			choice(stopFS, "File system", fsWords(c.kinds), c.fs)
		case stopLabel:
			text(stopLabel, "Label", c.label)
		case stopName:
			text(stopName, "Partition name", c.name)
		case stopBefore, stopSize, stopAfter, stopAlign, stopBar, stopFlags, stopButtons:
		}
	}
	lines = append(lines, "")
	lines = append(lines, verdictLines(c.place.wrong, c.verdict, "", w, st)...)
	return View{Title: "New partition", Width: w, Lines: lines, Cursor: cursor}
}

func roleWords(roles []model.Role) []string {
	var words []string
	for _, r := range roles {
		words = append(words, r.String())
	}
	return words
}

// makeable lists what can be made here. What cannot is told by the Format dialog and the page of what is supported.
func makeable(env ops.Env) []kindChoice {
	return slices.DeleteFunc(kindChoices(env, "empty"), func(k kindChoice) bool { return !k.off.OK() })
}

func fsWords(kinds []kindChoice) []string {
	var words []string
	for _, k := range kinds {
		words = append(words, k.word)
	}
	return words
}

// jumped is the next choice that begins with the letter that was typed, or the one at hand.
func jumped(press tea.KeyPressMsg, at int, words []string) int {
	p := picker{at: at}
	for _, w := range words {
		p.choices = append(p.choices, choice{text: w})
	}
	return p.jump(press).at
}

// Keys lists what can be pressed.
func (c Create) Keys() []keymap.Binding {
	keys := []keymap.Binding{keyMax(), keymap.Bind("↑↓", "nudge", "up", "down"), keyNext()}
	switch c.at {
	case stopBar:
		keys = []keymap.Binding{keyMax(), keymap.Bind("←→", "drag", "left", "right"), keyHandle(), keyNext()}
	case stopFS:
		keys = []keymap.Binding{keymap.Bind("←→ letter", "choose", "left", "right"), keyNext()}
	case stopRole, stopAlign:
		keys = []keymap.Binding{keymap.Bind("←→", "choose", "left", "right"), keyNext()}
	case stopLabel, stopName:
		keys = []keymap.Binding{keyNext()}
	case stopBefore, stopSize, stopAfter, stopFlags, stopButtons:
	}
	return append(keys, keyAccept("create"), keyCancel())
}
