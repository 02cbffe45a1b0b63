package tui

import (
	"fmt"
	"slices"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/widget"
)

// summary describes a target as it is, and what the pending operations change: "raw, 966 MiB → 2.94 GiB, MBR, 512 B sectors".
func (m Model) summary(d document, width int) string {
	is, planned := d.queue.Initial(), d.queue.Preview()
	if d.run.carriedOut() {
		is = planned // the target is just being read again
	}
	table := func(disk model.Disk) string {
		if disk.Table == (model.Table{}) {
			return "no partition table"
		}
		return disk.Table.String()
	}
	text := d.facts.Format
	for _, part := range []struct{ now, then string }{
		{geometry.FormatBytes(is.Size()), geometry.FormatBytes(planned.Size())},
		{table(is), table(planned)},
		{now: fmt.Sprintf("%d B sectors", int64(is.SectorSize))},
		{now: widget.Clean(d.facts.Note)},
	} {
		if part.now == "" {
			continue
		}
		choices := []string{part.now}
		if part.then != "" && part.then != part.now {
			choices = []string{part.now + " " + m.st.Right + " " + part.then, part.now}
		}
		at := slices.IndexFunc(choices, func(c string) bool { return widget.Width(text+", "+c) <= width })
		if at < 0 {
			break // a part of a number would mislead
		}
		text += ", " + choices[at]
	}
	return text
}

// sizeFormats holds the functions that format the sizes in the table, each for its column.
type sizeFormats struct{ size, used, unused func(geometry.Bytes) string }

func formatsOf(rows []model.Row, z geometry.SectorSize) sizeFormats {
	var size, used, unused []geometry.Bytes
	for _, r := range rows {
		size = append(size, z.Bytes(r.Span.Len()))
		if r.FS.Known() {
			used, unused = append(used, r.FS.Used), append(unused, r.FS.Unused())
		}
	}
	return sizeFormats{geometry.FormatColumn(size), geometry.FormatColumn(used), geometry.FormatColumn(unused)}
}

// tableRows returns the texts of the table.
func (m Model) tableRows(d document) []widget.TableRow {
	rows := d.rows()
	formats := formatsOf(rows, d.queue.Preview().SectorSize)
	out := make([]widget.TableRow, len(rows))
	for i, r := range rows {
		out[i] = m.tableRow(d, r, formats)
	}
	return out
}

// tableRow returns the texts of a row of the table.
func (m Model) tableRow(d document, r model.Row, formats sizeFormats) widget.TableRow {
	disk := d.queue.Preview()
	out := widget.TableRow{
		Size: formats.size(disk.SectorSize.Bytes(r.Span.Len())), Style: m.rowStyle(d, r),
		Start: geometry.Grouped(r.Span.Start), End: geometry.Grouped(r.Span.End - 1),
	}
	if r.Nested {
		out.Indent = 1
	}
	switch r.Kind {
	case model.RowGap:
		out.Name, out.Dim = "unallocated", widget.Dimmed
		return out
	case model.RowWhole:
		out.Name = "whole disk"
		if p, ok := disk.Partition(0); ok {
			out.Change = m.change(d, p)
		}
	case model.RowRest:
		out.Name, out.FS = "rest of "+r.Partition.Ref(), fsWord(r)
		return out
	case model.RowPartition:
		out.Name = r.Partition.Ref()
		if r.Partition.Use.Busy() {
			out.Name += " " + m.st.Busy
		}
		if !disk.Apart(r.Partition) {
			out.Name += " !"
		}
		out.PartName = widget.Clean(r.Partition.Name)
		out.Flags = strings.Join(model.Flags(disk.Table.Kind, r.Partition), ",")
		out.Change = m.change(d, r.Partition)
	}
	out.FS = fsWord(r)
	out.Label = widget.Clean(r.FS.Label)
	if r.FS.Known() && r.FS.Used > 0 { // a file system that is still to be made uses 0 so far, which says nothing
		out.Used = formats.used(r.FS.Used)
	}
	if free := r.FS.Unused(); free >= 0 && r.FS.Known() && free < disk.SectorSize.Bytes(r.Span.Len()) {
		out.Unused = formats.unused(free) // a file system that is longer than its partition may have more
	}
	return out
}

// fsWord names the contents of a row.
func fsWord(r model.Row) string {
	if r.Kind == model.RowWhole && r.FS.Word() == model.BlankWord {
		return "blank"
	}
	if r.Kind == model.RowPartition && r.Partition.Role == model.Extended {
		return "extended"
	}
	return r.FS.Word()
}

// change describes how a partition differs from the target: "+1024 MiB", "right 1024 MiB", "new", "formatted". Place and size
// come first, then the rest.
func (m Model) change(d document, p model.Partition) string {
	was, ok := d.queue.Initial().Partition(p.ID)
	switch from := d.replacedBy(); {
	case from != "" && (!ok || was != p):
		return from
	case from != "":
		return ""
	case !ok:
		return "new"
	}
	parts := m.shifted(d, was, p)
	shifts := len(parts)
	if word := d.replaced(p.ID); word != "" {
		parts = append(parts, word)
	}
	if len(parts) == 0 || d.replaced(p.ID) == "" { // what replaces the contents has all its properties
		parts = append(parts, d.small(was, p)...)
	}
	if checked(d, p.ID) {
		parts = append(parts, "check")
	}
	if len(parts) == 0 {
		parts = misfit(d.queue.Preview(), p)
	}
	if was.Number != p.Number {
		parts = append(parts, "was "+was.Ref())
	}
	return m.fitting(parts, shifts)
}

// replacedBy says what the whole disk becomes: "snapshot" or "overlay". What has the same number there is another partition,
// so there is nothing to compare. Otherwise it is "".
func (d document) replacedBy() string {
	for _, op := range d.queue.Ops() {
		switch op.(type) {
		case ops.ApplySnapshot:
			return "snapshot"
		case ops.Commit:
			return "overlay"
		}
	}
	return ""
}

// fitting joins the words for the edits of a partition; the first ones are about place and size, and always stay. Where a narrow
// window has no room for all the others, a mark or their number stands for them.
func (m Model) fitting(parts []string, shifts int) string {
	const column = 11
	text := strings.Join(parts, " ")
	switch {
	case m.width >= narrow, widget.Width(text) <= column, len(parts)-shifts < 2:
		return text
	case shifts == 0:
		return fmt.Sprintf("%d changes", len(parts))
	}
	return strings.Join(parts[:shifts], " ") + " " + m.st.More
}

// narrow is the width from which on the column of changes has room for all words.
const narrow = 100

// shifted returns how place and size differ, one word each: "right 1024 MiB", "+1024 MiB". There is room for both only if
// an arrow stands for the direction. It stands behind the distance, as before that it would lead to a new value.
func (m Model) shifted(d document, was, p model.Partition) []string {
	z := d.queue.Initial().SectorSize
	shift, grown := p.Span.Start-was.Span.Start, p.Span.Len()-was.Span.Len()
	both := shift != 0 && grown != 0
	format := func(n geometry.Sector) string {
		if both || m.width < narrow && shift != 0 {
			return shortAmount(z.Bytes(n))
		}
		return amount(z.Bytes(n))
	}
	directed := func(word, arrow string, n geometry.Sector) string {
		if both {
			return format(n) + arrow
		}
		return word + " " + format(n)
	}
	var parts []string
	switch {
	case shift > 0:
		parts = append(parts, directed("right", m.st.Right, shift))
	case shift < 0:
		parts = append(parts, directed("left", m.st.Left, -shift))
	}
	switch {
	case grown > 0:
		parts = append(parts, "+"+format(grown))
	case grown < 0:
		parts = append(parts, "-"+format(-grown))
	}
	return parts
}

// replaced returns "formatted", "wiped" or "overwritten" if a pending operation replaces the contents of a partition, otherwise
// "".
func (d document) replaced(id model.PartID) string {
	word := ""
	for _, op := range d.queue.Ops() {
		switch op := op.(type) {
		case ops.Format:
			if op.ID == id && op.FS == model.Unformatted {
				word = "cleared"
			} else if op.ID == id {
				word = "formatted"
			}
		case ops.CopyOver:
			if op.ID == id {
				word = "overwritten"
			}
		case ops.Discard:
			if op.ID == id {
				word = "discarded"
			}
		case ops.Wipe:
			if op.ID == id && !op.Free {
				word = "wiped"
			}
		}
	}
	return word
}

// misfit returns by how much the file system of a partition is shorter or longer than that, or nothing.
func misfit(disk model.Disk, p model.Partition) []string {
	z := disk.SectorSize
	if spare := disk.Spare(p); spare > 0 {
		return []string{geometry.FormatShort(spare) + " to fill"}
	}
	if over := disk.Overhang(p); !over.Empty() {
		return []string{geometry.FormatShort(z.Bytes(over.Len())) + " missing"}
	}
	return nil
}

// small returns the other differences, one word each.
func (d document) small(was, p model.Partition) []string {
	var words []string
	add := func(differs bool, word string) {
		if differs {
			words = append(words, word)
		}
	}
	add(was.Span == p.Span && was.FS.Kind == p.FS.Kind && was.FS.Size < p.FS.Size, "filled")
	add(was.FS.Label != p.FS.Label, "label")
	add(was.FS.UUID != p.FS.UUID, "UUID")
	add(was.Name != p.Name, "name")
	add(was.Type != p.Type, "type")
	add(was.Type == p.Type && (was.Attributes != p.Attributes || was.Active != p.Active), "flags")
	return words
}

// amount formats a distance or a difference as the operations do: in MiB up to 10 GiB, since users give distances in MiB.
func amount(b geometry.Bytes) string {
	whole := (b + geometry.MiB/2) / geometry.MiB
	if b >= 10*geometry.GiB || (b%geometry.MiB != 0 && whole < 100) {
		return geometry.FormatBytes(b)
	}
	return fmt.Sprintf("%d MiB", whole)
}

// shortAmount is like amount, with a unit of one letter.
func shortAmount(b geometry.Bytes) string {
	number, unit, _ := strings.Cut(amount(b), " ")
	return number + unit[:1]
}

// checked reports whether a check of the partition is pending.
func checked(d document, id model.PartID) bool {
	return slices.ContainsFunc(d.queue.Ops(), func(op ops.Operation) bool {
		check, ok := op.(ops.Check)
		return ok && check.ID == id
	})
}
