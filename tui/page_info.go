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

// openInfo shows the information page of what is selected: at once what the model tells, and what tools find out when
// they have.
func (m Model) openInfo(d document) (Model, tea.Cmd) {
	id := model.PartID(0)
	if p, ok := d.partition(); ok {
		id = p.ID
	}
	return m.informOn(d, id)
}

func (m Model) informOn(d document, id model.PartID) (Model, tea.Cmd) {
	m.gen++
	before := background(m.reader.giveUp)
	m.reader = reader{page: pageInfo, part: id, gen: m.gen}
	if id != 0 && d.pendingOnly(id) {
		return m, before // there is nothing to be asked
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.reader.giveUp = cancel
	return m, tea.Batch(before, inform(ctx, d.target, id, m.gen))
}

// turnInfo goes from the partition to the target, and back.
func (m Model) turnInfo(d document) (Model, tea.Cmd) {
	if m.reader.part != 0 {
		return m.informOn(d, 0)
	}
	return m.openInfo(d)
}

// take takes what was found out, if it is still asked for.
func (msg informedMsg) take(m Model) Model {
	if m.reader.page != pageInfo || m.reader.gen != msg.gen {
		return m
	}
	m.reader.sheet, m.reader.err = &msg.sheet, msg.err
	return m
}

func (m Model) infoBindings(d document) []binding {
	other := "target"
	if m.reader.part == 0 {
		other = "partition"
	}
	noOther := func(m Model, d document) model.Reason {
		if _, selected := d.partition(); m.reader.part == 0 && !selected {
			return "No partition is selected"
		}
		return notOpen(m, d)
	}
	return readerBindings([]string{"i"},
		on("enter", "files", Model.openFiles, "enter", "right").unless(noFiles),
		on("tab", other, Model.turnInfo, "tab", "shift+tab").unless(noOther))
}

// infoText tells everything that is known of what the page is about: what the target shows, and what is pending for it.
// Until that has been found out the model tells what it knows.
func (m Model) infoText(d document, width int) (title string, lines []string) {
	if d.path == "" {
		return "Information", nil
	}
	b := m.block(width)
	disk := d.queue.Preview()
	row, selected := d.selected()
	sheet := m.reader.sheet != nil && m.reader.err == nil
	if selected && m.tellsRow(d, row, sheet) {
		name := rowTitle(row)
		if sheet && row.Kind == model.RowPartition {
			name += " after the pending operations"
		}
		b.title(name)
		b.rowFacts(disk, row)
		b.add("")
	}
	if m.reader.part == 0 && !sheet {
		b.diskFacts(d, disk)
		b.add("")
	}
	switch {
	case m.reader.err != nil:
		b.wrap(m.st.Warn, sentence(m.reader.err))
	case sheet:
		b.sheet(*m.reader.sheet)
	case m.reader.part != 0 && d.pendingOnly(m.reader.part):
		b.add(m.st.Muted.Render("It is only pending: nothing of it is on the target yet."))
	default:
		b.add(m.st.Muted.Render("Asking what tools know" + m.st.More))
	}
	return "Information on " + d.name(), b.lines
}

// tellsRow reports whether the model's own account of the selected row is shown: of a partition as long as there is no
// sheet, or if it will not stay as it is; of a gap always, as no sheet tells of that.
func (m Model) tellsRow(d document, row model.Row, sheet bool) bool {
	switch row.Kind {
	case model.RowGap:
		return m.reader.part == 0
	case model.RowWhole:
		return !sheet
	case model.RowPartition:
	}
	was, _ := d.queue.Initial().Partition(row.Partition.ID)
	return m.reader.part != 0 && (!sheet || was != row.Partition)
}

// pendingOnly reports whether a partition is not on the target yet.
func (d document) pendingOnly(id model.PartID) bool {
	_, there := d.queue.Initial().Partition(id)
	return !there
}

// sheet adds what was found out on the target. What is only pending is not in it.
func (b *block) sheet(s report.Sheet) {
	for i, section := range s.Sections {
		name := section.Title
		if i == 0 {
			name = s.Title
		}
		b.title(widget.Clean(name))
		for _, l := range section.Lines {
			b.factIn(b.attention(l.Look), l.Name, l.Value)
		}
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

// said adds a line that a tool printed; what does not fit goes on below it, farther in.
func (b *block) said(line string) {
	const in, farther = "  ", "      "
	head := widget.Wrap(line, b.width-len(in))
	b.add(in + b.st.Text.Render(head[0]))
	if len(head) > 1 {
		b.hang(farther, strings.TrimLeft(strings.TrimPrefix(line, head[0]), " "), b.st.Text)
	}
}

func (b *block) attention(a report.Attention) styles.Look {
	switch a {
	case report.Odd:
		return b.st.Warn
	case report.Wrong:
		return b.st.Bad
	case report.Plain:
	}
	return b.st.Text
}
