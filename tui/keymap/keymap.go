// Package keymap is a key binding that can be pressed: by its keys, and by a click on its name.
package keymap

import (
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// Binding is a set of keys with what they are called and what they do.
type Binding struct{ key.Binding }

// Bind is a binding. name is how people call the keys ("m, enter"), does what they do, in a word
// or two, and keys what the terminal reports them as; the space bar is "space".
func Bind(name, does string, keys ...string) Binding {
	return Binding{Binding: key.NewBinding(key.WithKeys(keys...), key.WithHelp(name, does))}
}

// As is the binding with another word for what it does.
func (b Binding) As(does string) Binding {
	b.SetHelp(b.Help().Key, does)
	return b
}

// Match reports whether the key press belongs to one of the bindings.
func Match(msg tea.KeyPressMsg, bindings ...Binding) bool {
	return slices.ContainsFunc(bindings, func(b Binding) bool { return key.Matches(msg, b.Binding) })
}

// Short is the binding under a shorter name, for places where every cell counts.
func (b Binding) Short(name string) Binding {
	b.SetHelp(name, b.Help().Desc)
	return b
}
