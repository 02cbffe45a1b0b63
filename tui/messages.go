package tui

import (
	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui/dialog"
)

// result is a message that a command sends back. It carries the generation of what it belongs to, and is dropped if that is
// not the present one.
type result interface {
	arrive(m Model) (Model, tea.Cmd)
}

// news is a result that nothing follows from.
type news interface {
	take(m Model) Model
}

// openedMsg is sent when a target was opened, or could not be.
type openedMsg struct {
	gen    int
	target Target
	seen   sight
	err    error
}

// openingMsg tells what is being done while a target is opened; more brings what is done next.
type openingMsg struct {
	gen  int
	what string
	more <-chan string
}

// rescannedMsg is sent when a target was read again after a run.
type rescannedMsg struct {
	gen  int
	seen sight
	err  error
}

// sight is what an open target showed when it was looked at.
type sight struct {
	facts      report.Facts
	disk       model.Disk
	env        ops.Env
	unfinished *report.Unfinished
	committing Run
	last       *report.Last // only when the target was opened, or read again after an interruption
}

// startedMsg is sent when a run began, or could not.
type startedMsg struct {
	gen int
	run Run
	err error
}

// progressMsg is a snapshot of a run.
type progressMsg struct {
	gen      int
	progress report.Progress
	log      []string
}

// reportMsg is sent when the rehearsal is over; ok is false if the run ended without a report.
type reportMsg struct {
	gen    int
	report report.Rehearsal
	ok     bool
}

// resultMsg is the end of a run. Nothing replaces it and nothing is sent after it.
type resultMsg struct {
	gen    int
	result report.Result
	log    []string
}

// mountedMsg is sent when something of a target was mounted or unmounted, or could not be.
type mountedMsg struct {
	gen  int
	part model.PartID
	dir  string // where it was mounted, "" if it was unmounted
	said string // what was done
	err  error  // why it was not
	seen sight
	lost error // the target could not be read again
}

// exchangedMsg is sent when a document goes on with another target, the loop device of its image or the image of its loop
// device, or with the old one if that could not be.
type exchangedMsg struct {
	gen    int
	path   string
	target Target
	seen   sight
	said   string
	err    error // why it is the old one
	lost   error // it could not be opened; there is no target
}

// savedMsg is sent when a file was written, or could not be. exists says that a file is there already
// and was kept.
type savedMsg struct {
	save   dialog.Save
	exists bool
	err    error
}

// foundMsg brings what a dialog asked for.
type foundMsg struct{ what tea.Msg }

func (msg foundMsg) arrive(m Model) (Model, tea.Cmd) { return m.toDialogs(msg.what) }

// greetMsg says whether this is the first time that the editor shows a target on this account.
type greetMsg struct{ first bool }

// plansMsg brings plans for a wish, a dialog.Solved, or the word that they take a while, a dialog.Slow.
type plansMsg struct {
	gen    int
	answer any
}

// informedMsg brings what was found out for the information page.
type informedMsg struct {
	gen   int
	sheet report.Sheet
	err   error
}

// filesMsg brings a directory for the page of files.
type filesMsg struct {
	gen  int
	list report.Listing
	err  error
}

// discoveredMsg brings what can be done on this machine; gen is that of the target that looked, 0 if none did.
type discoveredMsg struct {
	gen int
	env ops.Env
}

// gateMsg opens the gate for keys, if no key came since it was sent on its way.
type gateMsg struct{ serial int }

func (msg gateMsg) take(m Model) Model {
	if msg.serial == m.gate.serial {
		m.gate.closed = false
	}
	return m
}
