package tui

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops/report"
	"shunt/tui/keymap"
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
	before := giveUp(m.reader.giveUp)
	m.reader = reader{kind: readInfo, part: id, gen: m.gen}
	if id != 0 && d.pendingOnly(id) {
		return m, before // there is nothing to be asked
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.reader.giveUp = cancel
	return m, tea.Batch(before, inform(ctx, d.target, id, m.gen))
}

// turnInfo goes from the partition to the target, and back.
func (m Model) turnInfo() (tea.Model, tea.Cmd) {
	d, ok := m.doc()
	if !ok || d.state != docOpen {
		return m, nil
	}
	if m.reader.part != 0 {
		return m.informOn(d, 0)
	}
	return m.openInfo(d)
}

// informed takes what was found out, if it is still asked for.
func (m Model) informed(msg informedMsg) Model {
	if m.reader.kind != readInfo || m.reader.gen != msg.gen {
		return m
	}
	m.reader.sheet, m.reader.err = &msg.sheet, msg.err
	return m
}

func (m Model) infoBindings() []keymap.Binding {
	var out []keymap.Binding
	k := m.keys
	d, ok := m.doc()
	if !ok {
		return nil
	}
	if m.whyNoFiles(d) == "" {
		out = append(out, k.inside)
	}
	switch _, selected := d.partition(); {
	case m.reader.part != 0:
		out = append(out, k.other)
	case selected:
		out = append(out, k.other.As("partition"))
	}
	return out
}

// infoText tells everything that is known of what the page is about: what the target shows, and what is pending for it.
// Until that has been found out the model tells what it knows.
func (m Model) infoText(width int) (title string, lines []string) {
	d, ok := m.doc()
	if !ok {
		return "Information", nil
	}
	title = "Information on " + d.name()
	disk := d.queue.Preview()
	row, selected := d.selected()
	sheet := m.reader.sheet != nil && m.reader.err == nil
	if selected && m.tellsRow(d, row, sheet) {
		lines = append(lines, m.rowInfo(disk, row, width)...)
		if sheet && row.Kind == model.RowPartition {
			lines[0] = m.st.Title.Render("Partition " + row.Partition.Ref() + " after the pending operations")
		}
		lines = append(lines, "")
	}
	if m.reader.part == 0 && !sheet {
		lines = append(lines, m.diskInfo(d, disk, width)...)
		lines = append(lines, "")
	}
	switch {
	case m.reader.err != nil:
		return title, append(lines, notesIn(sentence(m.reader.err), width, m.st.Warn.Render)...)
	case sheet:
		return title, append(lines, m.sheetText(*m.reader.sheet, width)...)
	case m.reader.part != 0 && d.pendingOnly(m.reader.part):
		return title, append(lines, m.st.Muted.Render("It is only pending: nothing of it is on the target yet."))
	}
	return title, append(lines, m.st.Muted.Render("Asking what tools know"+m.st.More))
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

// sheetText is what was found out on the target. What operations are pending for is not in it.
func (m Model) sheetText(s report.Sheet, width int) []string {
	var lines []string
	for i, section := range s.Sections {
		name := section.Title
		if i == 0 {
			name = s.Title
		}
		lines = append(lines, m.st.Title.Render(widget.Clean(name)))
		for _, l := range section.Lines {
			lines = append(lines, m.sheetLine(l, width)...)
		}
		lines = append(lines, "")
	}
	for _, said := range s.Said {
		lines = append(lines, m.st.Title.Render("$ "+widget.Fit(said.Command, min(widget.Width(said.Command), width-2), m.st.More)))
		for _, line := range splitLog(said.Output) {
			if line != "" {
				lines = append(lines, saidLine(line, width, m.st.Text.Render)...)
			}
		}
		if said.Err != "" {
			lines = append(lines, notesIn("  "+widget.Clean(said.Err), width, m.st.Warn.Render)...)
		}
		lines = append(lines, "")
	}
	return lines
}

// saidLine is a line that a tool said; what does not fit goes on below it, farther in.
func saidLine(line string, width int, look func(...string) string) []string {
	const in, farther = "  ", "      "
	head := widget.Wrap(line, width-len(in))
	if len(head) < 2 {
		return []string{in + look(line)}
	}
	rest := strings.TrimLeft(strings.TrimPrefix(line, head[0]), " ")
	return append([]string{in + look(head[0])}, hanging(farther, rest, width, look)...)
}

func (m Model) sheetLine(l report.SheetLine, width int) []string {
	look := m.st.Text
	switch l.Look {
	case report.Plain:
	case report.Odd:
		look = m.st.Warn
	case report.Wrong:
		look = m.st.Bad
	}
	return m.factIn(l.Name, l.Value, width, look.Render)
}
