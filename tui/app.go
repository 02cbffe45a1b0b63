// Package tui is the full-screen editor, in the Elm architecture of Bubble Tea. backend.go declares the interfaces
// through which it reaches targets and runs; package cli implements them. pages.go lists the pages; the files of a page
// are named page_NAME.go.
//
// Invariants: Update does no I/O and never waits: commands do that (commands.go, save.go). View depends on the Model
// alone. A Model is a value, and Update returns the next one. A message that belongs to a target or a run carries its
// generation, and is dropped once that target is closed or that run is over. A page or dialog that opens by itself
// ignores keys until none has been pressed for a moment. A question stays until it is answered (asking.go). The result of
// a run is shown before anything else can be done to its target.
package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model/safetext"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui/dialog"
	"shunt/tui/styles"
)

// Options configures the editor.
type Options struct {
	Backend Backend
	Paths   []string // the targets to open; with none, the picker is shown
	Align   geometry.Alignment
	// Glyphs is the character set; Edit changes it to ASCII if the terminal needs that.
	Glyphs styles.GlyphSet
	// NoColor turns colours off; otherwise the terminal and NO_COLOR decide.
	NoColor bool
	// Settings are those that are kept between starts.
	Settings report.Settings
	// Animate lets disk bars glide from one state to the next, and the whole screen follow the cursor at once. It costs
	// bandwidth, so it is off on slow lines.
	Animate bool
	// NoBar turns the terminal's own progress bar off; Edit sets it for terminals that misread the sequence.
	NoBar bool
	// NoSuspend says that nothing could resume the program after it was suspended; Edit sets it for shells without job control.
	NoSuspend bool
	// Clock makes timers; nil stands for the real clock.
	Clock Clock
	// Dir is the first directory of the picker, by default the working directory. Home replaces "~" there.
	Dir, Home string
}

// Model holds the state of the editor.
type Model struct {
	Options // Align changes to the grid of the last edit

	width, height int
	theme         styles.Theme
	depth         styles.Depth
	st            *styles.Styles

	docs    []document
	current int
	keys    []binding // of the editor; they never change
	reader  reader
	lost    lostPage
	files   files // lies over the information page and that of lost partitions
	find    finding
	sectors sectors // lies over the editor
	copying copying // the copy out of a file system that is under way
	env     ops.Env // the tools of this machine, for the page of supported file systems
	hasEnv  bool    // env is set
	clip    clip
	dialogs []window
	later   []dialog.Dialog // wait until no other dialog is open
	seen    focus           // what had the keyboard in the last frame
	// welcomed is set once the editor has checked whether this user needs the greeting.
	welcomed bool
	note     note
	gate     gate
	again    doFunc // what the last key of the editor goes on with after an offer (binding.goesOn), or nil
	search   planSearch
	gen      int // the last generation number used
	morph    morph
	settled  settled
	trail    trail
}

// note is a message in the last line, shown instead of the key bar until the next key.
type note struct {
	text string
	tone tone
	// emptied is not 0 after the last pending operation was removed. The same key deletes a partition now, so it is refused while it
	// may still be held down, and then once more. settled says that it was let go.
	emptied int
	settled bool
}

// gate ignores keys for a page or dialog that opened by itself.
type gate struct {
	closed bool
	serial int // the number of the timer that opens the gate
}

// quiet is how long no key may arrive before a page that opened by itself accepts keys.
const quiet = 400 * time.Millisecond

// New returns the editor before its first message.
func New(o Options) Model {
	if o.Clock == nil {
		o.Clock = wallClock
	}
	m := Model{Options: o, st: styles.New(styles.Dark, styles.Full, o.Glyphs), keys: editorKeys()}
	for _, path := range o.Paths {
		m.gen++
		m.docs = append(m.docs, document{path: path, gen: m.gen})
	}
	if len(m.docs) == 0 {
		m, _ = m.browse()
	}
	m.seen = m.focus()
	m.seen.base = m.footing()
	return m
}

// Init asks the terminal for its background colour and opens the targets.
func (m Model) Init() tea.Cmd {
	cmds := []tea.Cmd{tea.RequestBackgroundColor}
	for _, d := range m.docs {
		cmds = append(cmds, openTarget(m.Backend, m.Clock, d.path, d.gen))
	}
	if len(m.docs) == 0 {
		_, lists := m.browse()
		cmds = append(cmds, lists)
	}
	return tea.Batch(cmds...)
}

// View draws the screen. Only View and the bell write to the terminal: the text passes styles.Shown, the title is plain
// text, and the progress bar is a number.
func (m Model) View() tea.View {
	frame, cursor := m.frame()
	v := tea.NewView(frame)
	v.AltScreen = true
	v.MouseMode = tea.MouseModeCellMotion
	v.WindowTitle, v.ProgressBar = safetext.Printable(m.windowTitle()), m.terminalBar()
	if cursor != nil {
		v.Cursor = tea.NewCursor(cursor.X, cursor.Y)
		v.Cursor.Shape, v.Cursor.Blink = tea.CursorBar, false
	}
	return v
}

// doc returns the target in view; ok is false if no target is open.
func (m Model) doc() (d document, ok bool) {
	if m.current >= len(m.docs) {
		return document{}, false
	}
	return m.docs[m.current], true
}

func (m Model) withDoc(i int, d document) Model {
	m.docs = slices.Clone(m.docs)
	m.docs[i] = d
	return m
}

// byGen returns the index of the document with generation gen.
func (m Model) byGen(gen int) (int, bool) {
	i := slices.IndexFunc(m.docs, func(d document) bool { return d.gen == gen })
	return i, i >= 0
}

// say shows a message in place of the key bar.
func (m Model) say(t tone, text string) Model {
	m.note = note{text: text, tone: t}
	return m
}

// ignoreKeys ignores keys and clicks until none has come for a moment. It protects a page or dialog that opened by
// itself.
func (m Model) ignoreKeys() (Model, tea.Cmd) {
	m.gate.closed = true
	m.gate.serial++
	serial := m.gate.serial
	return m, m.Clock(quiet, func() tea.Msg {
		return result(func(m Model) (Model, tea.Cmd) {
			m.gate.closed = m.gate.closed && serial != m.gate.serial
			return m, nil
		})
	})
}

func (m Model) withRun(i int, r running) Model {
	d := m.docs[i]
	d.run = r
	return m.withDoc(i, d)
}

func (m Model) byRun(gen int) (int, bool) {
	i := slices.IndexFunc(m.docs, func(d document) bool { return d.run.active() && d.run.gen == gen })
	return i, i >= 0
}

// busy reports whether any target is busy, so that the program must not be left by accident.
func (m Model) busy() bool { return slices.ContainsFunc(m.docs, document.busy) }

// unsaved counts the pending operations of all targets.
func (m Model) unsaved() int {
	n := 0
	for _, d := range m.docs {
		if d.state == docOpen {
			n += d.queue.Len()
		}
	}
	return n
}
