package dialog

import (
	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// goTo asks for a position on a disk.
type goTo struct {
	disk  model.Disk
	field widget.Field
	at    geometry.Sector
	err   error
}

// GoTo shows a sector of the target in view.
type GoTo struct{ Sector geometry.Sector }

func (GoTo) action() {}

// NewGoTo returns the dialog for a position on a disk.
func NewGoTo(d model.Disk) Dialog { return newForm(goTo{disk: d, field: widget.NewField("", 40)}) }

func (g *goTo) check() {
	g.at, g.err = 0, nil
	if g.field.Value() != "" {
		g.at, g.err = report.SectorAt(g.field.Value(), g.disk)
	}
}

// words name the sector that was typed, and its place in bytes.
func (g *goTo) words() string {
	return "Sector " + geometry.Grouped(g.at) + ", at " + geometry.FormatBytes(g.disk.SectorSize.Bytes(g.at))
}

func (g *goTo) layout() layout {
	says := shown(func(p paper) []string {
		switch {
		case g.err != nil:
			return whole(ops.Capital(widget.Clean(g.err.Error())), 3, p.st.Warn, p)
		case g.field.Value() == "":
			return notes("A sector (2048, 0x800), an offset (1MiB), a partition (p2), or end.", p.width, 3, p.st.Muted, p.st)
		}
		return notes(g.words(), p.width, 3, p.st.Text, p.st)
	})
	return layout{
		title: "Go to", rows: []row{field(stopName, "Position", 24, &g.field).meant("Where to look."), blank(), says},
		does: "go there", more: []keymap.Binding{keyClear()},
		accept: func() Action {
			if g.field.Value() == "" || g.err != nil {
				return nil
			}
			return GoTo{g.at}
		},
	}
}
