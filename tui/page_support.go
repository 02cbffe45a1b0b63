package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/ops"
	"shunt/tui/widget"
)

// openSupport shows what can be done with each file system on this machine.
func (m Model) openSupport() (tea.Model, tea.Cmd) {
	m.reader = reader{kind: readSupport}
	if d, ok := m.doc(); ok && d.state == docOpen {
		m.env, m.hasEnv = d.queue.Env(), true
		return m, nil
	}
	if m.hasEnv {
		return m, nil
	}
	return m, discover(m.backend)
}

// lookAgain looks for tools anew, also for all open targets, so that what was installed meanwhile is offered.
func (m Model) lookAgain() (tea.Model, tea.Cmd) {
	m.hasEnv = false
	cmds := []tea.Cmd{discover(m.backend)}
	for _, d := range m.docs {
		if d.state == docOpen && d.unfinished == nil && !d.run.active() {
			cmds = append(cmds, discoverFor(d.target, d.gen))
		}
	}
	return m, tea.Sequence(cmds...)
}

// discovered takes what can be done. The queue of a target is judged anew by it; operations that are impossible by it
// are dropped, which is told.
func (m Model) discovered(msg discoveredMsg) Model {
	if msg.gen == 0 {
		m.env, m.hasEnv = msg.env, true
		return m.say(toneGood, "Looked again for tools")
	}
	i, ok := m.byGen(msg.gen)
	if !ok || m.docs[i].state != docOpen || m.docs[i].run.active() {
		return m
	}
	d, lost := m.docs[i].judgedBy(msg.env)
	if lost > 0 {
		d.seen++
		m = m.say(toneWarn, d.name()+": "+droppedWords(lost))
	}
	return m.withDoc(i, d)
}

// judgedBy is the document with a queue for another environment, and how many operations were lost.
func (d document) judgedBy(env ops.Env) (next document, lost int) {
	old := d.queue.Ops()
	q := ops.NewQueue(d.queue.Initial(), env)
	for i, op := range old {
		staged, err := q.Stage(op)
		if err != nil {
			lost = len(old) - i
			break
		}
		q = staged
	}
	return d.with(q, 0), lost
}

// Names of the columns: in full where there is room, else as short as can be.
var (
	supportHeads = map[ops.Ability]string{
		ops.CanCreate: "create", ops.CanGrow: "grow", ops.CanShrink: "shrink", ops.CanMove: "move", ops.CanCopy: "copy",
		ops.CanCheck: "check", ops.CanLabel: "label", ops.CanUUID: "UUID", ops.CanOnline: "online",
	}
	supportShort = map[ops.Ability]string{
		ops.CanCreate: "new", ops.CanGrow: "grow", ops.CanShrink: "shr", ops.CanMove: "move", ops.CanCopy: "copy",
		ops.CanCheck: "chk", ops.CanLabel: "labl", ops.CanUUID: "UUID", ops.CanOnline: "onl",
	}
)

// supportText is the matrix, what to install, and the reasons for what cannot be done.
func (m Model) supportText(width int) []string {
	st := m.st
	if !m.hasEnv {
		return []string{st.Muted.Render("Looking for tools" + st.More)}
	}
	s := m.env.Caps.Matrix()
	cell, heads, first := 7, supportHeads, 11
	if width < first+cell*len(ops.Abilities()) {
		cell, heads, first = 5, supportShort, 9
	}
	head := widget.Fit("", first, "")
	for _, a := range ops.Abilities() {
		head += widget.Fit(heads[a], cell, "")
	}
	lines := []string{st.Head.Render(head)}
	for _, r := range s.Rows {
		line := st.FS(r.Kind).Render(widget.Fit(string(r.Kind), first, st.More))
		for _, a := range ops.Abilities() {
			if r.Can(a) {
				line += st.Good.Render(widget.Fit(st.Yes, cell, ""))
			} else {
				line += st.Muted.Render(widget.Fit(fmt.Sprintf("%d", r.Notes[a]), cell, ""))
			}
		}
		lines = append(lines, line)
	}
	lines = append(lines, "", st.Muted.Render(st.Yes+" can be done; a number leads to the reason why not."))
	if missing := s.Missing(); len(missing) > 0 {
		lines = append(lines, "", st.Title.Render("To be able to do more"))
		lines = append(lines, notesIn("apt install "+strings.Join(missing, " "), width, st.Text.Render)...)
		lines = append(lines, notesIn("Then press r: shunt looks again.", width, st.Muted.Render)...)
	}
	lines = append(lines, "", st.Title.Render("Reasons"))
	for i, reason := range s.Reasons {
		for j, part := range widget.Wrap(widget.Clean(string(reason)), width-4) {
			number := ""
			if j == 0 {
				number = fmt.Sprintf("%d", i+1)
			}
			lines = append(lines, st.Muted.Render(widget.Fit(number, 4, ""))+st.Text.Render(part))
		}
	}
	return lines
}
