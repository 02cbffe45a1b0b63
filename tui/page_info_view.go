package tui

import (
	"fmt"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/tui/widget"
)

// rowInfo tells of the selected row.
func (m Model) rowInfo(disk model.Disk, r model.Row, width int) []string {
	return append([]string{m.st.Title.Render(m.rowTitle(r))}, m.rowFacts(disk, r, width)...)
}

// rowFacts is what a row is, without its name.
func (m Model) rowFacts(disk model.Disk, r model.Row, width int) []string {
	z := disk.SectorSize
	var lines []string
	add := func(name, value string) { lines = append(lines, m.fact(name, value, width)...) }
	add("Sectors", fmt.Sprintf("%d to %d, %d in all", r.Span.Start, r.Span.End-1, r.Span.Len()))
	add("Size", exact(z.Bytes(r.Span.Len())))
	if r.Kind == model.RowPartition {
		p := r.Partition
		if disk.Table.Kind == model.TableMBR {
			add("Role", p.Role.String())
		}
		name := model.TypeName(disk.Table.Kind, p.Type)
		if disk.Table.Kind == model.TableGPT {
			add("Type", name)
			add("Type GUID", string(p.Type))
		} else {
			add("Type", fmt.Sprintf("%s (%s)", name, p.Type))
		}
		add("Name", p.Name)
		if p.Use.Busy() {
			add("In use", p.Use.String())
		}
		add("PARTUUID", p.UUID)
		add("Flags", strings.Join(model.Flags(disk.Table.Kind, p), ", "))
		if start := geometry.AlignMiB; start.Nearest(p.Span.Start, z) != p.Span.Start {
			add("Alignment", "the start is not on a whole MiB")
		}
		if p.Role == model.Logical {
			add("Boot record", fmt.Sprintf("sector %d", p.EBR))
		}
	}
	return append(lines, m.fsInfo(r, width)...)
}

// fsInfo tells of the file system.
func (m Model) fsInfo(r model.Row, width int) []string {
	fs := r.FS
	if r.Kind == model.RowGap || r.Kind == model.RowPartition && r.Partition.Role == model.Extended {
		return nil
	}
	var lines []string
	add := func(name, value string) { lines = append(lines, m.fact(name, value, width)...) }
	if !fs.Known() {
		add("Contents", "nothing that shunt knows; it can be moved as it is")
		return lines
	}
	add("File system", string(fs.Kind))
	add("Label", fs.Label)
	add("UUID", fs.UUID)
	if fs.Size > 0 {
		add("FS size", exact(fs.Size))
	}
	if fs.Used >= 0 {
		add("Used", exact(fs.Used))
	}
	if free := fs.Unused(); free >= 0 {
		add("Unused", exact(free))
	}
	if fs.BlockSize > 0 {
		add("Block size", geometry.FormatBytes(fs.BlockSize))
	}
	add("State", string(fs.Dirty))
	add("Elsewhere", fs.Elsewhere.String())
	add("Notes", fs.Notes)
	return lines
}

// diskInfo tells of the target and of what is wrong with it.
func (m Model) diskInfo(d document, disk model.Disk, width int) []string {
	lines := []string{m.st.Title.Render("Target")}
	add := func(name, value string) { lines = append(lines, m.fact(name, value, width)...) }
	add("Path", d.facts.Path)
	add("Format", d.facts.Format)
	add("Note", d.facts.Note)
	add("Size", exact(disk.Size()))
	add("Sectors", fmt.Sprintf("%d of %d bytes", disk.Sectors, int64(disk.SectorSize)))
	add("Table", disk.Table.Kind.String())
	add("Identifier", disk.Table.ID)
	if disk.Table.Kind != model.TableNone {
		add("Usable", fmt.Sprintf("sectors %d to %d", disk.Table.Usable.Start, disk.Table.Usable.End-1))
		add("Entries", fmt.Sprintf("%d", disk.Table.Slots))
	}
	if u := d.facts.Undo; u != nil {
		add("Undo", "the transaction of "+u.When.Format("2006-01-02 15:04")+", "+geometry.FormatBytes(u.Room)+" are kept for it")
	}
	problems := disk.Problems()
	if len(problems) == 0 {
		return lines
	}
	lines = append(lines, "", m.st.Title.Render("Remarks"))
	for _, p := range problems {
		look, word := m.st.Text, "note"
		switch p.Severity {
		case model.Note:
		case model.Warning:
			look, word = m.st.Warn, "warning"
		case model.Fatal:
			look, word = m.st.Bad, "read-only"
		}
		lines = append(lines, notesIn(fmt.Sprintf("  %s: %s", word, widget.Clean(p.Text)), width, look.Render)...)
		if p.Advice != "" {
			lines = append(lines, notesIn("  "+widget.Clean(d.facts.Call.Fill(p.Advice)), width, m.st.Muted.Render)...)
		}
	}
	return lines
}

// exact is a size for people and to the byte.
func exact(b geometry.Bytes) string {
	return fmt.Sprintf("%s (%d bytes)", geometry.FormatBytes(b), int64(b))
}
