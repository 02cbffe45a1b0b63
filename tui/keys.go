package tui

import "shunt/tui/keymap"

// keyMap is every key of the pages. What a key is called, and what the help says of it, comes from here.
type keyMap struct {
	up, down, pageUp, pageDown, top, bottom keymap.Binding

	resize, room, create, remove, format, copy, paste keymap.Binding
	label, name, kind, uuid, check, info, image       keymap.Binding
	table, convert, mounts, support                   keymap.Binding

	undo, redo, clear, rehearse, apply, save keymap.Binding
	earlier, later, takeBack                 keymap.Binding

	open, next, previous, shut, help, quit keymap.Binding

	// Keys of the pages of a run, of recovery, and of texts.
	back, stop, log, saveLog, yes, no, answer, turn keymap.Binding
	finish, rollBack                                keymap.Binding
	inside, outside, other, rescan                  keymap.Binding
}

// keys is the key map. It is a function so that nothing can be changed in it.
func keys() keyMap {
	b := keymap.Bind
	return keyMap{
		up: b("↑ k", "up", "up", "k"), down: b("↓ j", "down", "down", "j"),
		pageUp: b("pgup", "page up", "pgup"), pageDown: b("pgdn", "page down", "pgdown", "space"),
		top: b("home", "first", "home"), bottom: b("end", "last", "end"),

		resize: b("m enter", "resize/move", "m", "enter"), room: b("g", "make room", "g"),
		create: b("n", "new", "n"), remove: b("d", "delete", "d", "delete"),
		format: b("f", "format", "f"), copy: b("c", "copy", "c"), paste: b("v", "paste", "v"),
		label: b("l", "label", "l"), name: b("N", "partition name", "N"), kind: b("t", "type and flags", "t"),
		uuid: b("w", "new UUID", "w"), check: b("x", "check", "x"),
		table: b("T", "new table", "T"), convert: b("G", "MBR to GPT", "G"),
		mounts: b("M", "mount, attach", "M"), support: b("S", "what is supported", "S"),
		info: b("i", "information", "i"), image: b("z", "image size", "z"),

		undo: b("u ctrl+z", "undo", "u", "ctrl+z"), redo: b("ctrl+r", "redo", "ctrl+r"), clear: b("X", "clear all", "X"),
		rehearse: b("R", "rehearse", "R"), apply: b("a", "apply", "a"), save: b("s", "save plan", "s"),
		takeBack: b("U", "undo the last apply", "U"),
		earlier:  b("K", "do earlier", "K", "shift+up"), later: b("J", "do later", "J", "shift+down"),

		open: b("o", "open", "o"), next: b("tab", "next target", "tab"), previous: b("shift+tab", "previous target", "shift+tab"),
		shut: b("ctrl+w", "close target", "ctrl+w"),
		help: b("?", "help", "?"), quit: b("q", "quit", "q", "ctrl+c"),

		back: b("esc", "back", "esc", "q", "ctrl+c"), stop: b("q", "stop", "q", "esc", "ctrl+c"), log: b("l", "log", "l"),
		saveLog: b("s", "save", "s"),
		yes:     b("y", "apply", "y", "Y"), no: b("n", "do not", "n", "N", "esc", "q", "ctrl+c"),
		answer: b("enter", "answer", "enter"), turn: b("←→", "choose", "left", "right", "tab", "shift+tab"),
		inside: b("enter", "files", "enter", "right"), outside: b("backspace", "up", "backspace", "left"),
		other: b("tab", "target", "tab", "shift+tab"), rescan: b("r", "look again", "r"),
		finish: b("f", "finish", "f", "F"), rollBack: b("b", "roll back", "b", "B"),
	}
}

// groups lists the editor's keys as the help shows them.
func (k keyMap) groups() []keymap.Group {
	return []keymap.Group{
		{Name: "Select", Bindings: []keymap.Binding{k.up, k.down, k.pageUp, k.pageDown, k.top, k.bottom}},
		{Name: "Partition", Bindings: []keymap.Binding{
			k.resize, k.create, k.remove, k.format, k.copy, k.paste, k.label, k.name, k.kind, k.uuid, k.check, k.room,
		}},
		{Name: "Disk", Bindings: []keymap.Binding{k.image, k.table, k.convert, k.info, k.mounts}},
		{Name: "Pending operations", Bindings: []keymap.Binding{
			k.undo, k.redo, k.remove.As("remove the selected one"), k.earlier, k.later, k.clear,
			k.rehearse, k.apply, k.save, k.takeBack,
		}},
		{Name: "Program", Bindings: []keymap.Binding{k.open, k.next, k.previous, k.shut, k.support, k.help, k.quit}},
	}
}
