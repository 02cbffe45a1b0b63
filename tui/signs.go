package tui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"shunt/ops/report"
)

// This file holds the signs that reach who looks elsewhere: the title of the window, the terminal's progress bar, and the
// bell at the end.

// long is how long a run has to take for its end to be worth a bell.
const long = 2 * time.Second

// ring is the bell, if what has just ended took long.
func ring(took time.Duration) tea.Cmd {
	if took < long {
		return nil
	}
	return tea.Raw("\a")
}

// signalled is the document that the window's title and the bar tell of: the one in view, or one at work if that is idle.
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

// windowTitle tells the state: "shunt: stick.raw 42 % copy".
func (m Model) windowTitle() string {
	d, ok := m.signalled()
	if !ok {
		return "shunt"
	}
	title := "shunt: " + d.name()
	switch {
	case d.state == docOpening:
		return title + " opening"
	case d.mustRecover():
		return title + " unfinished"
	case d.state == docRefused, d.state == docLost && !d.run.active():
		return title + " unreadable"
	case !d.run.active():
		return title
	}
	if percent := d.run.percent(); percent >= 0 && d.run.state == runWorking {
		title += fmt.Sprintf(" %d %%", percent)
	}
	return title + " " + d.run.title()
}

// title is what a run does or how it ended, in a word.
func (r running) title() string {
	switch {
	case r.asks():
		return "asks"
	case r.state == runAsking && r.rehearsalFailed():
		return "failed"
	case r.state == runAsking:
		return "rehearsed"
	case r.stopping && r.result == nil:
		return "stopping"
	case r.result == nil && r.committing && r.now.Stage != "":
		return r.now.Stage
	case r.result == nil:
		return r.word()
	case r.result.Outcome == report.Unchanged:
		return "failed"
	}
	return string(r.result.Outcome)
}

// percent is how far a run is, -1 if that cannot be told.
func (r running) percent() int {
	share := r.share()
	if share < 0 {
		return -1
	}
	return int(100 * min(share, 1))
}

// terminalBar is the terminal's own progress bar, nil for none.
func (m Model) terminalBar() *tea.ProgressBar {
	d, ok := m.signalled()
	if m.noBar || !ok || !d.run.active() {
		return nil
	}
	if d.mustRecover() {
		return tea.NewProgressBar(tea.ProgressBarError, 100)
	}
	r := d.run
	percent := r.percent()
	switch {
	case r.asks():
		return tea.NewProgressBar(tea.ProgressBarWarning, 100)
	case r.rehearsalFailed(), r.result != nil && (r.result.Outcome == report.Interrupted || r.result.Outcome == report.Unchanged && !r.left()):
		return tea.NewProgressBar(tea.ProgressBarError, 100)
	case r.state != runWorking:
		return nil
	case percent < 0:
		return tea.NewProgressBar(tea.ProgressBarIndeterminate, 0)
	case r.stopping:
		return tea.NewProgressBar(tea.ProgressBarWarning, percent)
	}
	return tea.NewProgressBar(tea.ProgressBarDefault, percent)
}

// barless reports whether the terminal takes the sequence of the progress bar for something else: the console knows no
// such sequences, and iTerm2 before 3.6 shows each as a notification.
func barless(getenv func(string) string) bool {
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
