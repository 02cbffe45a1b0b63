package tui

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"shunt/ops/report"
)

// This file shows the state outside of the screen: in the title of the window, in the terminal's progress bar, and by a
// bell at the end of a long run.

// long is how long a run has to take for a bell at its end.
const long = 2 * time.Second

// ring returns the bell if a run took long enough.
func ring(took time.Duration) tea.Cmd {
	if took < long {
		return nil
	}
	return tea.Raw("\a")
}

// signalled returns the document for the window title and the progress bar: the one in view, or a busy one if that is
// idle.
func (m Model) signalled() (document, bool) {
	d, ok := m.doc()
	if ok && !d.run.active() {
		for _, other := range m.docs {
			if other.run.active() && !other.run.over() {
				return other, true
			}
		}
	}
	return d, ok
}

// status is the state of a target in short.
type status struct {
	word    string // in the title line of another target: "is rehearsed"
	sign    string // in the title of the window: "rehearsed"
	urgency int    // the highest is shown first; 0 is not shown
	bar     tea.ProgressBarState
}

func (d document) status() status {
	r := d.run
	switch {
	case d.mustRecover():
		return status{"is unfinished", "unfinished", 4, tea.ProgressBarError}
	case d.doing != "":
		return status{"is busy", "", 1, tea.ProgressBarNone}
	case !r.active():
		return status{}
	case r.asks():
		return status{"asks", "asks", 3, tea.ProgressBarWarning}
	case r.state == runAsking && r.rehearsalFailed():
		return status{"failed", "failed", 2, tea.ProgressBarError}
	case r.state == runAsking:
		return status{"is rehearsed", "rehearsed", 2, tea.ProgressBarNone}
	case r.state == runEnded && r.result.Outcome == report.Unchanged:
		return status{"has ended", "failed", 2, tea.ProgressBarError}
	case r.state == runEnded && r.result.Outcome == report.Interrupted:
		return status{"has ended", string(r.result.Outcome), 2, tea.ProgressBarError}
	case r.state == runEnded:
		return status{"has ended", string(r.result.Outcome), 2, tea.ProgressBarNone}
	case r.stopping:
		return status{"stopping", "stopping", 1, tea.ProgressBarWarning}
	}
	now := status{word: cmp.Or(r.writing(), "rehearsing"), urgency: 1, bar: tea.ProgressBarDefault}
	if now.sign = now.word; r.committing {
		now.sign = cmp.Or(r.now.Words(d.facts), now.word)
	}
	return now
}

// windowTitle describes the state: "shunt: stick.raw 42 % copying data".
func (m Model) windowTitle() string {
	d, ok := m.signalled()
	if !ok {
		return "shunt"
	}
	title := "shunt: " + d.name()
	switch {
	case d.state == docOpening:
		return title + " opening"
	case d.state == docRefused, d.state == docLost && !d.run.active():
		return title + " unreadable"
	case !d.run.active() && !d.mustRecover():
		return title
	}
	if percent := d.run.percent(); percent >= 0 && d.run.state == runWorking && !d.mustRecover() {
		title += fmt.Sprintf(" %d %%", percent)
	}
	return title + " " + d.status().sign
}

func (r running) percent() int {
	share := r.share()
	if share < 0 {
		return -1
	}
	return int(100 * min(share, 1))
}

// terminalBar returns the terminal's own progress bar, or nil for none.
func (m Model) terminalBar() *tea.ProgressBar {
	d, ok := m.signalled()
	if m.NoBar || !ok || !d.run.active() {
		return nil
	}
	state, percent := d.status().bar, d.run.percent()
	switch {
	case state == tea.ProgressBarNone:
		return nil
	case d.run.state != runWorking || d.mustRecover():
		return tea.NewProgressBar(state, 100)
	case percent < 0:
		return tea.NewProgressBar(tea.ProgressBarIndeterminate, 0)
	}
	return tea.NewProgressBar(state, percent)
}

// misreadsBar reports whether the terminal would misread the sequence of the progress bar. The Linux console does not know
// such sequences, and iTerm2 before 3.6 shows each as a notification.
func misreadsBar(getenv func(string) string) bool {
	switch {
	case getenv("TERM") == "linux", getenv("TERM") == "dumb":
		return true
	case getenv("TERM_PROGRAM") == "iTerm.app":
		major, rest, _ := strings.Cut(getenv("TERM_PROGRAM_VERSION"), ".")
		minor, _, _ := strings.Cut(rest, ".")
		a, _ := strconv.Atoi(major)
		b, _ := strconv.Atoi(minor)
		return a < 3 || a == 3 && b < 6
	}
	return false
}
