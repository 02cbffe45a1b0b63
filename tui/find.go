package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"shunt/model"
	"shunt/tui/dialog"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// This file finds lines by a part of their text, on every page that has a list or a text. While the text is typed a list shows only
// what has it, and the cursor is on the first of it; a text scrolls to it.

// finding is a search on a page. The zero value is none.
type finding struct {
	page   page // pageBlank if there is no search
	typing bool // the keyboard belongs to the field
	field  widget.Field
	from   int // where the cursor was before
	at     int // the line of a text that was found last
}

// finder is what a page can be searched for.
type finder struct {
	texts []string
	cells []cell                     // where each text stands; nil if each is a whole line
	at    int                        // the text with the cursor, or the first in view
	move  func(m Model, i int) Model // moves the cursor to a text, or scrolls to it
	// list says that only what is found is shown, and that the search ends when a line was chosen. The search in a text lasts.
	list bool
}

// cell is a part of a line: the cells from from up to to.
type cell struct{ line, from, to int }

func findBinding() binding { return on("/", "find", noTarget(Model.startFind), "/").quiet() }

// finds reports whether there is a search on the page in view.
func (m Model) finds() bool {
	p, _ := m.shown()
	return m.find.page != pageBlank && m.find.page == p
}

// finder returns what the page in view can be searched for.
func (m Model) finder() finder {
	p, d := m.shown()
	if find := p.parts().find; find != nil {
		return find(m, d)
	}
	return finder{}
}

// startFind gives the keyboard to the field of a search.
func (m Model) startFind() (Model, tea.Cmd) {
	p, _ := m.shown()
	f := m.finder()
	const longest = 60
	m.find = finding{page: p, typing: true, field: widget.NewField("", longest).Touch(), from: f.at, at: f.at}
	return m, nil
}

// hits returns the indices of the lines that have the typed text; all of them if nothing is typed.
func (m Model) hits(texts []string) (hits []int) {
	want := strings.ToLower(m.find.field.Value())
	for i, text := range texts {
		if strings.Contains(strings.ToLower(text), want) {
			hits = append(hits, i)
		}
	}
	return hits
}

// inView returns the indices of the lines of a list to show: those that the search has found, or all.
func (m Model) inView(n int) []int {
	if m.finds() && m.find.typing {
		return m.hits(m.finder().texts)
	}
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// findKey handles a key while the text is typed.
func (m Model) findKey(msg tea.Msg) (Model, tea.Cmd) {
	press, _ := msg.(tea.KeyPressMsg)
	switch {
	case keymap.Match(press, keymap.Bind("", "", "esc", "ctrl+c")):
		return m.endFind()
	case keymap.Match(press, keymap.Bind("", "", "enter")):
		if m.finder().list && m.nothingFound() != "" {
			return m.endFind()
		}
		m.find.typing = false
		if f := m.finder(); f.list || m.find.field.Value() == "" {
			m.find = finding{}
		}
		return m, nil
	case keymap.Match(press, keymap.Bind("", "", "up")):
		return m.nextHit(-1), nil
	case keymap.Match(press, keymap.Bind("", "", "down")):
		return m.nextHit(1), nil
	}
	next, changed := m.find.field.Update(msg)
	m.find.field = next
	if !changed {
		return m, nil
	}
	f := m.finder()
	hits := m.hits(f.texts)
	if len(hits) == 0 {
		return m, nil
	}
	at := slices.IndexFunc(hits, func(i int) bool { return i >= m.find.from })
	return m.toHit(f, hits[max(0, at)]), nil
}

// toHit moves to a line that was found.
func (m Model) toHit(f finder, line int) Model {
	m.find.at = line
	return f.move(m, line)
}

// nextHit moves to the next line that was found, or with -1 to the one before. After the last comes the first.
func (m Model) nextHit(by int) Model {
	f := m.finder()
	hits := m.hits(f.texts)
	if len(hits) == 0 {
		return m
	}
	at := m.find.at
	if f.list {
		at = f.at
	}
	i, exact := slices.BinarySearch(hits, at)
	if by > 0 && !exact {
		by = 0
	}
	return m.toHit(f, hits[(i+by+len(hits))%len(hits)])
}

// endFind leaves the search. The cursor goes back to where it was, if the text was still being typed.
func (m Model) endFind() (Model, tea.Cmd) {
	f, typing, from := m.finder(), m.find.typing, m.find.from
	m.find = finding{}
	if typing && f.move != nil {
		m = f.move(m, from)
	}
	return m, nil
}

// foundBindings returns the bindings of a search that lasts.
func (m Model) foundBindings() []binding {
	if !m.finds() || m.find.typing {
		return nil
	}
	next := func(by int) doFunc { return noCommand(func(m Model, _ document) Model { return m.nextHit(by) }) }
	return []binding{
		on("esc", "end the search", noTarget(Model.endFind), "esc"), on("n", "next", next(1), "n").unless(noOther),
		on("N", "previous", next(-1), "N").unless(noOther),
	}
}

// noOther returns why the search leads to no other line, or "".
func noOther(m Model, _ document) model.Reason {
	switch len(m.hits(m.finder().texts)) {
	case 0:
		return model.Because("Nothing here has %q: press / to search again", m.find.field.Value())
	case 1:
		return "There is no other line that has it"
	}
	return ""
}

// findCount says how many lines were found, and which is the selected one.
func (m Model) findCount() string {
	f := m.finder()
	hits := m.hits(f.texts)
	at := m.find.at
	if f.list {
		at = f.at
	}
	switch i, exact := slices.BinarySearch(hits, at); {
	case len(hits) == 0:
		return "nothing found"
	case exact:
		return fmt.Sprintf("%d of %d", i+1, len(hits))
	}
	return fmt.Sprintf("%d found", len(hits))
}

// findWords returns what the title of a page says about a search that lasts, "" if there is none. While the text is typed, the line
// with the field says it.
func (m Model) findWords() string {
	if !m.finds() || m.find.typing || m.find.field.Value() == "" {
		return ""
	}
	return "  /" + widget.Clean(m.find.field.Value()) + ": " + m.findCount()
}

// nothingFound returns the line of a list whose search found nothing, "" in all other cases.
func (m Model) nothingFound() string {
	if !m.finds() || !m.find.typing || len(m.hits(m.finder().texts)) > 0 || len(m.finder().texts) == 0 {
		return ""
	}
	return "Nothing here has \"" + widget.Clean(m.find.field.Value()) + "\"."
}

// counted returns the place of the cursor in a list of n entries: "2 of 6". more says that there are others, which the list does not
// have. While a search is typed, its line counts what it found.
func (m Model) counted(at, n int, more bool) string {
	switch {
	case n == 0 || m.finds() && m.find.typing:
		return ""
	case more:
		return fmt.Sprintf("%d of %d listed, there are more", at+1, n)
	}
	return fmt.Sprintf("%d of %d", at+1, n)
}

// findPrompt returns the last line of the screen while the text is typed, and the cell of the cursor.
func (m Model) findPrompt() (line string, cursor *dialog.Point) {
	const widest, narrowest, label = 24, 12, " Find "
	hits, rest := len(m.hits(m.finder().texts)), ""
	if m.find.field.Value() != "" {
		look := m.st.Muted
		if hits == 0 {
			look = m.st.Warn
		}
		rest = " " + look.Render(m.findCount())
	}
	leave := "  " + m.st.Key.Render("esc") + " leave"
	room := m.width - len(label+"[]")
	if next := "  " + m.st.Key.Render(m.st.KeyName("↑↓")) + " next"; hits > 1 && narrowest+widget.Width(rest+next+leave) <= room {
		rest += next
	}
	rest += leave
	text, x := m.find.field.View(max(narrowest, min(widest, room-widget.Width(rest))), true, m.st)
	line = m.st.Focus.Render(label+"[") + text + m.st.Focus.Render("]") + rest
	return widget.Fit(line, m.width, m.st.More), &dialog.Point{X: len(label) + 1 + x, Y: m.height - 1}
}

// found returns lines of a text with the part marked that the search has found last.
func (m Model) found(lines []string) []string {
	if !m.finds() || m.find.field.Value() == "" {
		return lines
	}
	f := m.finder()
	if !slices.Contains(m.hits(f.texts), m.find.at) {
		return lines
	}
	at := f.place(m.find.at)
	if at.line >= len(lines) {
		return lines
	}
	line := lines[at.line]
	wide := widget.Width(line)
	at.to = min(at.to, max(wide, at.from))
	lines = slices.Clone(lines)
	lines[at.line] = ansi.Cut(line, 0, at.from) + m.st.Row.Render(ansi.Strip(ansi.Cut(line, at.from, at.to))) + ansi.Cut(line, at.to, wide)
	return lines
}

// place returns where text i stands.
func (f finder) place(i int) cell {
	if f.cells == nil {
		return cell{line: i, to: 1 << 20}
	}
	return f.cells[i]
}

// plain returns lines without looks.
func plain(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = ansi.Strip(line)
	}
	return out
}

// findRow finds rows of the table.
func (m Model) findRow(d document) finder {
	f := finder{list: true, at: d.row, move: func(m Model, i int) Model {
		d, _ := m.doc()
		d.pane, d.row = tablePane, i
		return m.withDoc(m.current, d)
	}}
	rows := d.rows()
	for i, r := range m.tableRows(d) {
		code := ""
		if rows[i].Kind == model.RowPartition {
			code = model.TypeName(d.queue.Preview().Table.Kind, rows[i].Partition.Type)
		}
		f.texts = append(f.texts, strings.Join([]string{r.Name, r.FS, r.Label, r.PartName, r.Size, r.Flags, r.Change, code}, " "))
	}
	return f
}

// findFile finds entries of the listed directory.
func (m Model) findFile(document) finder {
	f := finder{list: true, at: m.files.at, move: func(m Model, i int) Model { m.files.at = i; return m }}
	for _, e := range m.files.list.Entries {
		f.texts = append(f.texts, e.Name)
	}
	return f
}

// findText finds lines of a page of text.
func (m Model) findText(d document) finder {
	_, lines := m.readerText(d)
	return finder{texts: plain(lines), at: m.reader.top, move: func(m Model, i int) Model {
		m.reader.tail = false
		m.reader.top, _ = widget.Visible(len(lines), i, m.readerHeight(d))
		return m
	}}
}

// findInFile finds lines of the file that is shown.
func (m Model) findInFile(document) finder {
	lines := m.fileText(m.width - 6)
	return finder{texts: plain(lines), at: m.files.shown.top, move: func(m Model, i int) Model {
		m.files.shown.top = m.around(i, len(lines))
		return m
	}}
}

// around returns the first line in view of a text of n lines so that line i is in the middle.
func (m Model) around(i, n int) int {
	from, _ := widget.Visible(n, i, m.height-4)
	return from
}
