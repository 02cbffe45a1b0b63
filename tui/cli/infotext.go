package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/report"
)

// writeInfo tells of a target in lines of at most 80 columns, unless a path or a name is longer than that.
func writeInfo(out io.Writer, d model.Disk, f report.Facts, left *report.Unfinished) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n  %s, %s, %d sectors of %d bytes\n", safetext.Printable(f.Path), f.Format, geometry.FormatBytes(f.Size), d.Sectors, d.SectorSize)
	fmt.Fprintf(&b, "  table: %s", d.Table.Kind)
	if d.Table.ID != "" {
		fmt.Fprintf(&b, " %s", d.Table.ID)
	}
	b.WriteString("\n")
	if lines := remarks(d, f, left); len(lines) > 0 {
		b.WriteString("\n")
		for _, line := range lines {
			b.WriteString(strings.Join(wrapped(safetext.Printable(line), textWidth-2), "\n  ") + "\n")
		}
	}
	b.WriteString("\n" + grid(places(d), "lrrrrrl"))
	if marks := marks(d); len(marks) > 1 {
		b.WriteString("\n" + grid(marks, "llll"))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// places is where everything lies and what is in it; End is the last sector, as other tools count.
func places(d model.Disk) [][]string {
	size := func(b geometry.Bytes) string {
		if b < 0 {
			return ""
		}
		return geometry.FormatBytes(b)
	}
	lines := [][]string{{"Partition", "Start", "End", "Size", "Used", "Unused", "Contents"}}
	for _, r := range model.Rows(d, model.Readable) {
		row := []string{
			rowName(r), fmt.Sprint(r.Span.Start), fmt.Sprint(r.Span.End - 1), size(d.SectorSize.Bytes(r.Span.Len())),
			"", "", string(r.FS.Kind),
		}
		if r.FS.Known() && r.FS.Used >= 0 {
			row[4], row[5] = size(r.FS.Used), size(r.FS.Unused())
		}
		if r.Kind == model.RowPartition && r.Partition.Role == model.Extended {
			row[6] = "extended"
		}
		lines = append(lines, row)
	}
	return lines
}

func rowName(r model.Row) string {
	name := ""
	switch r.Kind {
	case model.RowPartition:
		name = r.Partition.Ref()
	case model.RowGap:
		name = "unallocated"
	case model.RowWhole:
		name = "whole disk"
	}
	if r.Nested {
		name = "  " + name
	}
	return name
}

// marks is what partitions are called and what they are for, and the label of what is in them.
func marks(d model.Disk) [][]string {
	lines := [][]string{{"Partition", "Label", "Type", "Name, flags"}}
	for _, r := range model.Rows(d, model.Readable) {
		row := []string{rowName(r), safetext.Printable(r.FS.Label), "", ""}
		switch r.Kind {
		case model.RowGap:
			continue
		case model.RowWhole:
			if r.FS.Label == "" {
				continue
			}
		case model.RowPartition:
			p := r.Partition
			var more []string
			if p.Name != "" {
				more = append(more, `"`+safetext.Printable(p.Name)+`"`)
			}
			more = append(more, model.Flags(d.Table.Kind, p)...)
			row[2], row[3] = model.TypeName(d.Table.Kind, p.Type), strings.Join(more, ", ")
		}
		lines = append(lines, row)
	}
	return lines
}

// grid sets rows in columns of their widest cell, two spaces apart, which are aligned to the left or to the right as
// sides tells for each. A column of empty cells is left out.
func grid(rows [][]string, sides string) string {
	widths := make([]int, len(sides))
	filled := make([]bool, len(sides))
	for i, row := range rows {
		for c, cell := range row {
			widths[c] = max(widths[c], ansi.StringWidth(cell))
			filled[c] = filled[c] || i > 0 && cell != ""
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var cells []string
		for c, cell := range row {
			pad := strings.Repeat(" ", widths[c]-ansi.StringWidth(cell))
			switch {
			case !filled[c]:
			case sides[c] == 'r':
				cells = append(cells, pad+cell)
			default:
				cells = append(cells, cell+pad)
			}
		}
		b.WriteString(strings.TrimRight(strings.Join(cells, "  "), " ") + "\n")
	}
	return b.String()
}

func remarks(d model.Disk, f report.Facts, left *report.Unfinished) []string {
	var lines []string
	switch {
	case f.Commit != nil:
		lines = append(lines, "a commit is under way, "+whereItStands(*f.Commit)+": what is shown changes meanwhile; `"+f.Call.Line("recover")+"` follows it")
		return lines
	case left != nil:
		lines = append(lines, fmt.Sprintf("unfinished transaction, stage %s (%d of %d): run `%s` to finish it, or `%s` to roll it back",
			left.Stage, left.Next, left.Units, f.Call.Line("recover"), f.Call.Line("recover", "--rollback")))
	}
	if f.Undo != nil {
		lines = append(lines, fmt.Sprintf("the transaction of %s can be undone with `%s`, if nothing was changed since; %s are kept for that",
			f.Undo.When.Format("2006-01-02 15:04"), f.Call.Line("undo"), geometry.FormatBytes(f.Undo.Room)))
	}
	if f.InUse != "" {
		lines = append(lines, "in use by "+f.InUse+": what is shown may change at any moment")
	}
	if f.Ignored != "" {
		lines = append(lines, "ignored, also if a transaction is unfinished there: "+f.Ignored)
	}
	if f.Note != "" {
		lines = append(lines, "note: "+f.Note)
	}
	for _, p := range d.Problems() {
		line := severity(p.Severity) + ": " + p.Text
		if p.Advice != "" {
			line += "; " + f.Call.Fill(p.Advice)
		}
		lines = append(lines, line)
	}
	for _, r := range model.Rows(d, model.Readable) {
		if r.FS.Elsewhere != model.WholeHere {
			lines = append(lines, fmt.Sprintf("note: %s: %s", strings.TrimSpace(rowName(r)), r.FS.Elsewhere))
		}
	}
	return lines
}
