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

// content is the state of a dialog. The form keeps it as a value and calls its methods on a copy, so they and the
// functions of its layout may change it.
type content interface {
	// layout declares the dialog as it is now.
	layout() layout
	// check brings what depends on the fields up to date. The form calls it after every message.
	check()
}

// asker is a content that may ask its owner for something after any message.
type asker interface{ asks() Action }

// layout declares a dialog: its rows from top to bottom, and what Enter, Escape and other keys do in all of them.
type layout struct {
	title string
	part  *model.Partition // named behind the title, nil for none
	tone  Tone
	width int // of the body where there is space, 0 is formWidth
	rows  []row

	accept func() Action // Enter
	does   string        // what Enter does, in a word; "" hides it
	cancel Action        // Escape, nil is Close
	esc    string        // what Escape does, in a word; "" is "cancel", noWord hides it
	keys   []keymap.Binding
	more   []keymap.Binding // shown after Enter

	first    func(msg tea.Msg) (action Action, used bool) // takes a message before the rows do
	entered  func()                                       // the keyboard has come to another row
	pictured func() model.Disk                            // the disk in a picture that glides
}

// noWord hides a key that needs no word.
const noWord = "-"

// stop names a row that can have the keyboard.
type stop int

// The stops of all forms.
const (
	stopNone   stop = iota // the row only shows something
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
	stopButtons
)

// row is a part of a form. Rows with the same stop have the keyboard together; the first of them takes the keys.
type row struct {
	stop  stop
	tab   int              // the tab key visits rows with a lower number first, and equal ones from top to bottom
	keys  []keymap.Binding // shown while it has the keyboard
	draw  func(p paper) drawing
	take  func(msg tea.Msg) Action // keys and pastes while it has the keyboard, may be nil
	mouse func(m Mouse) Action     // may be nil
}

// paper is what a row is drawn on.
type paper struct {
	width, height int // of the body
	above         int // lines of the body above the row
	here          bool
	st            *styles.Styles
	from          model.Disk // the disk that a picture glides away from
	rest          float64    // the share of the way that is left, 0 if it stands
}

// drawing is what a row shows.
type drawing struct {
	lines   []string
	cursor  int           // the cursor's cell in the first line, 0 for none
	entries []int         // the entry in each line of a list, counted from 1, 0 for none
	spots   []widget.Spot // what can be clicked in the first line
}

// form is the dialog of a content.
type form[T any, P contentOf[T]] struct {
	is   T
	at   stop
	held int // the row that the mouse was pressed on, until it is released; counted from 1, 0 for none
	from model.Disk
	rest float64
}

type contentOf[T any] interface {
	*T
	content
}

// newForm is a dialog with the keyboard at its first stop.
func newForm[T any, P contentOf[T]](t T) Dialog {
	f := form[T, P]{is: t}
	P(&f.is).check()
	f.keepStop()
	return f
}

// formWidth is how wide the body of a form is where there is space.
const formWidth = 66

// Update takes keys, pastes, the mouse, and messages made for the content.
func (f form[T, P]) Update(msg tea.Msg) (Dialog, Action) {
	is := P(&f.is)
	l := is.layout()
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
	if a, ok := any(is).(asker); ok && action == nil {
		action = a.asks()
	}
	return f, action
}

// keepStop goes to the first stop if the present one has no row any more.
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

// stops lists where the keyboard can go, in the order of the tab key.
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

// row is the first row of a stop, or an empty one.
func (l layout) row(at stop) row {
	if i := slices.IndexFunc(l.rows, func(r row) bool { return r.stop == at }); i >= 0 && at != stopNone {
		return l.rows[i]
	}
	return row{}
}

// enter gives the keyboard to a row.
func (f *form[T, P]) enter(l layout, at stop) {
	f.at = at
	if l.entered != nil {
		l.entered()
	}
	P(&f.is).check()
}

// mouse gives the keyboard to the row that is clicked. That row gets all events until the button is released.
func (f *form[T, P]) mouse(l layout, m Mouse) (action Action) {
	if m.Event == Press {
		f.held = 0
		if m.Row > 0 && m.Row <= len(l.rows) {
			f.held = m.Row
			if at := l.rows[m.Row-1].stop; at != stopNone && at != f.at {
				f.enter(l, at)
			}
		}
	}
	if f.held > 0 && f.held <= len(l.rows) && l.rows[f.held-1].mouse != nil {
		action = l.rows[f.held-1].mouse(m)
	}
	if m.Event == Release {
		f.held = 0
	}
	return action
}

// View draws the rows.
func (f form[T, P]) View(width, height int, st *styles.Styles) View {
	l := P(&f.is).layout()
	v := View{Title: l.title, Tone: l.tone, Width: min(width, cmp.Or(l.width, formWidth)), Spots: map[int][]widget.Spot{}}
	if l.part != nil {
		v.Title += " " + partTitle(*l.part, st)
	}
	for i, r := range l.rows {
		y := len(v.Lines)
		here := r.stop == f.at && r.stop != stopNone
		shown := r.draw(paper{width: v.Width, height: height, above: y, here: here, st: st, from: f.from, rest: f.rest})
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
	return v
}

// Keys lists what can be pressed.
func (f form[T, P]) Keys() []keymap.Binding {
	l := P(&f.is).layout()
	keys := slices.Concat(l.keys, l.row(f.at).keys)
	isNext := func(b keymap.Binding) bool { return keymap.Match(keymap.Event("tab"), b) }
	if len(l.stops()) > 1 && !slices.ContainsFunc(keys, isNext) {
		keys = append(keys, keyNext())
	}
	if l.does != "" {
		keys = append(keys, keyAccept(l.does))
	}
	if keys = append(keys, l.more...); l.esc == noWord {
		return keys
	}
	return append(keys, keyCancel().As(cmp.Or(l.esc, "cancel")))
}

// Pictured is the disk in a picture that glides when the disk changes; ok is false if there is none.
func (f form[T, P]) Pictured() (disk model.Disk, ok bool) {
	if l := P(&f.is).layout(); l.pictured != nil {
		return l.pictured(), true
	}
	return disk, false
}

// Glide is the dialog with its picture on the way from another disk; rest is the share of the way that is left.
func (f form[T, P]) Glide(from model.Disk, rest float64) Dialog {
	f.from, f.rest = from, rest
	return f
}
