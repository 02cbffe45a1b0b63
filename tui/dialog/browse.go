package dialog

import (
	"maps"
	"path"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/ops/report"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// Listing brings the entries of a directory, sorted by name, to the dialog that asked for them.
type Listing struct {
	Dir     string // as in the request
	Path    string // absolute
	Entries []report.Candidate
	Err     error
}

// Recents brings the targets that were opened lately, newest first.
type Recents struct{ List []report.Candidate }

// Devices brings the devices that can be opened.
type Devices struct{ List []report.Candidate }

// Summaries brings the answer to Summarize.
type Summaries struct{ List []report.Summary }

// browse is the picker for the target to open. The user types a path or a part of a name, and the list shows what
// matches. Enter opens the selected entry, which is the best match unless the cursor was moved.
type browse struct {
	field       widget.Field
	base        string // the directory to show if none is typed, with a "/" at the end
	home        string // replaces "~"
	listing     Listing
	sorted      []namedEntry // the entries of the listing, sorted
	recent      []report.Candidate
	devices     []report.Candidate
	seen        map[string]report.Summary // by path
	summarizing bool                      // a request for summaries is in progress
	all         bool                      // also show hidden files, and files that are not images
	rows        []browseRow
	at          int
	chosen      bool   // the user moved the cursor, so it stays on its entry
	back        string // the directory that the user left for its parent; the cursor goes there
	hasty       bool   // Enter was pressed before the directory was listed
	clicked     bool   // the last event was a click on the selected entry
}

// NewBrowse returns the picker for a directory, and its first request.
func NewBrowse(dir, home string) (Dialog, List) {
	b := browse{base: strings.TrimSuffix(dir, "/") + "/", home: home, field: widget.NewField("", maxPath).Touch()}
	b.refresh()
	return newForm(b), List{Dir: b.dir()}
}

func (b *browse) check() {}

// layout consists of the field, the list, and details of the selected entry.
func (b *browse) layout() layout {
	choose := keyList()
	if n := len(slices.DeleteFunc(slices.Clone(b.rows), func(r browseRow) bool { return !r.entry })); n < 2 {
		choose = choose.Idle()
	}
	complete := keyComplete()
	if r := b.selected(); !r.entry || b.field.Value() == "" && (!b.chosen || r.section != sectionHere) {
		complete = complete.Idle() // nothing to complete
	}
	list := row{stop: stopName, draw: b.drawList, mouse: b.mouse, about: about{keys: listKeys()}}
	field := pathField(&b.field)
	drawn := field.draw
	field.draw = func(p paper) drawing { return b.drawField(drawn(p), p) }
	field.take = func(msg tea.Msg) Action {
		next, _ := b.field.Update(msg)
		return b.write(next)
	}
	up := keyParent()
	if b.field.Value() != "" {
		up = up.Idle() // it takes away a letter
	}
	all := keyAll()
	if b.all {
		all = all.As("images only")
	}
	return layout{
		title: "Open target", width: browseWidth, rows: []row{field, blank(), list, blank(), shown(b.details)},
		first: b.take, accept: b.accept, within: true, does: "open", idle: !b.opens(), keys: []keymap.Binding{choose},
		more: append(b.errands(), complete, up, all),
	}
}

// opens reports whether Enter opens something, as far as is known. It tries in any case, as what is known may have changed.
func (b *browse) opens() bool {
	r := b.selected()
	if r.entry {
		g, seen := b.seen[r.Path]
		return !seen || g.Opens()
	}
	if !b.listed() {
		return true
	}
	_, name := b.typed()
	_, left := b.matches(name)
	return b.field.Value() == "~" || name != "" && left > 0 // a file that is not shown may have that name
}

// typed splits the text of the field into a directory, which may be "", and a name or a part of one.
func (b *browse) typed() (dir, name string) { return path.Split(b.field.Value()) }

// dir returns the directory to show.
func (b *browse) dir() string {
	dir, _ := b.typed()
	return b.resolve(dir)
}

// resolve returns the complete path for a typed one.
func (b *browse) resolve(typed string) string {
	switch {
	case strings.HasPrefix(typed, "/"):
		return typed
	case b.home != "" && (typed == "~" || strings.HasPrefix(typed, "~/")):
		return b.home + typed[1:]
	}
	return b.base + typed
}

// listed reports whether the entries of the directory have arrived.
func (b *browse) listed() bool { return b.listing.Dir == b.dir() }

// take handles answers to the picker's requests, and keys that do not go into the field.
func (b *browse) take(msg tea.Msg) (action Action, used bool) {
	switch msg := msg.(type) {
	case Listing:
		return b.takeListing(msg), true
	case Recents:
		b.recent = msg.List
	case Devices:
		b.devices = msg.List
	case Summaries:
		b.summarizing = false
		b.seen = maps.Clone(b.seen)
		if b.seen == nil {
			b.seen = map[string]report.Summary{}
		}
		for _, g := range msg.List {
			b.seen[g.Path] = g
		}
		return nil, true
	case tea.KeyPressMsg:
		b.hasty, b.clicked = false, false
		return b.press(msg)
	default:
		return nil, false
	}
	b.refresh()
	return nil, true
}

func (b *browse) takeListing(msg Listing) Action {
	if msg.Dir != b.dir() {
		return nil
	}
	b.listing, b.sorted = msg, sortEntries(msg)
	b.refresh()
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
	return nil
}

// write replaces the field after an edit.
func (b *browse) write(field widget.Field) Action {
	before, dir := b.field.Value(), b.dir()
	b.field = field
	if b.field.Value() == before {
		return nil
	}
	b.chosen = false
	b.refresh()
	if b.dir() == dir {
		return nil
	}
	return List{Dir: b.dir()}
}

// press handles keys that do not go into the field.
func (b *browse) press(press tea.KeyPressMsg) (action Action, used bool) {
	const far = 10
	empty := b.field.Value() == ""
	by, moves := listKey(press, len(b.rows), far)
	switch {
	case moves && (empty || !keymap.Match(press, keyHome(), keyEnd())):
		b.step(by)
	case keymap.Match(press, keyAll()):
		b.all = !b.all
		b.refresh()
	case keymap.Match(press, keyNext()):
		return b.complete(), true
	case empty && keymap.Match(press, keyParent()):
		return b.up(), true
	case len(b.errands()) > 0 && keymap.Match(press, KeyEnlarge()):
		return Open{Path: b.selected().Path, To: Enlarge}, true
	case len(b.errands()) > 0 && keymap.Match(press, KeyShrink()):
		return Open{Path: b.selected().Path, To: Shrink}, true
	case empty && keymap.Match(press, keyRight()) && b.selected().Kind == report.CandidateDir:
		return b.accept(), true
	default:
		return nil, false
	}
	return nil, true
}

// step moves the cursor by n entries, skipping headings.
func (b *browse) step(n int) {
	way := 1
	if n < 0 {
		n, way = -n, -1
	}
	for i := b.at + way; n > 0 && i >= 0 && i < len(b.rows); i += way {
		if b.rows[i].entry {
			b.at, b.chosen, n = i, true, n-1
		}
	}
}

// mouse selects the entry that is clicked, or opens it if it is selected already.
func (b *browse) mouse(m Mouse) Action {
	at := m.Entry - 1
	switch {
	case m.Event != Press || at < 0 || at >= len(b.rows) || !b.rows[at].entry:
		return nil
	case b.clicked && at == b.at:
		return b.accept()
	}
	b.at, b.chosen, b.clicked = at, true, true
	return nil
}

// selected returns the entry under the cursor, or the zero value.
func (b *browse) selected() browseRow {
	if b.at >= len(b.rows) || !b.rows[b.at].entry {
		return browseRow{}
	}
	return b.rows[b.at]
}

// errands returns the keys for an image under the cursor, as long as nothing is typed: in a text ctrl+e goes to its end.
func (b *browse) errands() []keymap.Binding {
	r := b.selected()
	g, seen := b.seen[r.Path]
	image := r.entry && r.Kind == report.CandidateFile && (!seen || g.Image && g.Cannot.OK())
	if !image || b.field.Value() != "" {
		return nil
	}
	return []keymap.Binding{KeyEnlarge(), KeyShrink()}
}

// goTo shows another directory.
func (b *browse) goTo(dir string) Action {
	b.base, b.field, b.chosen = strings.TrimSuffix(dir, "/")+"/", b.field.Set("").Touch(), false
	b.refresh()
	return List{Dir: b.dir()}
}

// up shows the parent directory.
func (b *browse) up() Action {
	if !b.listed() || b.listing.Path == "/" {
		return nil
	}
	dir, last := path.Split(b.listing.Path)
	b.back = last
	return b.goTo(dir)
}

// accept opens the selected entry, or the typed path if nothing in the list matches.
func (b *browse) accept() Action {
	value := b.field.Value()
	if value != "" && !b.listed() {
		b.hasty = true // the match is known only when the directory has been listed
		return nil
	}
	r := b.selected()
	switch {
	case r.entry && r.Name == parent:
		return b.up()
	case r.entry && r.Kind == report.CandidateDir:
		return b.goTo(r.Path)
	case r.entry:
		return Open{Path: r.Path}
	case value == "":
		return nil
	case value == "~":
		return b.goTo(b.resolve(value))
	}
	return Open{Path: b.resolve(value)}
}

// request returns a request for summaries of the entries near the cursor that have none yet, the nearest first.
func (b *browse) request() Action {
	// near exceeds the number of lines of any window; most is small enough for a quick answer.
	const near, most = 60, 24
	if b.summarizing {
		return nil
	}
	var paths []string
	want := func(i int) {
		if i < 0 || i >= len(b.rows) || len(paths) == most {
			return
		}
		if r := b.rows[i]; r.entry && r.Kind != report.CandidateDir {
			if _, done := b.seen[r.Path]; !done {
				paths = append(paths, r.Path)
			}
		}
	}
	want(b.at)
	for d := 1; d < near; d++ {
		want(b.at + d)
		want(b.at - d)
	}
	if len(paths) == 0 {
		return nil
	}
	b.summarizing = true
	return Summarize{Paths: paths}
}

// KeyEnlarge enlarges the image under the cursor with its root, and KeyShrink shrinks it. They are no letters, with which a
// name can begin.
func KeyEnlarge() keymap.Binding { return keymap.Bind("ctrl+e", "enlarge", "ctrl+e") }

// KeyShrink is the other one.
func KeyShrink() keymap.Binding { return keymap.Bind("ctrl+s", "shrink", "ctrl+s") }

func keyParent() keymap.Binding {
	return keymap.Bind("backspace", "directory above", "backspace", "left")
}

func keyAll() keymap.Binding { return keymap.Bind("ctrl+t", "all files", "ctrl+t") }
