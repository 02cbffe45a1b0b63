package inspect

import (
	"fmt"
	"io"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/report"
)

// Target returns the sheet of a whole target: the disk d, which was scanned from r. about holds other facts about
// the target.
func Target(r io.ReaderAt, d model.Disk, name string, about []report.SheetLine) report.Sheet {
	s := report.Sheet{Title: safetext.Printable(name)}
	head := report.SheetSection{Title: "Target", Lines: about}
	head.Add("Size", sizeText(d.Sectors, d.SectorSize))
	head.Add("Sector size", fmt.Sprintf("%d bytes, logical", d.SectorSize))
	if d.Fixed {
		head.Add("Length", "fixed")
	}
	s = s.With(head).With(table(d)).With(remarks(d))
	if d.Table.Kind == model.TableNone {
		s = s.With(contents(io.NewSectionReader(r, 0, int64(d.Size())), d.Whole))
	}
	return s
}

func table(d model.Disk) report.SheetSection {
	z, t := d.SectorSize, d.Table
	s := report.SheetSection{Title: "Table"}
	switch t.Kind {
	case model.TableNone:
		s.Add("Kind", "none")
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
		s.Add("Usable", fmt.Sprintf("sectors %d to %d (%s)", t.Usable.Start, t.Usable.End-1, size))
	}
	if t.Kind == model.TableGPT {
		size := t.EntrySize
		if size == 0 {
			size = 128
		}
		s.Add("Entries", fmt.Sprintf("%d of %d bytes", t.Slots, size))
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
			report.ExactBytes(z.Bytes(free)), geometry.FormatBytes(z.Bytes(largest))))
	}
	return s
}

// remarks lists the problems that the scan found.
func remarks(d model.Disk) report.SheetSection {
	s := report.SheetSection{Title: "Remarks"}
	levels := map[model.Severity]report.SheetLine{
		model.Note:    {Name: "Note"},
		model.Warning: {Name: "Warning", Look: report.Odd},
		model.Fatal:   {Name: "Read-only", Look: report.Wrong},
	}
	for _, p := range d.Problems() {
		text := p.Text
		if p.Advice != "" {
			text += "; " + p.Advice
		}
		s.Warn(levels[p.Severity].Name, text, levels[p.Severity].Look)
	}
	return s
}
