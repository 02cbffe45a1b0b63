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

// create is the New partition dialog: a place in a gap, contents, label, and role or name.
type create struct {
	queue ops.Queue
	gap   model.Gap
	whole geometry.Span // all the gap offers on the present grid
	place place
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
func NewCreate(q ops.Queue, gap model.Gap, align geometry.Alignment) (Dialog, error) {
	d := q.Preview()
	roles, why := ops.RolesFor(d, gap)
	if !why.OK() {
		return nil, &ops.Refusal{What: "create a partition", Reason: why}
	}
	room, err := ops.RoomForNew(d, gap, align)
	if err != nil {
		return nil, err
	}
	c := create{
		queue: q, gap: gap, whole: room, roles: roles,
		label: widget.NewField("", maxLabel), name: widget.NewField("", 36), kinds: makeable(q.Env()),
	}
	c.place = newPlace(limitsIn(room, d.SectorSize), room, align, d.SectorSize)
	return formAt(c, stopSize), nil
}

// limitsIn is the freedom of a partition that does not exist yet.
func limitsIn(room geometry.Span, z geometry.SectorSize) ops.Limits {
	least := min(room.Len(), z.Up(geometry.MiB))
	return ops.Limits{Room: room, Chosen: room, MinLen: least, MaxLen: room.Len()}
}

// kind is the chosen contents; an extended partition has none.
func (c create) kind() model.FSKind {
	if c.roles[c.role] == model.Extended {
		return model.Unformatted
	}
	return c.kinds[c.fs].kind
}

// stops lists where the keyboard can go.
func (c create) stops() []stop {
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

func (c *create) entered() { c.place = c.place.enter() }

// regrid finds what the gap offers on another grid. A partition that filled all of it goes on doing so.
func (c create) regrid() create {
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

// check brings the operation and the verdict on it up to date.
func (c create) check() create {
	c = c.regrid()
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

func (c create) accept() Action {
	return c.verdict.action(c.place.wrong, Stage{Op: c.op, Align: c.place.align})
}

func (c create) head(*styles.Styles) View { return View{Title: "New partition"} }

func (c create) rows() []row[create] {
	fills := func(st *styles.Styles) fill { return fill{style: st.FS(c.kind())} }
	rows := append(placeRows(c, fills, func(c *create) *place { return &c.place }), blank[create]())
	for _, s := range c.stops() {
		switch s {
		case stopRole:
			rows = append(rows, pick(c, s, "Create as", roleWords(c.roles), func(c *create) *int { return &c.role }))
		case stopFS:
			rows = append(rows, c.fsRow())
		case stopLabel:
			rows = append(rows, field(c, s, "Label", 36, func(c *create) *widget.Field { return &c.label }))
		case stopName:
			rows = append(rows, field(c, s, "Partition name", 36, func(c *create) *widget.Field { return &c.name }))
		case stopNone, stopBefore, stopSize, stopAfter, stopAlign, stopBar, stopFlags, stopButtons:
		}
	}
	return append(rows, blank[create](), outcome[create](c.place.wrong, c.verdict, ""))
}

// fsRow picks the file system; a letter goes to the next one that begins with it.
func (c create) fsRow() row[create] {
	r := pick(c, stopFS, "File system", fsWords(c.kinds), func(c *create) *int { return &c.fs })
	turned := r.take
	r.take = func(c *create, msg tea.Msg) Action {
		if press, ok := msg.(tea.KeyPressMsg); ok {
			c.fs = jumped(press, c.fs, fsWords(c.kinds))
		}
		return turned(c, msg)
	}
	return r
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

func (c create) keys(at stop) []keymap.Binding {
	keys := []keymap.Binding{keyMax(), keymap.Bind("↑↓", "nudge", "up", "down"), keyNext()}
	switch at {
	case stopBar:
		keys = []keymap.Binding{keyMax(), keymap.Bind("←→", "drag", "left", "right"), keyHandle(), keyNext()}
	case stopFS:
		keys = []keymap.Binding{keymap.Bind("←→ letter", "choose", "left", "right"), keyNext()}
	case stopRole, stopAlign:
		keys = []keymap.Binding{keymap.Bind("←→", "choose", "left", "right"), keyNext()}
	case stopLabel, stopName:
		keys = []keymap.Binding{keyNext()}
	case stopNone, stopBefore, stopSize, stopAfter, stopFlags, stopButtons:
	}
	return append(keys, keyAccept("create"), keyCancel())
}
