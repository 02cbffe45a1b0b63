package dialog

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// about is what the list of keys says about a row.
type about struct {
	name  string           // "" stands for the usual name of its stop
	means string           // "" stands for the usual meaning of its stop
	keys  []keymap.Binding // keys that the row takes and does not show
	types typing
}

// typing says what characters do in a row.
type typing int

const (
	noText   typing = iota
	someText        // they belong to a size, in which there is no question mark
	anyText         // they belong to its text
)

// meant returns the row with a meaning of its own.
func (r row) meant(text string) row {
	r.about.means = text
	return r
}

// numeric returns the row of a field for a size.
func (r row) numeric() row {
	r.about.types = someText
	return r
}

// usual has the names and meanings of rows that several dialogs have.
var usual = map[stop]about{
	stopBefore: {means: "The free space before the partition, back to the previous one. A number typed here moves the partition."},
	stopSize:   {means: "The new size, or a change with a sign."},
	stopAfter:  {means: "The free space behind the partition, up to the next one. A number typed here moves it, too."},
	stopAlign: {means: "The grid. A typed position goes to the nearest line of the grid, and so does the end of a typed size. A change is rounded " +
		"to whole steps. The = key takes a number exactly as typed, or to the grid again. A number of sectors (2048s) is always exact."},
	stopBar: {
		name: "Bar",
		means: "The partition and the room around it. The arrow keys or the mouse move the partition or one of its ends. The space " +
			"key changes between the three.",
	},
	stopFS:       {name: "List", means: "What to choose from. What cannot be chosen says why."},
	stopRole:     {means: "An MBR has room for 4 primary partitions; one of them can be extended and hold logical ones."},
	stopLabel:    {means: "The name of the file system, which is stored in it. It may stay empty."},
	stopName:     {means: "The name of the partition in the table. It may stay empty."},
	stopFlags:    {name: "Flags", means: "What firmware and systems look for. A line below the flags says what the selected one means."},
	stopPrealloc: {means: "Which room for the new part is taken from the host's file system now."},
	stopButtons:  {name: "Buttons", means: "The answers. Each has its own key; enter gives the marked one."},
}

// rule says how typed sizes are understood.
const rule = "A number alone is in MiB; units are s (sectors), B, KiB, MiB, GiB, TiB, kB, MB, GB, TB."

// described returns the name and the meaning of a row; ok is false if there is nothing to say.
func (r row) described() (m Meaning, ok bool) {
	known := usual[r.stop]
	m = Meaning{Name: r.about.name, Text: r.about.means}
	if m.Name == "" {
		m.Name = known.name
	}
	if m.Text == "" {
		m.Text = known.means
	}
	return m, r.stop != stopNone && m.Name != "" && m.Text != ""
}

// explains reports whether a key opens the list of keys while the row at a stop has the keyboard.
func (l layout) explains(at stop, press tea.KeyPressMsg) bool {
	typed := press.Text != "" && l.row(at).about.types == anyText
	return !l.explained && keymap.Match(press, keyHelp()) && !typed
}

// sections returns the keys of a dialog, and what its fields mean.
func (l layout) sections() []KeySection {
	var keys, fields []Meaning
	var told []string // the keys that are in the list
	add := func(list ...keymap.Binding) {
		for _, b := range list {
			isNew := func(key string) bool { return !slices.Contains(told, key) }
			if b.Help().Desc != "" && (len(b.Keys()) == 0 || slices.ContainsFunc(b.Keys(), isNew)) {
				keys, told = append(keys, Meaning{Name: b.Names(), Text: b.Help().Desc}), append(told, b.Keys()...)
			}
		}
	}
	add(l.keys...)
	types := noText
	for _, r := range l.rows {
		add(r.keys...)
		add(r.about.keys...)
		types = max(types, r.about.types)
		if m, ok := r.described(); ok && !slices.Contains(fields, m) {
			fields = append(fields, m)
		}
	}
	if len(l.stops()) > 1 {
		add(keyNext().As("next field"), keyPrevious().As("previous field"))
	}
	if l.does != "" {
		add(keyAccept(l.does))
	}
	add(l.more...)
	esc := l.esc
	if esc == "" || esc == noWord {
		esc = "cancel"
	}
	help := keyHelp()
	if types == anyText {
		help = keyHelpInText()
	}
	add(keyCancel().As(esc), help)
	var out []KeySection
	if types == someText {
		fields = append(fields, Meaning{Name: "Sizes", Text: rule})
	}
	if len(fields) > 0 {
		out = []KeySection{{Title: "What the parts mean", Lines: fields}}
	}
	out = append(out, KeySection{Title: "Keys", Lines: keys})
	if keys = nil; types != noText {
		add(widget.FieldKeys()...)
		out = append(out, KeySection{Title: "In a text", Lines: keys})
	}
	return out
}
