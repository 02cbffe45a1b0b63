package dialog

import (
	"cmp"
	"slices"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// content is the state of a dialog. The form stores it as a value and calls its methods on a copy, so the methods, and
// the functions in its layout, may change it.
type content interface {
	// layout returns the dialog as it is now.
	layout() layout
	// check updates everything that depends on the fields. The form calls it after every message.
	check()
}

// requester is a content that may send a request to its owner after any message.
type requester interface{ request() Action }

// layout describes a dialog: its rows from top to bottom, and the effects of Enter, Escape and other keys in all rows.
type layout struct {
	title string
	part  *model.Partition // shown after the title; nil for none
	tone  Tone
	width int // of the body in a large window; 0 stands for formWidth
	rows  []row

	accept func() Action // called for Enter; nil means that Enter is refused
	within bool          // Enter does something in the dialog, even where accept returns nil
	does   string        // describes Enter in the list of keys; "" hides it
	idle   bool          // Enter would be refused, as far as the dialog knows
	back   func() bool   // takes back a part of what was done, and returns true, instead of Escape's effect; may be nil
	typed  string        // what was typed to find something in a list; shown in the title
	cancel Action        // the effect of Escape; nil stands for Close
	esc    string        // describes Escape; "" stands for "cancel", noWord hides it
	keys   []keymap.Binding
	more   []keymap.Binding // shown after Enter

	explained bool // it is a list of keys itself

	first    func(msg tea.Msg) (action Action, used bool) // handles a message before the rows
	entered  func()                                       // called when another row gets the keyboard
	pictured func() model.Disk                            // returns the disk of a bar that glides
}

// noWord hides a key in the list of keys.
const noWord = "-"

// stop identifies a row that can have the keyboard.
type stop int

// The stops of all forms, in no particular order.
const (
	stopNone   stop = iota // the row cannot have the keyboard
	stopBefore             // free space preceding
	stopSize
	stopAfter // free space following
	stopAlign
	stopBar
	stopFS
	stopRole
	stopLabel
	stopName
	stopFlags
	stopPrealloc
	stopButtons
	stopText // a text that scrolls
)

// row is a part of a form. Rows with the same stop have the keyboard together; the first of them receives the keys.
type row struct {
	stop  stop
	spare bool             // left out if the window is too low
	tab   int              // the tab key visits lower numbers first, and equal numbers from top to bottom
	keys  []keymap.Binding // shown while it has the keyboard
	draw  func(p paper) drawing
	about about
	list  *list                    // the list that it draws, nil for none
	take  func(msg tea.Msg) Action // handles keys and pastes while the row has the keyboard; may be nil
	mouse func(m Mouse) Action     // may be nil
	// filled reports whether there is a text to clear; nil stands for never.
	filled func() bool
}

// paper describes where a row is drawn.
type paper struct {
	width, height int // of the body
	above         int // lines of the body above the row
	extra         int // lines that a list gets besides those that it takes by itself (paper.grown)
	here          bool
	st            *styles.Styles
	from          model.Disk // the disk at the start of an animated bar
	rest          float64    // the share of the way that is left; 0 without an animation
}

// drawing is the drawn form of a row.
type drawing struct {
	lines   []string
	cursor  int           // the cell of the cursor in the first line, 0 for none
	entries []int         // the entry in each line of a list, counted from 1; 0 for none
	spots   []widget.Spot // the clickable texts in the first line
	lacks   int           // the number of lines of a list that are not shown
}

// form is a dialog with a content of type T.
type form[T any, P contentOf[T]] struct {
	is         T
	at         stop
	pressedRow int // the row on which the mouse button was pressed and is still down, counted from 1; 0 for none
	from       model.Disk
	rest       float64
}

type contentOf[T any] interface {
	*T
	content
}

// newForm returns a dialog whose first stop has the keyboard.
func newForm[T any, P contentOf[T]](t T) Dialog {
	f := form[T, P]{is: t}
	P(&f.is).check()
	f.keepStop()
	return f
}

// formWidth is the width of a form's body in a large window.
const formWidth = 66

// Update handles keys, pastes, the mouse, and messages for the content.
func (f form[T, P]) Update(msg tea.Msg) (Dialog, Action) {
	is := P(&f.is)
	l := is.layout()
	if press, ok := msg.(tea.KeyPressMsg); ok && l.explains(f.at, press) {
		return f, Explain{Dialog: NewKeys("Keys: "+l.title, l.sections()...)}
	}
	if drawn, ok := msg.(Pageful); ok {
		for _, r := range l.rows {
			if r.list != nil {
				r.list.page = max(1, drawn.Lines-1)
			}
		}
		return f, nil
	}
	var action Action
	used := false
	if l.first != nil {
		action, used = l.first(msg)
	}
	if !used {
		action = f.take(l, msg)
	}
	is.check()
	f.keepStop()
	if a, ok := any(is).(requester); ok && action == nil {
		action = a.request()
	}
	return f, action
}

// keepStop moves the keyboard to the first stop if the row of the current one is gone.
func (f *form[T, P]) keepStop() {
	if stops := P(&f.is).layout().stops(); !slices.Contains(stops, f.at) {
		f.at = cmp.Or(append(stops, stopNone)...)
	}
}

func (f *form[T, P]) take(l layout, msg tea.Msg) Action {
	switch msg := msg.(type) {
	case Mouse:
		return f.mouse(l, msg)
	case tea.KeyPressMsg:
		stops := l.stops()
		at := slices.Index(stops, f.at)
		switch {
		case keymap.Match(msg, keyCancel()) && l.back != nil && l.back():
			return nil
		case keymap.Match(msg, keyCancel()):
			if l.cancel == nil {
				return Close{}
			}
			return l.cancel
		case keymap.Match(msg, keyAccept("")):
			return l.accept()
		case len(stops) > 1 && keymap.Match(msg, keyNext()):
			f.enter(l, stops[(at+1)%len(stops)])
			return nil
		case len(stops) > 1 && keymap.Match(msg, keyPrevious()):
			f.enter(l, stops[(at+len(stops)-1)%len(stops)])
			return nil
		}
	}
	if r := l.row(f.at); r.take != nil {
		return r.take(msg)
	}
	return nil
}

// stops returns the stops in the order of the tab key.
func (l layout) stops() []stop {
	rows := slices.Clone(l.rows)
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.tab, b.tab) })
	var out []stop
	for _, r := range rows {
		if r.stop != stopNone && !slices.Contains(out, r.stop) {
			out = append(out, r.stop)
		}
	}
	return out
}

// row returns the first row of a stop, or an empty one.
func (l layout) row(at stop) row {
	if i := slices.IndexFunc(l.rows, func(r row) bool { return r.stop == at }); i >= 0 && at != stopNone {
		return l.rows[i]
	}
	return row{}
}

// enter moves the keyboard to another stop.
func (f *form[T, P]) enter(l layout, at stop) {
	f.at = at
	if l.entered != nil {
		l.entered()
	}
	P(&f.is).check()
}

// mouse moves the keyboard to the row that is clicked. That row receives all mouse events until the button is released.
func (f *form[T, P]) mouse(l layout, m Mouse) (action Action) {
	if m.Event == Press {
		f.pressedRow = 0
		if m.Row > 0 && m.Row <= len(l.rows) {
			f.pressedRow = m.Row
			if at := l.rows[m.Row-1].stop; at != stopNone && at != f.at {
				f.enter(l, at)
			}
		}
	}
	if f.pressedRow > 0 && f.pressedRow <= len(l.rows) && l.rows[f.pressedRow-1].mouse != nil {
		action = l.rows[f.pressedRow-1].mouse(m)
	}
	if m.Event == Release {
		f.pressedRow = 0
	}
	return action
}

// View draws the rows.
func (f form[T, P]) View(width, height int, st *styles.Styles) View {
	l := P(&f.is).layout()
	v := View{Title: l.title, Tone: l.tone, Width: bodyWidth(width, cmp.Or(l.width, formWidth))}
	if l.part != nil {
		v.Title += " " + partTitle(*l.part, st)
	}
	if l.typed != "" {
		v.Title += "  /" + l.typed
	}
	full, lacks := f.draw(l, v, height, st, nil)
	if len(full.Lines) <= height && slices.Max(append(lacks, 0)) == 0 {
		return full
	}
	if len(full.Lines) <= height {
		return f.grown(l, v, height, st)
	}
	l.rows = slices.Clone(l.rows)
	for i, r := range l.rows {
		if r.spare {
			l.rows[i].draw = func(paper) drawing { return drawing{} }
		}
	}
	if full, lacks = f.draw(l, v, height, st, nil); slices.Max(append(lacks, 0)) > 0 && len(full.Lines) <= height {
		return f.grown(l, v, height, st)
	}
	return full
}

// draw adds the rows to the body of a window, and returns how many lines each of them lacks. With extra lines for the rows, the
// lines that only keep the size of the window are left out.
func (f form[T, P]) draw(l layout, v View, height int, st *styles.Styles, extra []int) (drawn View, lacks []int) {
	v.Spots = map[int][]widget.Spot{}
	tight := extra != nil
	if !tight {
		extra = make([]int, len(l.rows))
	}
	for i, r := range l.rows {
		y := len(v.Lines)
		here := r.stop == f.at && r.stop != stopNone
		if tight && r.spare && len(trimmed(v.Lines)) < y {
			lacks = append(lacks, 0)
			continue
		}
		shown := r.draw(paper{width: v.Width, height: height, above: y, extra: extra[i], here: here, st: st, from: f.from, rest: f.rest})
		lacks = append(lacks, shown.lacks)
		if tight && !r.spare {
			shown.lines = trimmed(shown.lines)
		}
		if here && shown.cursor > 0 {
			v.Cursor = &Point{X: shown.cursor, Y: y}
		}
		v.Spots[y] = shown.spots
		parts := make([]Part, len(shown.lines))
		for j := range parts {
			if r.stop != stopNone || r.mouse != nil {
				parts[j].Row = i + 1
			}
			if j < len(shown.entries) {
				parts[j].Entry = shown.entries[j]
			}
		}
		v.Lines, v.Parts = append(v.Lines, shown.lines...), append(v.Parts, parts...)
	}
	if tight {
		v.Lines = trimmed(v.Lines)
		v.Parts = v.Parts[:len(v.Lines)]
	}
	return v, lacks
}

// bodyWidth returns the width of a body that would like to have so many cells. It gets all there are, if otherwise only
// slivers of the page stayed visible beside it.
func bodyWidth(width, wanted int) int {
	const sliver = 5
	if width-wanted <= 2*sliver {
		return width
	}
	return wanted
}

// Keys lists the keys that can be pressed.
func (f form[T, P]) Keys() []keymap.Binding {
	l := P(&f.is).layout()
	keys := slices.Concat(l.keys, l.row(f.at).keys)
	isNext := func(b keymap.Binding) bool { return keymap.Match(keymap.Event("tab"), b) }
	if len(l.stops()) > 1 && !slices.ContainsFunc(keys, isNext) {
		keys = append(keys, keyNext())
	}
	switch accept := keyAccept(l.does); {
	case l.does == "":
	case l.idle, !l.within && l.accept() == nil:
		keys = append(keys, accept.Idle())
	default:
		keys = append(keys, accept)
	}
	keys = append(keys, l.more...)
	if at := l.row(f.at); at.filled == nil || !at.filled() {
		for i, b := range keys {
			if b.Has(clearKey) {
				keys[i] = b.Idle()
			}
		}
	}
	switch {
	case l.explained:
	case l.row(f.at).about.types == anyText:
		keys = append(keys, keyHelpInText())
	default:
		keys = append(keys, keyHelp())
	}
	if l.esc == noWord {
		return keys
	}
	return append(keys, keyCancel().As(cmp.Or(l.esc, "cancel")))
}

// Sections lists all keys that the dialog takes, and what its fields mean.
func (f form[T, P]) Sections() []KeySection { return P(&f.is).layout().sections() }

// Pictured returns the disk of a bar that glides when the disk changes; ok is false if there is none.
func (f form[T, P]) Pictured() (disk model.Disk, ok bool) {
	if l := P(&f.is).layout(); l.pictured != nil {
		return l.pictured(), true
	}
	return disk, false
}

// Glide returns the dialog with its bar on the way from another disk; rest is the share of the way that is left.
func (f form[T, P]) Glide(from model.Disk, rest float64) Dialog {
	f.from, f.rest = from, rest
	return f
}
