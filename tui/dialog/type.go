package dialog

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// partType asks for the type and the flags of a partition. Both are kept in a copy of the partition while one chooses, as
// some flags are another name for a type.
type partType struct {
	queue  ops.Queue
	was    model.Partition
	part   model.Partition // as it would be
	search widget.Field
	found  []model.TypeEntry
	list   picker
	flags  []model.Flag
	flag   int // where the cursor is among them

	ops     []ops.Operation
	verdict verdict
	why     model.Reason // why the last flag could not be changed
}

// NewType is the dialog for a partition of the queue's preview.
func NewType(q ops.Queue, id model.PartID) Dialog {
	part, _ := q.Preview().Partition(id)
	t := partType{queue: q, was: part, part: part, search: widget.NewField("", 40)}
	return newForm(t.filter())
}

func (t partType) kind() model.TableKind { return t.queue.Preview().Table.Kind }

// filter lists the types that the search finds. Once something was typed the first of them is chosen, unless the type
// that was chosen before is among them.
func (t partType) filter() partType {
	t.found = model.SearchTypes(t.kind(), t.search.Value())
	t.list = picker{}
	for _, e := range t.found {
		note := string(e.Code)
		if t.kind() == model.TableMBR {
			note = strings.TrimSpace(note + "  " + e.Alias)
		}
		t.list.choices = append(t.list.choices, choice{text: e.Name, note: note})
	}
	if len(t.found) == 0 {
		t.part.Type = t.was.Type
	}
	t.list.at = slices.IndexFunc(t.found, func(e model.TypeEntry) bool { return e.Code == t.part.Type })
	if t.list.at < 0 && t.search.Value() != "" && len(t.found) > 0 {
		t.list.at = 0
		return t.choose()
	}
	return t
}

// stops: what is typed always goes to the search, so the list has the keyboard together with it. An extended
// partition keeps its type.
func (t partType) stops() []stop {
	if t.was.Role == model.Extended {
		return []stop{stopFlags}
	}
	return []stop{stopFS, stopFlags}
}

func (t *partType) entered() { t.why = "" }

// find takes keys and pastes at the search.
func (t partType) find(msg tea.Msg) partType {
	if t.list.take(msg, typeRows) {
		return t.choose()
	}
	before := t.search.Value()
	if t.search, _ = t.search.Update(msg); t.search.Value() == before {
		return t
	}
	return t.filter()
}

// choose takes the type under the cursor.
func (t partType) choose() partType {
	if t.list.at >= 0 && t.list.at < len(t.found) {
		t.part.Type = t.found[t.list.at].Code
	}
	return t
}

// flagKey moves among the flags and turns them.
func (t partType) flagKey(press tea.KeyPressMsg) partType {
	n := len(t.flags)
	switch {
	case keymap.Match(press, keyLeft(), keyUp()):
		t.flag, t.why = (t.flag+n-1)%n, ""
	case keymap.Match(press, keyRight(), keyDown()):
		t.flag, t.why = (t.flag+1)%n, ""
	case keymap.Match(press, keyHandle()):
		f := t.flags[t.flag]
		change := model.WithFlag
		if model.HasFlag(t.kind(), t.part, f) {
			change = model.WithoutFlag
		}
		after, why := change(t.kind(), t.part, f)
		t.why = why
		if why.OK() {
			t.part = after
		}
	}
	return t
}

// check works out which operations lead to what was chosen, and what the queue says of them.
func (t partType) check() partType {
	kind := t.kind()
	current := model.Flag("")
	if t.flag < len(t.flags) {
		current = t.flags[t.flag]
	}
	t.flags = model.FlagsFor(kind, t.part)
	t.flag = max(0, slices.Index(t.flags, current))
	t.ops = nil
	reached := t.was
	if t.part.Type != t.was.Type && t.was.Role != model.Extended {
		t.ops = append(t.ops, ops.SetType{ID: t.was.ID, Type: t.part.Type})
		reached.Type = t.part.Type
	}
	for _, f := range t.flags {
		if on := model.HasFlag(kind, t.part, f); on != model.HasFlag(kind, reached, f) {
			t.ops = append(t.ops, ops.SetFlag{ID: t.was.ID, Flag: f, On: on})
		}
	}
	t.verdict = verdict{}
	q := t.queue
	var words []string
	for _, op := range t.ops {
		next, err := q.Stage(op)
		if err != nil {
			t.verdict = verdict{changes: true, err: err}
			return t
		}
		words = append(words, op.Describe(q.Preview()))
		q = next
	}
	if len(t.ops) > 0 {
		t.verdict = verdict{changes: true, what: strings.Join(words, "; "), cost: t.meaning()}
	}
	return t
}

// meaning is what another type does, and what it may do if it does not go with the contents.
func (t partType) meaning() string {
	fs := t.part.FS
	if t.part.Type != t.was.Type && fs.Known() && model.TypeFor(t.kind(), t.part.Type, fs.Kind) != t.part.Type {
		return fmt.Sprintf("only the table changes; the type does not suit %s", fs.Kind)
	}
	return "only the table changes, not the files"
}

func (t partType) accept() Action { return t.verdict.action(nil, StageAll{Ops: t.ops}) }

// typeRows is how many types are shown where there is room.
const typeRows = 7

func (t partType) head(st *styles.Styles) View {
	return View{Title: "Type and flags of " + partTitle(t.was, st)}
}

// rows are the search, the list, the flags and the outcome.
func (t partType) rows() []row[partType] {
	var rows []row[partType]
	if t.was.Role != model.Extended {
		search := field(t, stopFS, "Search", 34, func(t *partType) *widget.Field { return &t.search })
		drawn := search.draw
		search.draw = func(p paper) ([]string, *Point) {
			lines, cursor := drawn(p)
			return append(lines, t.foundLines(p)...), cursor
		}
		search.take = func(t *partType, msg tea.Msg) Action {
			*t = t.find(msg)
			return nil
		}
		rows = append(rows, search)
	}
	var wrong error
	if !t.why.OK() {
		wrong = fmt.Errorf("flag %s: %s", t.flags[t.flag], t.why)
	}
	return append(rows, row[partType]{
		stop: stopFlags,
		draw: func(p paper) ([]string, *Point) { return t.flagLines(p.width, p.here, p.st), nil },
		take: func(t *partType, msg tea.Msg) Action {
			if press, ok := msg.(tea.KeyPressMsg); ok && len(t.flags) > 0 {
				*t = t.flagKey(press)
			}
			return nil
		},
	}, blank[partType](), outcome[partType](wrong, t.verdict, "No change yet: "+model.TypeName(t.kind(), t.part.Type)))
}

// foundLines are the types that the search finds.
func (t partType) foundLines(p paper) []string {
	rows := min(typeRows, max(3, p.height-7-len(t.flagLines(p.width, p.here, p.st))))
	if len(t.found) == 0 {
		return widget.Pad([]string{p.st.Muted.Render("  No type has that in its name or code.")}, p.width, rows, "")
	}
	return t.list.view(p.width, rows, 26, p.here, p.st)
}

// flagLines are check boxes, at most three lines of them around the cursor.
func (t partType) flagLines(width int, here bool, st *styles.Styles) []string {
	label := formName("Flags", here, st)
	var lines []string
	line, at := "", 0
	for i, f := range t.flags {
		mark := "[ ] "
		if model.HasFlag(t.kind(), t.part, f) {
			mark = "[x] "
		}
		text := mark + string(f)
		look := st.Text
		if i == t.flag && here {
			look = st.Chosen
		}
		if line != "" && widget.Width(line)+2+widget.Width(text) > width-2 {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += "  "
		} else {
			line = "  "
		}
		line += look.Render(text)
		if i == t.flag {
			at = len(lines)
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		lines = []string{st.Muted.Render("  This kind of table has none for it.")}
	}
	const most = 3
	from, to := widget.Visible(len(lines), at, min(most, len(lines)))
	if hidden := len(lines) - (to - from); hidden > 0 {
		label += st.Muted.Render(fmt.Sprintf("lines %d to %d of %d", from+1, to, len(lines)))
	}
	return append([]string{label}, lines[from:to]...)
}

func (t partType) keys(at stop) []keymap.Binding {
	if at == stopFlags {
		return []keymap.Binding{
			keymap.Bind("←→", "choose", "left", "right"), keymap.Bind("space", "on or off", "space"), keyNext(), keyAccept("set"), keyCancel(),
		}
	}
	return []keymap.Binding{
		keymap.Bind("↑↓", "choose", "up", "down"), keymap.Bind("letters", "search", "a"), keyNext().As("flags"), keyAccept("set"), keyCancel(),
	}
}
