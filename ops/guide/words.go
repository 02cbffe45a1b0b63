package guide

import (
	"fmt"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// Title is the plan in a line: "move p2 right by 1024 MiB, grow image by 2.00 GiB".
func (p Plan) Title() string {
	const shown = 3
	if len(p.Ways) <= shown {
		return strings.Join(p.Ways, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(p.Ways[:shown-1], ", "), len(p.Ways)-shown+1)
}

// way is an operation in words, "" for the growth that was wished for.
func (l *line) way(op ops.Operation, before model.Disk) string {
	if change, ok := op.(ops.MoveResize); ok && l.target >= 0 && change.ID == l.items[l.target].part.ID && change.Shift == 0 {
		return ""
	}
	text := op.Describe(before)
	return strings.ToLower(text[:1]) + text[1:]
}

func (l *line) size(n geometry.Sector) string {
	return geometry.FormatBytes(l.disk.SectorSize.Bytes(n))
}
