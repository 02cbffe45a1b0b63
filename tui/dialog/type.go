package dialog

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// partType asks for the type and the flags of a partition. It changes both in a copy of the partition, because some flags
// are another name for a type.
type partType struct {
	queue  ops.Queue
	was    model.Partition
	part   model.Partition // with the chosen type and flags
	search widget.Field
	found  []model.TypeEntry
	list   list
	flags  []model.Flag
	flag   int // index of the flag under the cursor

	ops     []ops.Operation
	verdict verdict
	why     model.Reason // why the last flag could not be changed, "" if it was
}

// The sizes of the dialog: fewRows is the height of the list in a window of ordinary height, and pageRows the number of lines that
// a page key moves. In a large window the longest name fits beside its code.
const (
	typeWidth = 84
	fewRows   = 7
	pageRows  = 11
)

// NewType returns the dialog for a partition of the queue's preview.
func NewType(q ops.Queue, id model.PartID) Dialog {
	part, _ := q.Preview().Partition(id)
	t := partType{queue: q, was: part, part: part, search: widget.NewField("", 40)}
	t.filter()
	return newForm(t)
}

func (t *partType) kind() model.TableKind { return t.queue.Preview().Table.Kind }

// filter lists the types that match the search. It selects the first of them after an edit, unless the present choice is
// among them.
func (t *partType) filter() {
	t.found = model.SearchTypes(t.kind(), t.search.Value())
	t.list = list{page: pageRows}
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
	t.list.at = t.present()
	if t.list.at < 0 && t.search.Value() != "" && len(t.found) > 0 {
		t.list.at = 0
		t.choose()
	}
}

// present returns the index of the chosen type in the list, or -1.
func (t *partType) present() int {
	return slices.IndexFunc(t.found, func(e model.TypeEntry) bool { return e.Code == t.part.Type })
}

// find handles keys and pastes in the search.
func (t *partType) find(msg tea.Msg) Action {
	if t.list.take(msg) {
		t.choose()
		return nil
	}
	var changed bool
	if t.search, changed = t.search.Update(msg); changed {
		t.filter()
	}
	return nil
}

// choose selects the type under the cursor.
func (t *partType) choose() {
	if t.list.at >= 0 && t.list.at < len(t.found) {
		t.part.Type = t.found[t.list.at].Code
	}
}

// flagKey moves the cursor among the flags and turns them on or off.
func (t *partType) flagKey(msg tea.Msg) Action {
	press, _ := msg.(tea.KeyPressMsg)
	n := len(t.flags)
	switch {
	case n == 0:
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
		if t.why = why; why.OK() {
			t.part = after
			t.list.at = t.present() // some flags are another name for a type
		}
	}
	return nil
}

// check finds the operations that lead to the choice, and checks them.
func (t *partType) check() {
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
	t.verdict = verdict{changes: len(t.ops) > 0, cost: "only the table changes, not the files", mind: t.unsuited()}
	q := t.queue
	var words []string
	for _, op := range t.ops {
		next, err := q.Stage(op)
		if err != nil {
			t.verdict.err = err
			return
		}
		words = append(words, op.Describe(q.Preview()).Do())
		q = next
	}
	t.verdict.what = ops.Capital(strings.Join(words, "; "))
}

// unsuited says that another type does not suit the contents, "" if it does.
func (t *partType) unsuited() string {
	fs := t.part.FS
	if t.part.Type != t.was.Type && fs.Known() && model.TypeFor(t.kind(), t.part.Type, fs.Kind) != t.part.Type {
		return fmt.Sprintf("The type does not suit %s.", fs.Kind)
	}
	return ""
}

// layout consists of the search with the matching types, the flags and the outcome. An extended partition keeps its type.
func (t *partType) layout() layout {
	flags := row{
		stop: stopFlags, keys: []keymap.Binding{keyChoose(), keymap.Bind("space", "on or off", "space")},
		draw: t.drawFlags, take: t.flagKey,
		about: about{keys: []keymap.Binding{keyUp().As("previous"), keyDown().As("next")}},
	}
	rows := []row{flags}
	if t.was.Role != model.Extended {
		search := field(stopFS, "Search", 34, &t.search).meant("A part of the name or the code of a type. The list shows those that have it.")
		search.keys = []keymap.Binding{t.list.key(), keymap.Bind("letters", "search", "a"), keyNext().As("flags")}
		search.about.keys = listKeys()
		search.take = t.find
		rows = []row{search, t.foundRow(), blank(), flags}
	}
	var wrong error
	if !t.why.OK() {
		wrong = fmt.Errorf("flag %s: %s", t.flags[t.flag], t.why)
	}
	return layout{
		title: "Type and flags of", part: &t.was, width: typeWidth,
		rows:    append(rows, blank(), t.verdict.row(wrong, "No change yet: "+model.TypeName(t.kind(), t.part.Type))),
		entered: func() { t.why = "" }, does: t.verdict.enters(nil, "set"),
		accept: func() Action { return t.verdict.action(nil, StageAll{Ops: t.ops}) },
	}
}

// foundRow returns the list of matching types. It has the keyboard together with the search.
func (t *partType) foundRow() row {
	height := func(p paper) int {
		const blanks = 3
		p.extra = 0 // that is for this list
		room := p.height - 7 - len(t.flagLines(p))
		return max(3, min(room, fewRows), min(room-blanks, len(model.SearchTypes(t.kind(), ""))))
	}
	const least, code = 26, 41 // the columns of the names and of the codes, with the space around those
	r := listOf(stopFS, least, &t.list, height)
	mouse := r.mouse
	r.draw = func(p paper) drawing {
		if len(t.found) > 0 {
			p.here = false // the mark of the field says that both have the keyboard
			return t.list.draw(height(p), max(least, p.width-code), p)
		}
		none := []string{p.st.Muted.Render("  No type has this in its name or code.")}
		return drawing{lines: widget.Pad(none, p.width, height(p), "")}
	}
	r.mouse = func(m Mouse) Action {
		mouse(m)
		t.choose()
		return nil
	}
	return r
}

// flagLines returns the lines of the check boxes.
func (t *partType) flagLines(p paper) []string { return t.drawFlags(p).lines }

// drawFlags draws the check boxes: in a low window some lines around the cursor.
func (t *partType) drawFlags(p paper) drawing {
	label, st := formName("Flags", p), p.st
	lines, at := []string{"  "}, 0
	for i, f := range t.flags {
		text := "[ ] " + string(f)
		if model.HasFlag(t.kind(), t.part, f) {
			text = "[x] " + string(f)
		}
		look := st.Text
		if i == t.flag && p.here {
			look = st.Chosen
		}
		last := len(lines) - 1
		switch {
		case i == 0:
		case widget.Width(lines[last])+2+widget.Width(text) > p.width-2:
			lines = append(lines, "  ")
			last++
		default:
			lines[last] += "  "
		}
		lines[last] += look.Render(text)
		if i == t.flag {
			at = last
		}
	}
	if len(t.flags) == 0 {
		lines = []string{st.Muted.Render("  This kind of table has no flags for it.")}
	}
	const roomy = 30
	most := 3
	if p.height >= roomy {
		most = len(lines)
	}
	from, to := widget.Visible(len(lines), at, p.grown(min(most, len(lines)), len(lines)))
	if to-from < len(lines) {
		label += st.Muted.Render(fmt.Sprintf("lines %d to %d of %d", from+1, to, len(lines)))
	}
	return drawing{lines: append([]string{label}, lines[from:to]...), lacks: len(lines) - (to - from)}
}
