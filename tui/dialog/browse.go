package dialog

import (
	"path"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// Entry is a file that could be opened, or a directory.
type Entry struct {
	Name string
	Dir  bool
	Size geometry.Bytes // 0 for directories and devices
}

// Listing brings the entries of a directory to the dialog that asked for them, sorted as they are to be
// shown.
type Listing struct {
	Dir     string
	Entries []Entry
	Err     error
}

// Browse picks the target to open: a path that can be typed, and below it what there is in its directory.
type Browse struct {
	field   widget.Field
	listing Listing
	at      int // selected entry of those that match, -1 for the field
}

// NewBrowse is the picker, beginning in a directory of which the path ends in "/". The List that it wants
// first is returned with it.
func NewBrowse(dir string) (Browse, List) {
	return Browse{field: widget.NewField(dir, maxPath).Touch(), at: -1}, List{Dir: dir}
}

// dir and prefix are the two halves of what was typed.
func (b Browse) dir() string {
	dir, _ := path.Split(b.field.Value())
	if dir == "" {
		return "./"
	}
	return dir
}

func (b Browse) prefix() string {
	_, file := path.Split(b.field.Value())
	return file
}

// matches lists the entries that begin with what was typed; hidden ones only if a dot was typed.
func (b Browse) matches() []Entry {
	if b.listing.Dir != b.dir() {
		return nil
	}
	var out []Entry
	prefix := b.prefix()
	for _, e := range b.listing.Entries {
		if strings.HasPrefix(e.Name, prefix) && (prefix != "" || e.Name == ".." || !strings.HasPrefix(e.Name, ".")) {
			out = append(out, e)
		}
	}
	return out
}

// Update takes keys, pastes and listings.
func (b Browse) Update(msg tea.Msg) (Dialog, Action) {
	switch msg := msg.(type) {
	case Listing:
		if msg.Dir == b.dir() {
			b.listing, b.at = msg, -1
		}
		return b, nil
	case tea.KeyPressMsg:
		if next, action, ok := b.press(msg); ok {
			return next, action
		}
	}
	before := b.dir()
	field, used := b.field.Update(msg)
	if used && field.Value() != b.field.Value() {
		b.at = -1
	}
	b.field = field
	if b.dir() != before {
		return b, List{Dir: b.dir()}
	}
	return b, nil
}

// press takes the keys that do not go into the field.
func (b Browse) press(msg tea.KeyPressMsg) (Browse, Action, bool) {
	found := b.matches()
	switch {
	case keymap.Match(msg, keyCancel()):
		return b, Close{}, true
	case keymap.Match(msg, keyDown()):
		b.at = min(b.at+1, len(found)-1)
	case keymap.Match(msg, keyUp()):
		b.at = max(b.at-1, -1)
	case keymap.Match(msg, keyPageDown()):
		b.at = min(b.at+8, len(found)-1)
	case keymap.Match(msg, keyPageUp()):
		b.at = max(b.at-8, -1)
	case keymap.Match(msg, keyNext()):
		next, action := b.complete(found)
		return next, action, true
	case keymap.Match(msg, keyAccept("")):
		next, action := b.accept(found)
		return next, action, true
	default:
		return b, nil, false
	}
	return b, nil, true
}

// complete writes what all matches have in common into the field.
func (b Browse) complete(found []Entry) (Browse, Action) {
	if b.at >= 0 && b.at < len(found) {
		found = found[b.at : b.at+1]
	}
	if len(found) == 0 {
		return b, nil
	}
	common := found[0].Name
	for _, e := range found[1:] {
		for !strings.HasPrefix(e.Name, common) {
			common = common[:len(common)-1]
		}
	}
	common = strings.ToValidUTF8(common, "")
	if len(found) == 1 && found[0].Dir {
		return b.goTo(b.dir() + common + "/")
	}
	b.field = b.field.Set(b.typedDir() + common).Touch()
	b.at = -1
	return b, nil
}

// typedDir is the directory as it was typed, "" if none was.
func (b Browse) typedDir() string {
	dir, _ := path.Split(b.field.Value())
	return dir
}

func (b Browse) goTo(dir string) (Browse, Action) {
	b.field, b.at = b.field.Set(dir).Touch(), -1
	return b, List{Dir: b.dir()}
}

// accept opens the selected entry, or what was typed.
func (b Browse) accept(found []Entry) (Browse, Action) {
	if b.at >= 0 && b.at < len(found) {
		e := found[b.at]
		if e.Dir {
			return b.goTo(strings.TrimSuffix(path.Clean(b.dir()+e.Name), "/") + "/")
		}
		return b, Open{Path: b.typedDir() + e.Name}
	}
	value := b.field.Value()
	if value == "" || strings.HasSuffix(value, "/") {
		return b, nil
	}
	for _, e := range found {
		if e.Dir && e.Name == b.prefix() {
			return b.goTo(value + "/")
		}
	}
	return b, Open{Path: value}
}

// View is the field and the entries.
func (b Browse) View(width, height int, st *styles.Styles) View {
	w := min(width, formWidth)
	line, x := fieldLine(st.Focus.Render("Path "), b.field, b.at < 0, w-7, st)
	lines := []string{line, ""}
	rows := min(12, max(3, height-5))
	found := b.matches()
	switch {
	case b.listing.Err != nil && b.listing.Dir == b.dir():
		lines = append(lines, notes(b.listing.Err.Error(), w, 2, st.Bad.Render, st)...)
	case len(found) == 0:
		lines = append(lines, st.Muted.Render("Nothing here matches."))
	}
	from, to := widget.Visible(len(found), b.at, rows)
	for i := from; i < to; i++ {
		lines = append(lines, entryLine(found[i], i == b.at, w, st))
	}
	lines = widget.Pad(lines, w, rows+2, st.More)
	v := View{Title: "Open target", Width: w, Lines: lines}
	if b.at < 0 {
		v.Cursor = &Point{X: x}
	}
	return v
}

func entryLine(e Entry, selected bool, width int, st *styles.Styles) string {
	mark, look := "  ", st.Text
	if selected {
		mark, look = st.Cursor+" ", st.Row
	}
	name, size := widget.Clean(e.Name), ""
	if e.Dir {
		name += "/"
	} else if e.Size > 0 {
		size = geometry.FormatBytes(e.Size)
	}
	return look.Render(mark + widget.Fit(name, width-14, st.More) + " " + widget.Cell(size, 11, widget.Right, ""))
}

// Keys lists what can be pressed.
func (b Browse) Keys() []keymap.Binding {
	return []keymap.Binding{
		keymap.Bind("↑↓", "choose", "up", "down"), keymap.Bind("tab", "complete", "tab"), keyAccept("open"), keyCancel(),
	}
}
