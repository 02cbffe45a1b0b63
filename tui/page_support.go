package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/ops"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// openSupport shows what can be done with each file system on this machine.
func (m Model) openSupport() (Model, tea.Cmd) {
	m.reader = reader{page: pageSupport}
	if d, ok := m.doc(); ok && d.state == docOpen {
		m.env, m.hasEnv = d.queue.Env(), true
		return m, nil
	}
	if m.hasEnv {
		return m, nil
	}
	return m, discover(m.Backend)
}

// lookAgain looks again for tools, also for all open targets, so that newly installed ones can be used.
func (m Model) lookAgain() (Model, tea.Cmd) {
	m.hasEnv = false
	cmds := []tea.Cmd{discover(m.Backend)}
	for _, d := range m.docs {
		if d.state == docOpen && d.unfinished == nil && !d.run.active() {
			cmds = append(cmds, discoverFor(d.target, d.gen))
		}
	}
	return m, tea.Sequence(cmds...)
}

func (m Model) discovered(env ops.Env) Model {
	m.env, m.hasEnv = env, true
	return m.say(toneGood, "Looked again for tools")
}

// rejudged applies newly found tools to the queue of a target. Operations that are no longer possible are dropped, with a
// message.
func (m Model) rejudged(i int, env ops.Env) Model {
	if m.docs[i].state != docOpen || m.docs[i].run.active() {
		return m
	}
	d := m.docs[i]
	q, lost := replay(ops.NewQueue(d.queue.Initial(), env), d.queue.Ops())
	if d = d.with(q, 0); lost > 0 {
		d.seen++
		m = m.say(toneWarn, d.name()+": "+droppedWords(lost))
	}
	return m.withDoc(i, d)
}

// abilityNames holds the headings of the columns, in full and for narrow windows, and what they mean in words.
var abilityNames = map[ops.Ability][3]string{
	ops.CanCreate: {"create", "new", "new file system"}, ops.CanGrow: {"grow", "grow", "grow"},
	ops.CanShrink: {"shrink", "shrink", "shrink"}, ops.CanMove: {"move", "move", "move"}, ops.CanCopy: {"copy", "copy", "copy"},
	ops.CanCheck: {"check", "fsck", "check"}, ops.CanLabel: {"label", "label", "label"}, ops.CanUUID: {"UUID", "ID", "new UUID"},
	ops.CanOnline: {"in use", "use", "grow in use"},
}

func (m Model) supportBindings(document) []binding {
	side := func(by int) doFunc {
		return noCommand(func(m Model, _ document) Model {
			m.reader.column = min(max(0, m.reader.column+by), len(ops.Abilities())-1)
			return m
		})
	}
	out := []binding{on("esc", "back", noTarget(Model.closeReader), "esc", "q", "ctrl+c", "enter", "S")}
	out = append(out, on("r", "look again", noTarget(Model.lookAgain), "r"))
	moves := travel(Model.moveSupport, "choose", "page")
	out = append(out, moves[:2]...)
	out = append(out, on("←", "previous column", side(-1), "left").shownAs("←→", "column"), on("→", "next column", side(1), "right").quiet())
	return append(out, moves[2:]...)
}

// moveSupport moves the cursor to another kind.
func (m Model) moveSupport(_ document, s step) Model {
	m.reader.top = s.from(m.reader.top, max(1, m.height-supportBelow-5), len(m.env.Caps.Matrix().Rows)-1)
	return m
}

// supportBelow is the number of lines below the matrix: the reason of the selected cell, and what can be installed.
const supportBelow = 5

// supportPage draws the matrix with a cursor on one cell, and the reason of that cell in words.
func (m Model) supportPage(_ document) []string {
	st, b, height := m.st, m.block(m.width-4), m.height-2
	f := widget.Frame{Title: "What can be done on this machine" + m.findWords(), Edge: st.Faint, Name: st.Title}
	if !m.hasEnv {
		return widget.Box([]string{st.Muted.Render("Looking for tools" + st.More)}, f, m.width, height, st)
	}
	s := m.env.Caps.Matrix()
	at := min(m.reader.top, len(s.Rows)-1)
	rows := m.inView(len(s.Rows))
	b.matrix(s, rows, at, m.reader.column, height-2-supportBelow)
	b.add("")
	switch none := m.nothingFound(); {
	case none != "":
		b.wrap(st.Warn, none)
	case at >= 0:
		ability := ops.Abilities()[m.reader.column]
		what := fmt.Sprintf("%s, %s: ", s.Rows[at].Kind, abilityNames[ability][2])
		cell, look := s.Rows[at].Cells[ability], st.Warn
		if cell.Reason.OK() {
			look = st.Good
		}
		b.hang(st.Strong.Render(what), supportWords(cell), look)
	}
	if missing := s.Missing(); len(missing) > 0 {
		b.wrap(st.Muted, "To do more: apt install "+strings.Join(missing, " ")+". Then press r to look again.")
	}
	return widget.Box(b.lines, f, m.width, height, st)
}

// supportWords says what a cell means. The line below it has the command that installs packages.
func supportWords(c ops.SupportCell) string {
	switch {
	case c.Reason.OK():
		return "yes"
	case c.Package != "":
		return "needs the package " + c.Package + ", which is not installed"
	}
	return string(c.Reason)
}

// supportLook returns the look of a cell.
func (b *block) supportLook(c ops.SupportCell) styles.Look {
	switch {
	case c.Reason.OK():
		return b.st.Good
	case c.Package != "":
		return b.st.Warn
	}
	return b.st.Muted
}

// supportColumns returns the widths of the kind's column and of the others, and which headings fit there.
func supportColumns(width int) (first int, cells []int, heading int) {
	first = 13
	cell := min(13, (width-first)/len(ops.Abilities()))
	if cell < 7 {
		first, heading = 11, 1
	}
	for _, a := range ops.Abilities() {
		if heading == 1 {
			cell = max(len(abilityNames[a][heading]), len("yes")) + 1
		}
		cells = append(cells, cell)
	}
	return first, cells, heading
}

// matrix adds a heading and those of the given rows that are around the one with the cursor, in height lines.
func (b *block) matrix(s ops.Support, rows []int, at, column, height int) {
	st := b.st
	first, cells, heading := supportColumns(b.width)
	head := widget.Fit("", first, "")
	for j, a := range ops.Abilities() {
		head += widget.Fit(abilityNames[a][heading], cells[j], "")
	}
	b.add(st.Head.Render(head))
	from, to := widget.Visible(len(rows), slices.Index(rows, at), height-1)
	b.add(widget.List(len(rows), from, to, b.width, to-from, st, func(n int) (string, styles.Look) {
		i := rows[n]
		r, mark := s.Rows[i], "  "
		if i == at {
			mark = st.Focus.Render(st.Cursor) + " "
		}
		line := mark + st.FS(r.Kind).Render(widget.Fit(string(r.Kind), first-2, st.More))
		for j, a := range ops.Abilities() {
			line += b.supportCell(r.Cells[a], cells[j], i == at && j == column)
		}
		return line, widget.RowLook(n, len(rows), false, st)
	})...)
}

// supportCell returns a cell of the matrix. What a package brings is marked without its name, which could read as a verb:
// the line below the matrix names it.
func (b *block) supportCell(c ops.SupportCell, width int, selected bool) string {
	word, look := "no", b.supportLook(c)
	switch {
	case c.Reason.OK():
		word = "yes"
	case c.Package != "" && width > len("install"):
		word = "install"
	case c.Package != "":
		word = "pkg"
	}
	if selected {
		look = b.st.Picked
	}
	return look.Render(word) + strings.Repeat(" ", width-widget.Width(word))
}

// findSupport finds kinds of file systems.
func (m Model) findSupport(document) finder {
	f := finder{list: true, at: m.reader.top, move: func(m Model, line int) Model {
		m.reader.top = line
		return m
	}}
	for _, r := range m.env.Caps.Matrix().Rows {
		f.texts = append(f.texts, string(r.Kind))
	}
	return f
}
