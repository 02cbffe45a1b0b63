package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/ops"
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

// abilityNames holds the headings of the columns, in full and in short.
var abilityNames = map[ops.Ability][2]string{
	ops.CanCreate: {"create", "new"}, ops.CanGrow: {"grow", "grow"}, ops.CanShrink: {"shrink", "shr"}, ops.CanMove: {
		"move",
		"move",
	},
	ops.CanCopy: {"copy", "copy"}, ops.CanCheck: {"check", "chk"}, ops.CanLabel: {"label", "labl"}, ops.CanUUID: {
		"UUID",
		"UUID",
	},
	ops.CanOnline: {"online", "onl"},
}

func (m Model) supportBindings(document) []binding {
	return readerBindings([]string{"enter", "S"}, on("r", "look again", noTarget(Model.lookAgain), "r"))
}

func (m Model) supportText(_ document, width int) (title string, lines []string) {
	st, b := m.st, m.block(width)
	title = "What can be done on this machine"
	if !m.hasEnv {
		return title, []string{st.Muted.Render("Looking for tools" + st.More)}
	}
	s := m.env.Caps.Matrix()
	b.matrix(s)
	b.add("", st.Muted.Render(st.Yes+" can be done; a number refers to the reason why not."))
	if missing := s.Missing(); len(missing) > 0 {
		b.add("", st.Title.Render("To be able to do more"))
		b.wrap(st.Text, "apt install "+strings.Join(missing, " "))
		b.wrap(st.Muted, "Then press r to look again.")
	}
	b.add("", st.Title.Render("Reasons"))
	for i, reason := range s.Reasons {
		b.column(4, fmt.Sprint(i+1), string(reason), st.Text)
	}
	return title, b.lines
}

func (b *block) matrix(s ops.Support) {
	st, cell, short, first := b.st, 7, 0, 11
	if b.width < first+cell*len(ops.Abilities()) {
		cell, short, first = 5, 1, 9
	}
	head := widget.Fit("", first, "")
	for _, a := range ops.Abilities() {
		head += widget.Fit(abilityNames[a][short], cell, "")
	}
	b.add(st.Head.Render(head))
	for _, r := range s.Rows {
		line := st.FS(r.Kind).Render(widget.Fit(string(r.Kind), first, st.More))
		for _, a := range ops.Abilities() {
			if r.Notes[a] == 0 {
				line += st.Good.Render(widget.Fit(st.Yes, cell, ""))
			} else {
				line += st.Muted.Render(widget.Fit(fmt.Sprint(r.Notes[a]), cell, ""))
			}
		}
		b.add(line)
	}
}
