package tui

import (
	"cmp"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/tui/keymap"
)

// binding is a key of a page. Key presses, clicks, the key bar, the help and the table in the README all use the same
// bindings.
type binding struct {
	keymap.Binding         // the keys and their description; without a name it is not shown
	why            whyFunc // returns why the key cannot be used now; nil if it always can
	do             doFunc
	try            func(Model, document) error // returns why it would be refused; nil if that is not known before
	again          bool                        // it goes on by itself after what was in its way was unmounted
	pinned         bool                        // the key bar always shows it
	// idle reports whether the key would do nothing now. Then the key bar leaves it out. It may be nil.
	idle func(Model, document) bool
	// bar is what the key bar shows instead; without a name the key is only in the help.
	bar *keymap.Binding
}

type (
	doFunc  func(Model, document) (Model, tea.Cmd)
	whyFunc func(Model, document) model.Reason
)

// on returns a binding of keys to a handler.
func on(name, does string, do doFunc, keys ...string) binding {
	return binding{Binding: keymap.Bind(name, does, keys...), do: do}
}

// unless adds a check that returns why the key cannot be used. The reason of the first check counts.
func (b binding) unless(why whyFunc) binding {
	if before := b.why; before != nil {
		b.why = func(m Model, d document) model.Reason { return cmp.Or(before(m, d), why(m, d)) }
		return b
	}
	b.why = why
	return b
}

// quiet leaves the key out of the key bar. The help has it.
func (b binding) quiet() binding { return b.shownAs("", "") }

// shownAs gives the binding another name and description in the key bar.
func (b binding) shownAs(name, does string) binding {
	bar := b.Short(name).As(does)
	b.bar = &bar
	return b
}

// inBar returns what the key bar shows.
func (b binding) inBar() keymap.Binding {
	if b.bar != nil {
		return *b.bar
	}
	return b.Binding
}

// begin carries out the binding.
func (b binding) begin(m Model, d document) (Model, tea.Cmd) {
	if m.again = nil; b.again {
		m.again = b.do
	}
	return b.do(m, d)
}

func (b binding) pin() binding {
	b.pinned = true
	return b
}

func (b binding) refusal(m Model, d document) model.Reason {
	if b.why == nil {
		return ""
	}
	return b.why(m, d)
}

// noCommand turns a method that returns no command into a handler.
func noCommand(do func(Model, document) Model) doFunc {
	return func(m Model, d document) (Model, tea.Cmd) { return do(m, d), nil }
}

// noTarget turns a method that needs no target into a handler.
func noTarget(do func(Model) (Model, tea.Cmd)) doFunc {
	return func(m Model, _ document) (Model, tea.Cmd) { return do(m) }
}

// bindingGroup is a section of the help.
type bindingGroup struct {
	name string
	list []binding
}

// pageKey passes a key to the first binding of the page that has it and can be used. If none can, it shows the reason of
// the first.
func (m Model) pageKey(msg tea.KeyPressMsg) (Model, tea.Cmd) {
	p, d := m.shown()
	var why model.Reason
	for _, b := range m.pageBindings(p, d) {
		if !keymap.Match(msg, b.Binding) {
			continue
		}
		no := b.refusal(m, d)
		if no.OK() {
			return b.begin(m, d)
		}
		why = cmp.Or(why, no)
	}
	if why.OK() && p == pageEditor && strings.ContainsAny(msg.Text, "0123456789+-") {
		// This is the begin of a size. The letters of its unit are keys, and must not do anything either.
		return m.say(toneWarn, "Sizes are typed in a dialog: m resizes or moves, z changes the image").ignoreKeys()
	}
	if why.OK() {
		return m, nil
	}
	return m.say(toneWarn, string(why)), nil
}

// named returns the bindings for the key bar: those that have a name and can be used, and whose key has no use before.
func named(m Model, d document, list []binding) (bindings, pinned []keymap.Binding) {
	var used []string
	for _, b := range list {
		if !b.refusal(m, d).OK() {
			continue
		}
		taken := slices.Contains(used, cmp.Or(append(b.Keys(), "")...))
		used = append(used, b.Keys()...)
		switch {
		case taken || b.inBar().Help().Key == "" || b.idle != nil && b.idle(m, d):
		case b.pinned:
			pinned = append(pinned, b.inBar())
		default:
			bindings = append(bindings, b.inBar())
		}
	}
	return bindings, pinned
}

// pick returns the bindings with the given keys for the key bar. A key may be followed by a shorter description: "t
// type".
func pick(m Model, d document, list []binding, keys ...string) []keymap.Binding {
	var out []keymap.Binding
	for _, k := range keys {
		name, does, _ := strings.Cut(k, " ")
		has := func(b binding) bool { return slices.Contains(b.Keys(), name) }
		at := slices.IndexFunc(list, func(b binding) bool { return has(b) && b.refusal(m, d).OK() })
		if at < 0 {
			at = slices.IndexFunc(list, has)
		}
		b := list[at].Binding.Short(name)
		out = append(out, b.As(cmp.Or(does, b.Help().Desc)))
	}
	return out
}

// step is a distance in a list or a text.
type step struct{ lines, pages int }

// toEnd is larger than the number of lines in any list.
const toEnd = 1 << 20

// from returns the line that the step leads to.
func (s step) from(at, page, last int) int {
	return min(max(0, at+s.lines+s.pages*max(1, page)), max(0, last))
}

// travel binds the keys that move a cursor or scroll a text. words are the descriptions in the key bar for the arrow keys
// and the page keys; without words the bindings are those of the help.
func travel(do func(Model, document, step) Model, words ...string) []binding {
	var out []binding
	for _, t := range []struct {
		name, does, keys string
		step             step
	}{
		{"↑ k", "up", "up k", step{lines: -1}},
		{"↓ j", "down", "down j", step{lines: 1}},
		{"pgup", "page up", "pgup", step{pages: -1}},
		{"pgdn", "page down", "pgdown space", step{pages: 1}},
		{"home", "first", "home", step{lines: -toEnd}},
		{"end", "last", "end", step{lines: toEnd}},
	} {
		move := func(m Model, d document) Model { return do(m, d, t.step) }
		b := on(t.name, t.does, noCommand(move), strings.Fields(t.keys)...)
		if len(words) > 0 {
			b = b.quiet()
		}
		out = append(out, b)
	}
	for i, word := range words {
		out[3*i] = out[3*i].shownAs([]string{"↑↓", "pgup/dn"}[i], word)
	}
	return out
}

// whenMore leaves keys that move or scroll out of the key bar while there is nowhere to go.
func whenMore(list []binding, more func(Model, document) bool) []binding {
	for i := range list {
		list[i].idle = func(m Model, d document) bool { return !more(m, d) }
	}
	return list
}

// choose binds the keys that select the other of two buttons. Tab is one of them unless it switches targets.
func (m Model) choose(do func(Model, document) Model) binding {
	keys := []string{"left", "right"}
	if len(m.docs) < 2 {
		keys = append(keys, "tab", "shift+tab")
	}
	return on("←→", "choose", noCommand(do), keys...)
}

func quitBinding() binding { return on("q", "quit", noTarget(Model.askQuit), "q", "ctrl+c") }

func openBinding() binding { return on("o", "open", noTarget(Model.browse), "o") }

func closeBinding() binding { return on("ctrl+w", "close target", Model.askClose, "ctrl+w") }

// turnBindings returns the bindings that bring another target into view.
func turnBindings() []binding {
	alone := func(m Model, _ document) model.Reason {
		if len(m.docs) < 2 {
			return "No other target is open: press o to open one"
		}
		return ""
	}
	turn := func(by int) doFunc {
		return func(m Model, _ document) (Model, tea.Cmd) { return m.turnTarget(by) }
	}
	return []binding{
		on("tab", "next target", turn(1), "tab").unless(alone),
		on("shift+tab", "previous target", turn(-1), "shift+tab").unless(alone),
	}
}
