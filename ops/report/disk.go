package report

import (
	"cmp"
	"fmt"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops"
)

// PartitionSheet describes a partition of d, without running tools.
func PartitionSheet(d model.Disk, p model.Partition, name string, f Figures) Sheet {
	s := Sheet{Title: safetext.Printable(p.Ref() + " of " + name)}.With(entry(d, p, f))
	if p.Role == model.Extended {
		return s.With(inside(d, p))
	}
	return s.With(contents(p.FS, d.SectorSize.Bytes(p.Span.Intersect(d.Span()).Len()), d.Apart(p), f))
}

// TargetSheet describes a whole target. If there is no partition table, the last section describes the file system.
func TargetSheet(d model.Disk, f Facts, name string, fig Figures) Sheet {
	head := SheetSection{Title: "Target"}
	head.Add("Path", f.Path)
	head.Add("Format", f.Format)
	head.Warn("In use", f.InUse, Odd)
	head.Add("Note", f.Note)
	if len(f.Overlays) > 0 {
		head.Warn("Overlays", OverlaysWarning(f.Overlays), Odd)
	}
	for i, u := range f.Undos {
		text := "the transaction of %s can be undone; %s are kept for that"
		if i > 0 {
			text = "then that of %s; %s are kept for that"
		}
		head.Add("Undo", fmt.Sprintf(text, u.When.Format("2006-01-02 15:04"), geometry.FormatBytes(u.Room)))
	}
	head.Add("Size", fig.length(d.Sectors, d.SectorSize))
	head.Add("Sector size", fmt.Sprintf("%d bytes, logical", d.SectorSize))
	if d.Fixed {
		head.Add("Length", "fixed")
	}
	s := Sheet{Title: safetext.Printable(name)}.With(head)
	s = s.With(hardware(f))
	if f.Around != nil {
		s = s.With(around(*f.Around))
	}
	if f.Foreign != nil {
		s = s.With(foreign(*f.Foreign))
	}
	s = s.With(table(d, fig)).With(remarks(d, f.Call))
	if d.Table.Kind == model.TableNone {
		s = s.With(wholeContents(d, fig))
	}
	return s
}

// hardware describes a physical device.
func hardware(f Facts) SheetSection {
	s := SheetSection{Title: "Hardware"}
	s.Add("Model", f.Model)
	s.Add("Serial", f.Serial)
	s.Add("Connected", f.Bus)
	if len(s.Lines) > 0 {
		s.Add("Kind", map[bool]string{true: "a disk that turns", false: "no moving parts"}[f.Turns])
	}
	return s
}

// entry describes a partition's entry in the table.
func entry(d model.Disk, p model.Partition, f Figures) SheetSection {
	z := d.SectorSize
	s := SheetSection{Title: "Partition"}
	if f == Exact {
		s.Add("Number", fmt.Sprint(p.Number))
	}
	if d.Table.Kind == model.TableMBR {
		s.Add("Role", p.Role.String())
	}
	s.Lines = append(s.Lines, place(p.Span, z, f)...)
	if text, look := alignment(p.Span.Start, z); f == Exact || look != Plain {
		s.Warn("Alignment", text, look)
	}
	s.Add("Type", typeText(d.Table.Kind, p.Type))
	s.Add("Name", p.Name)
	s.Add("PARTUUID", p.UUID)
	s.Add("Flags", strings.Join(model.Flags(d.Table.Kind, p), ", "))
	if d.Table.Kind == model.TableGPT && (f == Exact || p.Attributes != 0) {
		s.Add("Attributes", fmt.Sprintf("0x%016x", p.Attributes))
	}
	if m := p.Mirror; m.Slot != 0 {
		s.Add("Hybrid MBR", fmt.Sprintf("entry %d, type %s%s", m.Slot, typeText(model.TableMBR, m.Type), map[bool]string{true: ", active"}[m.Active]))
	}
	if p.Role == model.Logical {
		s.Add("Boot record", fmt.Sprintf("sector %s, %s before the partition", geometry.Grouped(p.EBR), geometry.Grouped(p.Span.Start-p.EBR)))
	}
	if text := d.Intruded(p); text != "" {
		s.Warn("In doubt", text, Wrong)
	}
	if over := p.Span.End - d.Sectors; over > 0 {
		s.Warn("Outside", fmt.Sprintf("%s sectors lie behind the end of the disk", over), Wrong)
	}
	return s
}

// place describes where something lies.
func place(span geometry.Span, z geometry.SectorSize, f Figures) []SheetLine {
	return []SheetLine{
		{Name: "Start", Value: f.position(span.Start, z)},
		{Name: "End", Value: f.position(span.End-1, z)},
		{Name: "Size", Value: f.length(span.Len(), z)},
	}
}

// GapSection describes unallocated space.
func GapSection(span geometry.Span, z geometry.SectorSize, f Figures) SheetSection {
	return SheetSection{Title: "Unallocated", Lines: place(span, z, f)}
}

// inside lists the logical partitions inside an extended one.
func inside(d model.Disk, p model.Partition) SheetSection {
	s := SheetSection{Title: "Contents"}
	var refs []string
	for _, q := range d.Partitions() {
		if q.Role == model.Logical && p.Span.Start <= q.Span.Start && q.Span.End <= p.Span.End {
			refs = append(refs, q.Ref())
		}
	}
	s.Add("Holds", cmp.Or(strings.Join(refs, ", "), "no logical partition"))
	return s
}

// alignment judges the start of a partition. If it is inside a physical block of 4 KiB, many writes also need a read.
// There is no other harm.
func alignment(start geometry.Sector, z geometry.SectorSize) (string, Attention) {
	b := z.Bytes(start)
	switch {
	case b%geometry.MiB == 0:
		return "whole MiB", Plain
	case b%(4*geometry.KiB) != 0:
		return "not on a multiple of 4 KiB: slow on most disks made since 2010, harmless otherwise", Odd
	}
	return fmt.Sprintf("multiple of %s, not of 1 MiB", geometry.FormatBytes(b&-b)), Plain
}

// typeText formats a partition type with its name and its code.
func typeText(kind model.TableKind, t model.PartType) string {
	name := model.TypeName(kind, t)
	if name == string(t) {
		return string(t)
	}
	if kind == model.TableGPT {
		return fmt.Sprintf("%s, %s", name, t) // a narrow page has room for the GUID, and for no brackets around it
	}
	return fmt.Sprintf("%s (%s)", name, t)
}

// wholeContents describes what is on a disk without a table.
func wholeContents(d model.Disk, f Figures) SheetSection {
	if d.Whole.Word() != model.BlankWord {
		return contents(d.Whole, d.Size(), d.Whole.Excess(d.Size()) == 0, f)
	}
	return SheetSection{Title: "File system", Lines: []SheetLine{{Name: "Contents", Value: "blank: every byte is zero"}}}
}

// contents describes the file system that the scan found in n bytes: in a partition, or on a disk without a table. apart says
// that it fits there, and that nothing else claims a part of that.
func contents(fs model.Filesystem, n geometry.Bytes, apart bool, f Figures) SheetSection {
	s := SheetSection{Title: "File system"}
	if !fs.Known() {
		s.Add("Contents", fs.Word())
		s.Add("Amount", fs.Amount())
		s.Add("Notes", fs.Notes)
		return s
	}
	s.Add("Kind", string(fs.Kind))
	s.Add("Label", fs.Label)
	s.Add("UUID", fs.UUID)
	if fs.Size > 0 {
		s.Add("Size", f.size(fs.Size))
		if over := fs.Excess(n); over > 0 {
			text := f.size(over) + " longer than its partition"
			if f == Exact {
				text += ": nothing is changed until it has that room back"
			}
			s.Warn("Too large", text, Wrong)
		}
		if spare := fs.Spare(n); spare > 0 {
			s.Warn("Not used", f.size(spare)+" of the partition are not used by it: grow it to use them", Odd)
		}
	}
	if fs.Used >= 0 {
		s.Add("Used", f.size(fs.Used))
	}
	if free := fs.Unused(); free >= 0 && fs.Excess(n) == 0 { // a part of what is unused is missing
		s.Add("Unused", f.size(free))
	}
	if fs.Min > 0 && f == Exact { // shunt leaves some slack, and beside Brief figures is what it offers
		text := fmt.Sprintf("about %s (%s bytes)", geometry.FormatBytes(fs.Min), geometry.Grouped(fs.Min))
		if fs.Used > fs.Min {
			text += ": its own tables, which count as used, become smaller too"
		}
		s.Add("Smallest", text)
	}
	if fs.BlockSize > 0 && f == Exact {
		s.Add("Block size", fmt.Sprintf("%d bytes", fs.BlockSize))
	}
	switch {
	case !fs.Dirty.OK():
		s.Warn("State", string(fs.Dirty), Odd)
	case apart:
		s.Add("State", "no fault is known")
	}
	s.Warn("Elsewhere", fs.Elsewhere.String(), Odd)
	s.Warn("Also", fs.Second(), Odd)
	s.Add("Notes", fs.Notes)
	return s
}

// table describes the partition table.
func table(d model.Disk, f Figures) SheetSection {
	z, t := d.SectorSize, d.Table
	s := SheetSection{Title: "Table"}
	switch t.Kind {
	case model.TableNone:
		s.Add("Kind", t.String())
		return s
	case model.TableMBR:
		s.Add("Kind", "MBR (also called DOS or msdos)")
		s.Add("Disk signature", t.ID)
	case model.TableGPT:
		s.Add("Kind", "GPT")
		s.Add("Disk GUID", t.ID)
	}
	if !t.Usable.Empty() {
		size := geometry.FormatBytes(z.Bytes(t.Usable.Len()))
		s.Add("Usable", fmt.Sprintf("sectors %s to %s (%s)", geometry.Grouped(t.Usable.Start), geometry.Grouped(t.Usable.End-1), size))
	}
	if t.Kind == model.TableGPT {
		size := t.EntrySize
		if size == 0 {
			size = 128
		}
		s.Add("Entries", fmt.Sprintf("%d, each of %d bytes", t.Slots, size))
	}
	parts, aligned, logical := d.Partitions(), 0, 0
	for _, p := range parts {
		if z.Bytes(p.Span.Start)%geometry.MiB == 0 {
			aligned++
		}
		if p.Role == model.Logical {
			logical++
		}
	}
	count := fmt.Sprintf("%d", len(parts))
	if logical > 0 {
		count += fmt.Sprintf(", %d of them logical", logical)
	}
	s.Add("Partitions", count)
	switch {
	case len(parts) == 0:
	case aligned == len(parts):
		s.Add("Alignment", "every partition starts on a whole MiB")
	default:
		s.Add("Alignment", fmt.Sprintf("%d of %d partitions start on a whole MiB", aligned, len(parts)))
	}
	var free, largest geometry.Sector
	for _, g := range model.Gaps(d, model.Everything) {
		free += g.Span.Len()
		largest = max(largest, g.Span.Len())
	}
	if free > 0 {
		s.Add("Unallocated", fmt.Sprintf("%s, at most %s in one piece",
			f.size(z.Bytes(free)), geometry.FormatBytes(z.Bytes(largest))))
	}
	return s
}

// remarks lists the problems that the scan found.
func remarks(d model.Disk, call ops.Call) SheetSection {
	s := SheetSection{Title: "Remarks"}
	levels := map[model.Severity]SheetLine{
		model.Note:    {Name: "Note"},
		model.Warning: {Name: "Warning", Look: Odd},
		model.Fatal:   {Name: "Read-only", Look: Wrong},
	}
	for _, p := range d.Problems() {
		text := p.Text
		if p.Advice != "" {
			text += "; " + call.Fill(p.Advice)
		}
		s.Warn(levels[p.Severity].Name, text, levels[p.Severity].Look)
	}
	return s
}
