package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/report"
)

// minute is the format of times.
const minute = "2006-01-02 15:04"

// infoText describes a target in lines of at most 80 columns, unless a path or a name is longer.
func infoText(d model.Disk, f report.Facts, left *report.Unfinished) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n  %s, %s, %d sectors of %d bytes\n  table: %s\n", safetext.Printable(f.Path), f.Format,
		geometry.FormatBytes(f.Size), d.Sectors, d.SectorSize, strings.TrimSpace(d.Table.String()+" "+d.Table.ID))
	for i, line := range remarks(d, f, left) {
		if i == 0 {
			b.WriteString("\n")
		}
		b.WriteString(hang("", 2, safetext.Printable(line)))
	}
	columns := []string{"Partition", "Start", "End", "Size", "Used", "Unused", "Contents"}
	b.WriteString("\n" + grid(columns, places(d), "lrrrrrl"))
	if marks := marks(d); len(marks) > 0 {
		b.WriteString("\n" + grid([]string{"Partition", "Label", "Type", "Name, flags"}, marks, "llll"))
	}
	return b.String()
}

// places returns the rows of the first table: position, size and contents. End is the last sector, as in other tools.
func places(d model.Disk) [][]string {
	var lines [][]string
	for _, r := range model.Rows(d, model.Readable) {
		row := []string{
			rowName(r), plain(r.Span.Start), plain(r.Span.End - 1), geometry.FormatBytes(d.SectorSize.Bytes(r.Span.Len())),
			"", "", "",
		}
		if r.FS.Known() && r.FS.Used >= 0 {
			row[4] = geometry.FormatBytes(r.FS.Used)
			if free := r.FS.Unused(); free >= 0 {
				row[5] = geometry.FormatBytes(free)
			}
		}
		switch {
		case r.Kind == model.RowGap:
		case r.Kind == model.RowPartition && r.Partition.Role == model.Extended:
			row[6] = "extended"
		default:
			row[6] = r.FS.Word()
		}
		at := len(lines)
		lines = append(lines, row)
		for s := range d.Slices(r.Partition) {
			lines[at][6] = s.Table
			lines = append(lines, []string{
				"  " + s.Name, plain(s.Span.Start), plain(s.Span.End - 1),
				geometry.FormatBytes(d.SectorSize.Bytes(s.Span.Len())), "", "", s.FS.Word(),
			})
		}
	}
	return lines
}

func rowName(r model.Row) string {
	names := map[model.RowKind]string{
		model.RowPartition: r.Partition.Ref(), model.RowGap: "unallocated",
		model.RowWhole: "whole disk", model.RowRest: "rest of " + r.Partition.Ref(),
	}
	name := names[r.Kind]
	if r.Nested {
		name = "  " + name
	}
	return name
}

// marks returns the rows of the second table: label, type, name and flags.
func marks(d model.Disk) [][]string {
	var lines [][]string
	for _, r := range model.Rows(d, model.Readable) {
		if r.Kind == model.RowGap || r.Kind == model.RowRest || r.Kind == model.RowWhole && r.FS.Label == "" {
			continue
		}
		row := []string{rowName(r), safetext.Printable(r.FS.Label), "", ""}
		if p := r.Partition; r.Kind == model.RowPartition {
			more := model.Flags(d.Table.Kind, p)
			if p.Name != "" {
				more = append([]string{`"` + safetext.Printable(p.Name) + `"`}, more...)
			}
			row[2], row[3] = model.TypeName(d.Table.Kind, p.Type), strings.Join(more, ", ")
		}
		lines = append(lines, row)
	}
	return lines
}

// grid aligns rows below a header, which may be nil. Each column is as wide as its widest cell, with two spaces between.
// sides has l or r for the alignment of each column. An empty column is left out.
func grid(header []string, rows [][]string, sides string) string {
	lines := slices.Clone(rows)
	if header != nil {
		lines = slices.Insert(lines, 0, header)
	}
	out := make([]string, len(lines))
	for c, side := range sides {
		if !slices.ContainsFunc(rows, func(row []string) bool { return row[c] != "" }) {
			continue
		}
		width := 0
		for _, line := range lines {
			width = max(width, ansi.StringWidth(line[c]))
		}
		for i, line := range lines {
			cell, pad := line[c], strings.Repeat(" ", width-ansi.StringWidth(line[c]))
			if side == 'r' {
				cell, pad = pad, cell
			}
			out[i] += cell + pad + "  "
		}
	}
	for i := range out {
		out[i] = strings.TrimRight(out[i], " ") + "\n"
	}
	return strings.Join(out, "")
}

// underWay says that f.Commit is in progress.
func underWay(f report.Facts) string {
	return fmt.Sprintf("a commit is under way, %s: this output may be outdated; `%s` follows the commit",
		progressText(*f.Commit, f), f.Call.Line("recover"))
}

func remarks(d model.Disk, f report.Facts, left *report.Unfinished) []string {
	var lines []string
	if f.Commit != nil {
		return []string{underWay(f)}
	}
	if left != nil {
		lines = append(lines, fmt.Sprintf("unfinished transaction, interrupted %s: %s", left.Stopped(f), f.Call.WaysOn(left.Ways())))
	}
	if f.Undo() != nil {
		lines = append(lines, fmt.Sprintf("the transaction of %s can be undone with `%s`, if nothing was changed since; %s "+
			"are kept for that",
			f.Undo().When.Format(minute), f.Call.Line("undo"), geometry.FormatBytes(f.Undo().Room)))
		if n := len(f.Undos) - 1; n > 0 {
			lines = append(lines, fmt.Sprintf("so can %s before it: `%s` lists them; %s are kept for that", transactions(n),
				f.Call.Line("undo", "--list"), geometry.FormatBytes(report.RoomOf(f.Undos[1:]))))
		}
	}
	if f.InUse != "" {
		lines = append(lines, "in use by "+f.InUse+": the contents may change at any moment")
	}
	if f.Ignored != "" {
		lines = append(lines, "ignored, also if a transaction is unfinished there: "+f.Ignored)
	}
	if len(f.Overlays) > 0 {
		lines = append(lines, "warning: "+report.OverlaysWarning(f.Overlays))
	}
	if f.Around != nil {
		lines = append(lines, f.Format+" "+report.AroundLine(*f.Around))
		for _, fault := range f.Around.Faults {
			lines = append(lines, "warning: "+fault)
		}
	}
	if f.Foreign != nil {
		lines = append(lines, f.Format+": "+report.ForeignLine(*f.Foreign))
	}
	if f.Note != "" {
		lines = append(lines, "note: "+f.Note)
	}
	for _, p := range d.Problems() {
		line := severities[p.Severity] + ": " + p.Text
		if p.Advice != "" {
			line += "; " + f.Call.Fill(p.Advice)
		}
		lines = append(lines, line)
	}
	for _, r := range model.Rows(d, model.Readable) {
		note := r.FS.Elsewhere.String()
		switch r.FS.Trait {
		case model.Unread:
			note = "it " + r.FS.Notes + "; " + r.FS.Amount()
		case model.Anchored, model.Divided:
			note = "it " + r.FS.Notes
		case model.NoTrait, model.Hibernated, model.OpenJournal, model.OldForm:
		}
		if note == "" && !r.FS.Dirty.OK() {
			note = string(r.FS.Kind) + ", " + string(r.FS.Dirty)
		}
		if second := r.FS.Second(); note != "" && second != "" {
			note += "; " + second
		} else if second != "" {
			note = second
		}
		if note != "" {
			lines = append(lines, fmt.Sprintf("note: %s: %s", strings.TrimSpace(rowName(r)), note))
		}
	}
	return lines
}

// plain returns a sector of a table as plain digits, which other programs read, too.
func plain(s geometry.Sector) string { return strconv.FormatInt(int64(s), 10) }
