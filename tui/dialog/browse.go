package dialog

import (
	"maps"
	"path"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/ops/report"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// Listing brings the entries of a directory to the dialog that asked for them, in the order of their names.
type Listing struct {
	Dir     string // as it was asked for
	Path    string // absolute
	Entries []report.Candidate
	Err     error
}

// Recents brings the targets that were opened lately, the newest first.
type Recents struct{ List []report.Candidate }

// Devices brings the devices that can be opened.
type Devices struct{ List []report.Candidate }

// Glimpses brings what a look into candidates told.
type Glimpses struct{ List []report.Glimpse }

// Browse picks the target to open. What is typed is a path, or the part of a name: it narrows the list down to what can be
// meant. Enter opens what is selected, which is the likeliest unless the cursor was moved.
type Browse struct {
	field   widget.Field
	base    string // the directory that is shown while no other one is typed, ending in "/"
	home    string // what "~" stands for
	listing Listing
	sorted  []namedEntry // of the listing
	recent  []report.Candidate
	devices []report.Candidate
	seen    map[string]report.Glimpse // by path
	looking bool                      // glimpses were asked for
	all     bool                      // hidden files, and those that are no images, are shown too
	rows    []listRow
	at      int
	chosen  bool   // the cursor was moved by hand, and stays where it is
	back    string // the directory that was left upwards: the cursor goes there
	hasty   bool   // Enter was pressed before the directory was listed
	clicked bool   // what is selected was clicked
}

// NewBrowse is the picker, beginning in a directory. The List that it wants first is returned with it.
func NewBrowse(dir, home string) (Browse, List) {
	b := Browse{base: strings.TrimSuffix(dir, "/") + "/", home: home, field: widget.NewField("", maxPath).Touch()}
	return b.refresh(), List{Dir: b.dir()}
}

// typed is what was typed: the directory, "" if there is none, and the name or a part of it.
func (b Browse) typed() (dir, name string) { return path.Split(b.field.Value()) }

// dir is the directory to show.
func (b Browse) dir() string {
	dir, _ := b.typed()
	return b.resolve(dir)
}

// resolve is where a path that was typed leads to.
func (b Browse) resolve(typed string) string {
	switch {
	case strings.HasPrefix(typed, "/"):
		return typed
	case b.home != "" && (typed == "~" || strings.HasPrefix(typed, "~/")):
		return b.home + typed[1:]
	}
	return b.base + typed
}

// listed reports whether the entries of the directory are there.
func (b Browse) listed() bool { return b.listing.Dir == b.dir() }

// Update takes keys, pastes, the mouse, and what it asked for.
func (b Browse) Update(msg tea.Msg) (Dialog, Action) {
	next, action := b.take(msg)
	if action == nil {
		next, action = next.look()
	}
	return next, action
}

func (b Browse) take(msg tea.Msg) (Browse, Action) {
	switch msg := msg.(type) {
	case Listing:
		return b.takeListing(msg)
	case Recents:
		b.recent = msg.List
		return b.refresh(), nil
	case Devices:
		b.devices = msg.List
		return b.refresh(), nil
	case Glimpses:
		b.looking = false
		seen := maps.Clone(b.seen)
		if seen == nil {
			seen = map[string]report.Glimpse{}
		}
		for _, g := range msg.List {
			seen[g.Path] = g
		}
		b.seen = seen
		return b, nil
	case Mouse:
		return b.mouse(msg)
	case tea.KeyPressMsg:
		b.hasty, b.clicked = false, false
		if next, action, ok := b.press(msg); ok {
			return next, action
		}
	}
	return b.edit(msg)
}

func (b Browse) takeListing(msg Listing) (Browse, Action) {
	if msg.Dir != b.dir() {
		return b, nil
	}
	b.listing, b.sorted = msg, sortEntries(msg)
	b = b.refresh()
	if b.back != "" {
		for i, r := range b.rows {
			if r.section == sectionHere && r.entry && r.Name == b.back {
				b.at, b.chosen = i, true
			}
		}
		b.back = ""
	}
	if b.hasty {
		b.hasty = false
		return b.accept()
	}
	return b, nil
}

// edit gives a message to the field.
func (b Browse) edit(msg tea.Msg) (Browse, Action) {
	field, _ := b.field.Update(msg)
	return b.write(field)
}

// write is the picker with another text in its field.
func (b Browse) write(field widget.Field) (Browse, Action) {
	before, dir := b.field.Value(), b.dir()
	b.field = field
	if b.field.Value() == before {
		return b, nil
	}
	b.chosen = false
	b = b.refresh()
	if b.dir() != dir {
		return b, List{Dir: b.dir()}
	}
	return b, nil
}

// press takes the keys that do not go into the field.
func (b Browse) press(msg tea.KeyPressMsg) (next Browse, action Action, ok bool) {
	const far = 10
	empty := b.field.Value() == ""
	switch {
	case keymap.Match(msg, keyCancel()):
		return b, Close{}, true
	case keymap.Match(msg, keyDown()):
		return b.step(1), nil, true
	case keymap.Match(msg, keyUp()):
		return b.step(-1), nil, true
	case keymap.Match(msg, keyPageDown()):
		return b.step(far), nil, true
	case keymap.Match(msg, keyPageUp()):
		return b.step(-far), nil, true
	case empty && keymap.Match(msg, keyHome()):
		return b.step(-len(b.rows)), nil, true
	case empty && keymap.Match(msg, keyEnd()):
		return b.step(len(b.rows)), nil, true
	case keymap.Match(msg, keyAll()):
		b.all = !b.all
		return b.refresh(), nil, true
	case keymap.Match(msg, keyNext()):
		next, action = b.complete()
		return next, action, true
	case keymap.Match(msg, keyAccept("")):
		next, action = b.accept()
		return next, action, true
	case empty && keymap.Match(msg, keyParent()):
		next, action = b.up()
		return next, action, true
	case empty && keymap.Match(msg, keyRight()):
		if r, ok := b.selected(); ok && r.Kind == report.CandidateDir {
			next, action = b.accept()
			return next, action, true
		}
	}
	return b, nil, false
}

// step moves the cursor over n entries, and past what is none.
func (b Browse) step(n int) Browse {
	way := 1
	if n < 0 {
		n, way = -n, -1
	}
	for i := b.at + way; n > 0 && i >= 0 && i < len(b.rows); i += way {
		if b.rows[i].entry {
			b.at, b.chosen, n = i, true, n-1
		}
	}
	return b
}

// selected is the entry under the cursor; ok is false if there is none.
func (b Browse) selected() (r listRow, ok bool) {
	if b.at < len(b.rows) {
		r = b.rows[b.at]
	}
	return r, r.entry
}

// goTo shows another directory.
func (b Browse) goTo(dir string) (Browse, Action) {
	b.base, b.field, b.chosen = strings.TrimSuffix(dir, "/")+"/", b.field.Set("").Touch(), false
	return b.refresh(), List{Dir: b.dir()}
}

// up shows the directory above.
func (b Browse) up() (Browse, Action) {
	if !b.listed() || b.listing.Path == "/" {
		return b, nil
	}
	dir, last := path.Split(b.listing.Path)
	b.back = last
	return b.goTo(dir)
}

// accept opens what is selected, or what was typed if that is nothing that is there.
func (b Browse) accept() (Browse, Action) {
	value := b.field.Value()
	if value != "" && !b.listed() {
		b.hasty = true // what was typed means something as soon as the names are there
		return b, nil
	}
	r, ok := b.selected()
	switch {
	case ok && r.Name == parent:
		return b.up()
	case ok && r.Kind == report.CandidateDir:
		return b.goTo(r.Path)
	case ok:
		return b, Open{Path: r.Path}
	case value == "":
		return b, nil
	case value == "~":
		return b.goTo(b.resolve(value))
	}
	return b, Open{Path: b.resolve(value)}
}

// Keys lists what can be pressed.
func (b Browse) Keys() []keymap.Binding {
	return []keymap.Binding{
		keymap.Bind("↑↓", "choose", "up", "down"), keyAccept("open"), keymap.Bind("tab", "complete", "tab"), keyParent(),
		keyAll(), keyCancel(),
	}
}

func keyParent() keymap.Binding {
	return keymap.Bind("backspace", "directory above", "backspace", "left")
}

func keyAll() keymap.Binding { return keymap.Bind("ctrl+t", "all files", "ctrl+t") }
