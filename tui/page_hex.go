package tui

import (
	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/report"
	"shunt/tui/dialog"
	"shunt/tui/widget"
)

// sectors is the page that shows the bytes of the target as it is now. The zero value is no page.
type sectors struct {
	shown bool
	at    geometry.Sector // the sector at the top of the page
	row   int             // the first row of it that is shown; row 0 is its title
	gen   int             // generation of the request in progress
	list  []report.Sector // what was read last
}

// fetched is how many bytes are read at once.
const fetched = 64 << 10

// openSectors shows the first sector of what is selected.
func (m Model) openSectors(d document) (Model, tea.Cmd) {
	at := geometry.Sector(0)
	if row, ok := d.selected(); ok && row.Kind != model.RowWhole {
		if old, there := d.queue.Initial().Partition(row.Partition.ID); there && row.Kind == model.RowPartition {
			at = old.Span.Start
		} else if row.Span.Start < d.queue.Initial().Sectors {
			at = row.Span.Start
		}
	}
	m.sectors = sectors{shown: true, at: at}
	return m.fetchSectors(d)
}

func (m Model) closeSectors() (Model, tea.Cmd) {
	m.sectors = sectors{}
	return m, nil
}

// fetchSectors reads around the top of the page, unless the page is read already.
func (m Model) fetchSectors(d document) (Model, tea.Cmd) {
	disk := d.queue.Initial()
	last := min(disk.Sectors-1, m.sectors.at+geometry.Sector(m.height/m.sectorRows(disk)+1))
	if n := len(m.sectors.list); n > 0 && m.sectors.list[0].At <= m.sectors.at && last <= m.sectors.list[n-1].At {
		return m, nil
	}
	m.gen++
	m.sectors.gen = m.gen
	n := max(fetched/int(disk.SectorSize), int(last-m.sectors.at)+1)
	first := max(0, m.sectors.at-geometry.Sector(n/4))
	return m, readSectors(d.target, first, n, m.gen)
}

// readSectors reads sectors of a target.
func readSectors(t Target, first geometry.Sector, n, gen int) tea.Cmd {
	return func() tea.Msg {
		list := t.Sectors(first, n)
		return result(func(m Model) (Model, tea.Cmd) {
			if m.sectors.gen == gen {
				m.sectors.list = list
			}
			return m, nil
		})
	}
}

// hexBytes returns how many bytes a row of the page has room for.
func (m Model) hexBytes() int {
	if m.width-6 < hexWide {
		return 8
	}
	return 16
}

// hexWide is the least width for 16 bytes in a row.
const hexWide = 74

// sectorRows returns the number of rows of a sector, with its title.
func (m Model) sectorRows(d model.Disk) int { return int(d.SectorSize)/m.hexBytes() + 1 }

func (m Model) sectorsBindings(document) []binding {
	next := func(m Model, d document) (Model, tea.Cmd) { return m.goToSector(d, m.sectors.at+1) }
	previous := func(m Model, d document) (Model, tea.Cmd) {
		if m.sectors.row > 0 {
			return m.goToSector(d, m.sectors.at)
		}
		return m.goToSector(d, m.sectors.at-1)
	}
	out := []binding{
		on("esc", "back", noTarget(Model.closeSectors), "esc", "q", "ctrl+c", "H"),
		on("g", "go to", noCommand(func(m Model, d document) Model { return m.push(dialog.NewGoTo(d.queue.Initial())) }), "g"),
		on("←→", "sector", next, "right"),
		on("", "", previous, "left"),
	}
	for _, b := range travel(Model.scrollSectors, "scroll", "page") {
		scroll := b.do
		b.do = func(m Model, d document) (Model, tea.Cmd) {
			m, _ = scroll(m, d)
			return m.fetchSectors(d)
		}
		out = append(out, b)
	}
	return out
}

// scrollSectors moves by rows or pages, or to the first or the last sector.
func (m Model) scrollSectors(d document, s step) Model {
	disk := d.queue.Initial()
	rows := m.sectorRows(disk)
	height := m.height - 4
	by := s.lines + s.pages*max(1, height-1)
	switch s.lines {
	case -toEnd:
		m.sectors.at, m.sectors.row = 0, 0
		return m
	case toEnd:
		m.sectors.at, m.sectors.row = disk.Sectors-1, 0
		return m
	}
	row := min(m.sectors.row, rows-1) + by // the window can have become wider
	at := m.sectors.at
	for ; row < 0 && at > 0; at-- {
		row += rows
	}
	for ; row >= rows && at < disk.Sectors-1; at++ {
		row -= rows
	}
	m.sectors.at, m.sectors.row = at, min(max(0, row), rows-1)
	return m
}

// goToSector shows a sector at the top of the page.
func (m Model) goToSector(d document, at geometry.Sector) (Model, tea.Cmd) {
	m.sectors.at, m.sectors.row = min(max(0, at), d.queue.Initial().Sectors-1), 0
	return m.fetchSectors(d)
}

// sectorsPage draws the bytes of the sectors from the top on.
func (m Model) sectorsPage(d document) []string {
	height := m.height - 2
	f := widget.Frame{Title: d.name() + " as it is now, read only", Edge: m.st.Faint, Name: m.st.Title}
	return widget.Box(m.sectorLines(d.queue.Initial(), height-2), f, m.width, height, m.st)
}

// sectorLines returns n rows of the page, or as many as there are.
func (m Model) sectorLines(disk model.Disk, n int) (lines []string) {
	at, row := m.sectors.at, min(m.sectors.row, m.sectorRows(disk)-1)
	for ; len(lines) < n && at < disk.Sectors; at, row = at+1, 0 {
		i := -1
		if list := m.sectors.list; len(list) > 0 {
			i = int(at - list[0].At)
		}
		if i < 0 || i >= len(m.sectors.list) {
			return append(lines, m.st.Muted.Render("Reading"+m.st.More))
		}
		s := m.sectors.list[i]
		all := append([]string{m.st.Title.Render(widget.Fit(widget.Clean(s.Title()), m.width-6, m.st.More))}, report.Hex(s.Data, m.hexBytes())...)
		if s.Err != "" {
			all = append(all, m.st.Warn.Signed(widget.Fit("It cannot be read: "+widget.Clean(s.Err), m.width-8, m.st.More)))
		}
		lines = append(lines, all[min(row, len(all)-1):]...)
	}
	return lines[:min(n, len(lines))]
}
