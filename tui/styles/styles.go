// Package styles holds every colour and every drawing character of the screens, by meaning. It imports
// lipgloss and model (for the names of file systems) and nothing else of shunt.
//
// Invariants: no other package names a colour; a Styles is never changed after New, so it is passed by
// pointer; whatever a colour says is also said by a character or a word. Colours are given in full and
// brought down to 256 or none by the library when a frame is written; for terminals with 16 they are picked here.
package styles

import "shunt/model"

// Theme is the background the colours are made for.
type Theme int

// The themes.
const (
	Dark Theme = iota
	Light
)

// Depth says how many colours a terminal has.
type Depth int

// The depths.
const (
	Full    Depth = iota // 256 colours or more; with none the library leaves them out
	Sixteen              // the basic ones
)

// Styles is the look of the program.
type Styles struct {
	Glyphs

	Text   Look // ordinary text
	Strong Look // what a line is about
	Muted  Look // labels and hints
	Faint  Look // borders, separators, what cannot be chosen
	Brand  Look // the name of the program
	Focus  Look // the border and title of what has the keyboard
	Title  Look // the title of a box
	Head   Look // the heading of a table
	Good   Look
	Warn   Look
	Bad    Look
	Key    Look // the name of a key
	Row    Look // the selected line of a list
	Field  Look // the text of an input field
	Picked Look // text in a field that typing will replace
	Button Look // a button that can be reached
	Chosen Look // the button that Enter presses
	Danger Look // the same, when pressing it changes the target

	hues map[model.Hue]Look

	Unallocated, Unformatted, Extended, Other Look
}

// New is the look for a theme, a depth of colour and a repertoire of characters.
func New(theme Theme, depth Depth, set GlyphSet) *Styles {
	t := dark(pick(depth))
	if theme == Light {
		t = light(pick(depth))
	}
	plain, fg := plainLook(), coloured
	s := &Styles{
		Glyphs: GlyphsOf(set),
		// What is ordinary has the terminal's own colour: it suits every background, and costs nothing on the line.
		Text: plain, Strong: plain.Bold(true), Muted: fg(t.muted), Faint: fg(t.faint),
		Brand: fg(t.accent).Bold(true), Focus: fg(t.accent), Title: plain.Bold(true), Head: fg(t.muted).Bold(true),
		Good: fg(t.good), Warn: fg(t.warn), Bad: fg(t.bad).Bold(true),
		Key: fg(t.accent).Bold(true), Row: filled(t.text, t.row),
		Field: plain, Picked: plain.Reverse(true),
		Button: fg(t.muted), Chosen: filled(t.onFill, t.accent),
		Danger:      filled(t.onFill, t.bad),
		Unallocated: fg(t.unallocated), Unformatted: fg(t.unformatted), Extended: fg(t.extended), Other: fg(t.other),
		hues: map[model.Hue]Look{},
	}
	for hue, c := range t.hues {
		s.hues[hue] = fg(c)
	}
	return s
}

// FS is the look of a kind of file system; kinds without a colour of their own share one.
func (s *Styles) FS(kind model.FSKind) Look {
	if style, ok := s.hues[kind.Hue()]; ok {
		return style
	}
	if kind == model.Unformatted {
		return s.Unformatted
	}
	return s.Other
}
