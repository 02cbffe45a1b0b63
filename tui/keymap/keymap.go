// Package keymap is a key binding that can say why it does nothing. It imports bubbles/key and nothing
// of shunt.
//
// Invariant: a key that is switched off still matches, so that pressing it can show the reason.
package keymap

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"slices"
)

// Binding is a set of keys with what they are called and what they do.
type Binding struct {
	key.Binding
	// Off is why the keys do nothing, "" if they work.
	Off string
}

// Bind is a working binding. name is how people call the keys ("m, enter"), does what they do, in a word
// or two, and keys what the terminal reports them as; the space bar is "space".
func Bind(name, does string, keys ...string) Binding {
	return Binding{Binding: key.NewBinding(key.WithKeys(keys...), key.WithHelp(name, does))}
}

// Because is the binding switched off for the given reason; "" switches it on.
func (b Binding) Because(reason string) Binding {
	b.Off = reason
	return b
}

// As is the binding with another word for what it does.
func (b Binding) As(does string) Binding {
	b.SetHelp(b.Help().Key, does)
	return b
}

// Match reports whether the key press belongs to one of the bindings, switched off or not.
func Match(msg tea.KeyPressMsg, bindings ...Binding) bool {
	return slices.ContainsFunc(bindings, func(b Binding) bool { return key.Matches(msg, b.Binding) })
}

// Group is a named list of bindings, as one paragraph of the help shows them.
type Group struct {
	Name     string
	Bindings []Binding
}

// Short is the binding under a shorter name, for places where every cell counts.
func (b Binding) Short(name string) Binding {
	b.SetHelp(name, b.Help().Desc)
	return b
}
