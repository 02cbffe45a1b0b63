package tui

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops/report"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// openInfo shows the information page of the selected row: at once what the scan found, and later what tools report.
func (m Model) openInfo(d document) (Model, tea.Cmd) {
	id := model.PartID(0)
	if row, ok := d.subject(); ok && row.Kind == model.RowPartition {
		id = row.Partition.ID
	}
	return m.informOn(d, id)
}

func (m Model) informOn(d document, id model.PartID) (Model, tea.Cmd) {
	m.gen++
	before := background(m.reader.giveUp)
	m.reader = reader{page: pageInfo, part: id, gen: m.gen}
	if id != 0 && d.pendingOnly(id) {
		return m, before // there is nothing to ask tools about
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.reader.giveUp = cancel
	return m, tea.Batch(before, inform(ctx, d.target, id, m.gen))
}

// turnInfo switches between the partition and the whole target.
func (m Model) turnInfo(d document) (Model, tea.Cmd) {
	if m.reader.part != 0 {
		return m.informOn(d, 0)
	}
	return m.openInfo(d)
}

// informed applies the facts that tools reported, if they are still wanted.
func (m Model) informed(gen int, sheet report.Sheet, err error) Model {
	if m.reader.page != pageInfo || m.reader.gen != gen {
		return m
	}
	m.reader.sheet, m.reader.err = &sheet, err
	return m
}

func (m Model) infoBindings(d document) []binding {
	other := "target"
	if m.reader.part == 0 {
		other = "partition"
	}
	noOther := func(m Model, d document) model.Reason {
		if row, _ := d.subject(); m.reader.part == 0 && row.Kind != model.RowPartition {
			return "No partition is selected"
		}
		return notOpen(m, d)
	}
	return readerBindings([]string{"i"},
		on("enter", "files", Model.openFiles, "enter", "right").unless(noFiles),
		on("tab", other, Model.turnInfo, "tab", "shift+tab").unless(noOther))
}

// infoText describes the partition or target of the page: the pending operations, and the state on the target. Until the
// tools have reported, it shows the facts of the scan.
func (m Model) infoText(d document, width int) (title string, lines []string) {
	if d.path == "" {
		return "Information", nil
	}
	b, id := m.block(width), m.reader.part
	before, after := d.queue.Initial(), d.queue.Preview()
	was, there := before.Partition(id)
	if row, ok := d.subject(); ok && id == 0 && row.Kind == model.RowGap {
		b.title(d.rowTitle(row))
		b.facts(report.GapSection(row.Span, after.SectorSize, report.Exact))
		b.add("")
	}
	if p, ok := after.Partition(id); ok && p != was {
		s := report.PartitionSheet(after, p, d.name(), report.Exact)
		if there {
			s.Title = "Partition " + p.Ref() + " after the pending operations"
		}
		b.sheet(s)
	}
	found := m.reader.sheet
	switch {
	case id != 0 && !there:
		b.add(m.st.Muted.Render("It is only pending: nothing of it is on the target yet."))
	case found != nil && m.reader.err == nil:
		b.sheet(*found)
	default:
		if id == 0 {
			b.sheet(report.TargetSheet(before, d.facts, d.name(), report.Exact))
		} else {
			b.sheet(report.PartitionSheet(before, was, d.name(), report.Exact))
		}
		if m.reader.err != nil {
			b.wrap(m.st.Warn, sentence(m.reader.err))
		} else {
			b.add(m.st.Muted.Render("Asking the tools" + m.st.More))
		}
	}
	return "Information on " + d.name(), b.lines
}

// pendingOnly reports whether a partition exists only in the queue.
func (d document) pendingOnly(id model.PartID) bool {
	_, there := d.queue.Initial().Partition(id)
	return !there
}

// sheet adds the facts that were found on the target. Pending operations are not part of them.
func (b *block) sheet(s report.Sheet) {
	for i, section := range s.Sections {
		name := section.Title
		if i == 0 {
			name = s.Title
		}
		b.title(widget.Clean(name))
		b.facts(section)
		b.add("")
	}
	for _, said := range s.Said {
		b.title("$ " + widget.Fit(said.Command, min(widget.Width(said.Command), b.width-2), b.st.More))
		for _, line := range splitLog(said.Output) {
			if line != "" {
				b.said(line)
			}
		}
		if said.Err != "" {
			b.wrap(b.st.Warn, "  "+widget.Clean(said.Err))
		}
		b.add("")
	}
}

// said adds a line of a tool's output. A long line is wrapped with a deeper indent.
func (b *block) said(line string) {
	const in, farther = "  ", "      "
	head := widget.Wrap(line, b.width-len(in))
	b.add(in + b.st.Text.Render(head[0]))
	if len(head) > 1 {
		b.hang(farther, strings.TrimLeft(strings.TrimPrefix(line, head[0]), " "), b.st.Text)
	}
}

func (b *block) facts(s report.SheetSection) {
	for _, l := range s.Lines {
		b.line(l)
	}
}

func (b *block) line(l report.SheetLine) {
	looks := map[report.Attention]styles.Look{report.Plain: b.st.Text, report.Odd: b.st.Warn, report.Wrong: b.st.Bad}
	b.factIn(looks[l.Look], l.Name, l.Value)
}
