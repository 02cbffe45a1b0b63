// Package keymap holds key bindings. A binding is used by pressing its keys or by clicking on its name.
package keymap

import (
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// Binding is a set of keys with their name and a description.
type Binding struct {
	key.Binding
	idle bool
}

// Bind returns a binding. name is the name of the keys for users ("m, enter"), does describes the effect in a word or
// two, and keys are the names that the terminal library reports; the space bar is "space".
func Bind(name, does string, keys ...string) Binding {
	return Binding{Binding: key.NewBinding(key.WithKeys(keys...), key.WithHelp(name, does))}
}

// As returns the binding with another description.
func (b Binding) As(does string) Binding {
	b.SetHelp(b.Help().Key, does)
	return b
}

// Idle returns the binding for a list of keys while its keys do nothing: the list keeps its height and does not show it.
func (b Binding) Idle() Binding {
	b.idle = true
	return b
}

// IsIdle reports whether the keys do nothing now.
func (b Binding) IsIdle() bool { return b.idle }

// Match reports whether a key press belongs to one of the bindings.
func Match(msg tea.KeyPressMsg, bindings ...Binding) bool {
	return slices.ContainsFunc(bindings, func(b Binding) bool { return key.Matches(msg, b.Binding) })
}

// Short returns the binding with a shorter name, for places with little room.
func (b Binding) Short(name string) Binding {
	b.SetHelp(name, b.Help().Desc)
	return b
}

// Names returns the names of all keys of the binding for people: "K shift+↑". Without keys it is the name that was given.
func (b Binding) Names() string {
	if len(b.Keys()) == 0 {
		return b.Help().Key
	}
	return arrows.Replace(strings.Join(b.Keys(), " "))
}

// arrows replaces the names of keys that have a sign of their own, or a shorter name on keyboards.
var arrows = strings.NewReplacer("pgdown", "pgdn", "pgup", "pgup", "up", "↑", "down", "↓", "left", "←", "right", "→")

// Has reports whether a key belongs to the binding.
func (b Binding) Has(key string) bool { return slices.Contains(b.Keys(), key) }
