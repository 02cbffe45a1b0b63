package dialog

import (
	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// create is the New partition dialog: a place in a gap, contents, label, and role or name.
type create struct {
	inGap
	contents    kindPick
	label, name widget.Field
}

// NewCreate returns the dialog for a gap of the queue's preview. An error says why no partition can be created there.
func NewCreate(q ops.Queue, gap model.Gap, align geometry.Alignment) (Dialog, error) {
	g, err := newInGap(q, gap, align, "create a partition")
	if err != nil {
		return nil, err
	}
	c := create{inGap: g, contents: newKindPick(kindChoices(q.Env(), "empty")), label: widget.NewField("", maxLabel), name: widget.NewField("", 36)}
	c.occupy(g.whole)
	return newForm(c), nil
}

// occupy moves the partition to a part of the gap, or to all of it.
func (c *create) occupy(span geometry.Span) {
	least := min(c.whole.Len(), c.z.Up(geometry.MiB))
	c.put(ops.Limits{Room: c.whole, Chosen: c.whole, MinLen: least, MaxLen: c.whole.Len()}, span)
}

// kind returns the chosen file system; an extended partition has none.
func (c *create) kind() model.FSKind {
	if c.roles[c.role] == model.Extended {
		return model.Unformatted
	}
	return c.contents.chosen().kind
}

// named reports whether partitions of this table have names.
func (c *create) named() bool { return c.queue.Preview().Table.Kind == model.TableGPT }

func (c *create) check() {
	// A partition that filled the gap fills it on the new grid, too.
	if was, changed := c.regrid(0); changed && (c.span == was || !c.whole.Encloses(c.span)) {
		c.occupy(c.whole)
	} else if changed {
		c.occupy(c.span)
	}
	op := ops.New{
		ID: c.queue.NextID(), Role: c.roles[c.role], At: c.span.Start, Len: c.span.Len(), FS: c.kind(),
	}
	if op.FS != model.Unformatted {
		op.Label = c.label.Value()
	}
	if c.named() {
		op.Name = c.name.Value()
	}
	c.verdict = verdict{}
	if c.wrong != nil {
		return
	}
	if op, c.err = op.Placed(c.queue.Preview(), c.queue.Env(), c.align); c.err == nil {
		c.judge(op)
	}
}

func (c *create) layout() layout {
	if c.contents.open {
		return c.contents.layout()
	}
	look := func(st *styles.Styles) styles.Look { return st.FS(c.kind()) }
	rows := append(c.rows(fill{style: look}, stopSize, keyMax()), c.gridNote())
	rows = append(rows, c.roleRow()...)
	if c.roles[c.role] != model.Extended {
		rows = append(rows, c.contents.row())
	}
	if c.kind() != model.Unformatted {
		rows = append(rows, field(stopLabel, "Label", 36, &c.label))
	}
	if c.named() {
		rows = append(rows, field(stopName, "Partition name", 36, &c.name))
	}
	return layout{
		title: "New partition", rows: append(rows, blank(), c.outcome("")),
		accept: c.stage, does: "create",
		entered: func() {
			c.enter()
			c.contents.list.clear()
		},
		typed: c.contents.list.typed, back: c.contents.list.clear,
	}
}
