// Package tui is the full-screen editor, in the Elm architecture of Bubble Tea. backend.go declares what it needs of targets
// and runs, and the command line hands that in. pages.go lists the pages; the files of a page begin with page_ and its name.
//
// Invariants: Update does no I/O and never waits, all of that is in commands.go; View is a function of
// the Model alone; a Model is a value and Update returns the next one; a message that belongs to a
// target or a run carries its generation and is dropped when that is over; a page or dialog that opens
// by itself gets no key until the keyboard has been quiet for a moment, and a question stays until it is
// answered, for what it was about (asking.go); the result of a run is shown before anything else can be done.
package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model/safetext"
	"shunt/ops"
	"shunt/tui/dialog"
	"shunt/tui/styles"
)

// Options is what the editor is started with.
type Options struct {
	Backend Backend
	Paths   []string // the targets to open; with none, the picker is shown
	Align   geometry.Alignment
	// Glyphs is what to draw with; Edit finds out by itself whether the terminal needs ASCII.
	Glyphs styles.GlyphSet
	// NoColor does without colours whatever the terminal has; else they are used as far as it and NO_COLOR allow.
	NoColor bool
	// Animate lets pictures glide from one state to the next. Over a slow line that is a waste.
	Animate bool
	// NoBar does without the terminal's own progress bar; Edit finds out by itself whether the terminal would misread it.
	NoBar bool
	// Clock makes timers; nil is the real clock.
	Clock Clock
	// Dir is where the picker begins, the working directory if empty; Home is what "~" stands for there.
	Dir, Home string
}

// Model is the state of the editor.
type Model struct {
	Options // Align is that of the last edit

	width, height int
	theme         styles.Theme
	depth         styles.Depth
	st            *styles.Styles

	docs    []document
	current int
	reader  reader
	files   files   // over the information page
	env     ops.Env // of the machine, for the page of what is supported
	hasEnv  bool    // env was found out
	clip    clip
	dialogs []window
	later   []dialog.Dialog // they opened by themselves, and wait until no other is open
	seen    focus           // what had the keyboard when somebody could see it last
	// welcomed says that nobody need be asked any more whether this is the first time.
	welcomed bool
	note     note
	gate     gate
	search   planSearch
	gen      int // the last generation that was given out
	morph    morph
}

// note is a line that answers the last key; it takes the place of the key bar until the next one.
type note struct {
	text string
	tone tone
}

// gate keeps keys from a page or dialog that opened by itself.
type gate struct {
	closed bool
	serial int // of the timer that will open it
}

// quiet is how long no key must come before a page that opened by itself takes any.
const quiet = 400 * time.Millisecond

// New is the editor before its first message.
func New(o Options) Model {
	if o.Clock == nil {
		o.Clock = wallClock
	}
	m := Model{Options: o, st: styles.New(styles.Dark, styles.Full, o.Glyphs)}
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

// Init asks for the background and opens the targets.
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

// View draws the whole screen. It is the editor's only way to the terminal but for the bell: its text passes styles.Shown, the
// title is text alone, and the bar is a number.
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

// doc is the target in view; ok is false if there is none.
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

// byGen finds the document that messages of a generation belong to.
func (m Model) byGen(gen int) (int, bool) {
	i := slices.IndexFunc(m.docs, func(d document) bool { return d.gen == gen })
	return i, i >= 0
}

// say puts an answer in the place of the key bar.
func (m Model) say(t tone, text string) Model {
	m.note = note{text: text, tone: t}
	return m
}

// shut keeps keys away from what opens by itself, until none came for a while.
func (m Model) shut() (Model, tea.Cmd) {
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

// busy reports whether something is going on, with any target, that must not be left by accident.
func (m Model) busy() bool { return slices.ContainsFunc(m.docs, document.busy) }

// unsaved is how many operations are pending in all targets.
func (m Model) unsaved() int {
	n := 0
	for _, d := range m.docs {
		if d.state == docOpen {
			n += d.queue.Len()
		}
	}
	return n
}
