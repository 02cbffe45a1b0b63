package tui

import (
	"fmt"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/report"
	"shunt/tui/widget"
)

// rowFacts adds what a row is, without its name.
func (b *block) rowFacts(disk model.Disk, r model.Row) {
	z := disk.SectorSize
	b.fact("Sectors", fmt.Sprintf("%d to %d, %d in all", r.Span.Start, r.Span.End-1, r.Span.Len()))
	b.fact("Size", report.ExactBytes(z.Bytes(r.Span.Len())))
	if r.Kind == model.RowPartition {
		p := r.Partition
		if disk.Table.Kind == model.TableMBR {
			b.fact("Role", p.Role.String())
		}
		name := model.TypeName(disk.Table.Kind, p.Type)
		if disk.Table.Kind == model.TableGPT {
			b.fact("Type", name)
			b.fact("Type GUID", string(p.Type))
		} else {
			b.fact("Type", fmt.Sprintf("%s (%s)", name, p.Type))
		}
		b.fact("Name", p.Name)
		if p.Use.Busy() {
			b.fact("In use", p.Use.String())
		}
		b.fact("PARTUUID", p.UUID)
		b.fact("Flags", strings.Join(model.Flags(disk.Table.Kind, p), ", "))
		if start := geometry.AlignMiB; start.Nearest(p.Span.Start, z) != p.Span.Start {
			b.fact("Alignment", "the start is not on a whole MiB")
		}
		if p.Role == model.Logical {
			b.fact("Boot record", fmt.Sprintf("sector %d", p.EBR))
		}
	}
	b.fsFacts(r)
}

func (b *block) fsFacts(r model.Row) {
	fs := r.FS
	if r.Kind == model.RowGap || r.Kind == model.RowPartition && r.Partition.Role == model.Extended {
		return
	}
	if !fs.Known() {
		b.fact("Contents", "nothing that shunt knows; it can be moved as it is")
		return
	}
	b.fact("File system", string(fs.Kind))
	b.fact("Label", fs.Label)
	b.fact("UUID", fs.UUID)
	if fs.Size > 0 {
		b.fact("FS size", report.ExactBytes(fs.Size))
	}
	if fs.Used >= 0 {
		b.fact("Used", report.ExactBytes(fs.Used))
	}
	if free := fs.Unused(); free >= 0 {
		b.fact("Unused", report.ExactBytes(free))
	}
	if fs.BlockSize > 0 {
		b.fact("Block size", geometry.FormatBytes(fs.BlockSize))
	}
	b.fact("State", string(fs.Dirty))
	b.fact("Elsewhere", fs.Elsewhere.String())
	b.fact("Notes", fs.Notes)
}

// diskFacts adds what the target is and what is wrong with it.
func (b *block) diskFacts(d document, disk model.Disk) {
	b.title("Target")
	b.fact("Path", d.facts.Path)
	b.fact("Format", d.facts.Format)
	b.fact("Note", d.facts.Note)
	b.fact("Size", report.ExactBytes(disk.Size()))
	b.fact("Sectors", fmt.Sprintf("%d of %d bytes", disk.Sectors, int64(disk.SectorSize)))
	b.fact("Table", disk.Table.Kind.String())
	b.fact("Identifier", disk.Table.ID)
	if disk.Table.Kind != model.TableNone {
		b.fact("Usable", fmt.Sprintf("sectors %d to %d", disk.Table.Usable.Start, disk.Table.Usable.End-1))
		b.fact("Entries", fmt.Sprintf("%d", disk.Table.Slots))
	}
	if u := d.facts.Undo; u != nil {
		b.fact("Undo", "the transaction of "+u.When.Format("2006-01-02 15:04")+", "+geometry.FormatBytes(u.Room)+" are kept for it")
	}
	problems := disk.Problems()
	if len(problems) > 0 {
		b.add("", b.st.Title.Render("Remarks"))
	}
	for _, p := range problems {
		look, word := b.st.Text, "note"
		switch p.Severity {
		case model.Note:
		case model.Warning:
			look, word = b.st.Warn, "warning"
		case model.Fatal:
			look, word = b.st.Bad, "read-only"
		}
		b.wrap(look, fmt.Sprintf("  %s: %s", word, widget.Clean(p.Text)))
		if p.Advice != "" {
			b.wrap(b.st.Muted, "  "+widget.Clean(d.facts.Call.Fill(p.Advice)))
		}
	}
}
