package guide

import (
	"fmt"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// Title formats the plan on one line: "move p2 right by 1024 MiB, grow image by 2.00 GiB".
func (p Plan) Title() string {
	const shown = 3
	if len(p.Ways) <= shown {
		return strings.Join(p.Ways, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(p.Ways[:shown-1], ", "), len(p.Ways)-shown+1)
}

// way describes an operation. It returns "" for the wanted growth.
func (l *line) way(op ops.Operation, before model.Disk) string {
	if change, ok := op.(ops.MoveResize); ok && l.target >= 0 && change.ID == l.items[l.target].part.ID && change.Shift == 0 {
		return ""
	}
	return op.Describe(before).Do()
}

// wayList collects what a plan does. Neighbours that move by the same distance, perhaps dozens, make one entry.
type wayList []wayGroup

type wayGroup struct {
	text string
	refs []string        // of partitions that only move
	by   geometry.Sector // distance of a move, or 0 for other operations
	way  string          // the same in words: "right by 1024 MiB"
}

func (w *wayList) add(text string, op ops.Operation, before model.Disk) {
	if text == "" {
		return
	}
	g := wayGroup{text: text}
	if change, ok := op.(ops.MoveResize); ok && change.Shift != 0 {
		was, there := before.Partition(change.ID)
		if there && (change.Len == 0 || change.Len == was.Span.Len()) && was.Role != model.Extended {
			g.refs, g.by, g.way = []string{was.Ref()}, change.Shift, change.Way(before.SectorSize)
		}
	}
	if n := len(*w); n > 0 && g.by != 0 && (*w)[n-1].by == g.by {
		last := &(*w)[n-1]
		last.refs = append(last.refs, g.refs...)
		return
	}
	*w = append(*w, g)
}

func (w wayList) words() []string {
	var out []string
	for _, g := range w {
		if len(g.refs) < 2 {
			out = append(out, g.text)
			continue
		}
		n := len(g.refs)
		who := strings.Join(g.refs[:n-1], ", ") + " and " + g.refs[n-1]
		if n > 4 {
			who = fmt.Sprintf("%d partitions, %s to %s,", n, g.refs[0], g.refs[n-1])
		}
		out = append(out, "move "+who+" "+g.way)
	}
	return out
}
