// Package styles holds every colour and every drawing character of the screens, named by meaning.
//
// Invariants: no other package names a colour. A Styles does not change after New, so it is passed by pointer. Everything
// that a colour says is also said by a character or a word. Colours are given in full; the library reduces them to 256 or
// none. For terminals with 16 colours they are chosen here.
package styles

import (
	"charm.land/lipgloss/v2"

	"shunt/model"
)

// Theme is the background for which the colours are made.
type Theme int

// The kinds of background.
const (
	Dark Theme = iota
	Light
)

// Depth is the number of colours of a terminal.
type Depth int

// The supported depths.
const (
	Full    Depth = iota // 256 colours or more
	Sixteen              // the basic ones
	Mono                 // none: the library leaves colours out, and what is filled is reversed
)

// Styles holds the looks and the characters of the program.
type Styles struct {
	Glyphs
	set GlyphSet

	Text   Look // ordinary text
	Strong Look // the subject of a line
	Muted  Look // labels and hints
	Faint  Look // borders and separators, and keys that are held off
	Brand  Look // the name of the program
	Focus  Look // the border and title of the part with the keyboard
	Title  Look // the title of a box
	Head   Look // the heading of a table
	Good   Look
	Warn   Look
	Bad    Look
	Key    Look // the name of a key
	Row    Look // the selected line of a list
	Stripe Look // every second line of a long table
	Field  Look // the text of an input field
	Picked Look // text in a field that typing will replace
	Button Look // a button
	Chosen Look // the button that Enter presses
	Danger Look // the button that Enter presses, if it changes the target
	Alarm  Look // a line over the whole width that says what is damaged

	hues map[model.Hue]Look

	// Held says that keys have no effect for a moment. No button is marked then, and all are in parentheses, so that this is seen
	// without colour, too.
	Held bool

	Unallocated, Unformatted, Extended, Other Look
}

// New returns the styles for a theme, a number of colours and a character set.
func New(theme Theme, depth Depth, set GlyphSet) *Styles {
	c := pick(theme, depth)
	plain, fg := Look{}, coloured
	muted := c("#8f9bb0", lipgloss.White, "#5d6776", lipgloss.BrightBlack)
	accent := c("#7cc7ff", lipgloss.BrightCyan, "#0b62b0", lipgloss.Blue)
	bad := c("#ff7b72", lipgloss.BrightRed, "#b3261e", lipgloss.Red)
	onFill := c("#10151c", lipgloss.Black, "#ffffff", lipgloss.BrightWhite)
	// What stands in a row keeps its colours, so both backgrounds are close to that of the terminal. Sixteen colours have none
	// that is close enough: there the selected row is reversed, in one look for its whole width.
	row, stripe := shaded(c("#31374a", nil, "#dde7f3", nil)).Bold(true), shaded(c("#1a1e24", nil, "#f3f5f8", nil))
	if depth != Full {
		row, stripe = plain.Reverse(true), plain
		row.plain = true
	}
	glyphs := GlyphsOf(set)
	sign := glyphs.Heed + " "
	other := fg(c("#b8b8b8", lipgloss.White, "#555555", lipgloss.BrightBlack))
	// Terminals with sixteen colours draw bold black as dark grey.
	chosen, danger := filled(onFill, accent).Bold(depth != Sixteen), filled(onFill, bad).Bold(depth != Sixteen)
	if depth == Mono {
		chosen = plain.Bold(true).Reverse(true)
		danger = chosen
	}
	return &Styles{
		Glyphs: glyphs, set: set,
		// Ordinary text has the default colour of the terminal: it suits every background and needs no sequence.
		Text: plain, Strong: plain.Bold(true), Muted: fg(muted),
		Faint: fg(c("#56606f", lipgloss.BrightBlack, "#a9b1bd", lipgloss.BrightBlack)),
		Brand: fg(accent).Bold(true), Focus: fg(accent), Title: plain.Bold(true), Head: fg(muted).Bold(true),
		Good: fg(c("#7fd88f", lipgloss.BrightGreen, "#1a7f37", lipgloss.Green)),
		Warn: fg(c("#f0c674", lipgloss.BrightYellow, "#8a5d00", lipgloss.Magenta)).signed(sign), Bad: fg(bad).Bold(true).signed(sign),
		Key: fg(accent).Bold(true), Row: row, Stripe: stripe, Field: plain, Picked: plain.Reverse(true),
		Button: plain, Chosen: chosen, Danger: danger.signed(sign), Alarm: danger.signed(sign),
		Unallocated: fg(c("#8b929c", lipgloss.White, "#626870", lipgloss.BrightBlack)),
		Extended:    fg(c("#6fdfe0", lipgloss.White, "#0b7f86", lipgloss.BrightBlack)),
		Unformatted: other, Other: other,
		hues: c.hues(),
	}
}

// Holding returns the styles for the moment in which keys have no effect: buttons and the names of keys are dim.
func (s *Styles) Holding() *Styles {
	held := *s
	held.Held = true
	held.Button, held.Chosen, held.Danger, held.Key = s.Faint, s.Faint, s.Faint, s.Faint
	return &held
}

// Behind returns the styles of a page behind a dialog. What is selected there has the weaker mark and no highlight, as the dialog has
// the keyboard.
func (s *Styles) Behind() *Styles {
	page := s.Holding()
	page.Cursor, page.Row = s.Pick, s.Text
	return page
}

// FS returns the look of a kind of file system; kinds without a colour of their own share one.
func (s *Styles) FS(kind model.FSKind) Look {
	if style, ok := s.hues[kind.Hue()]; ok {
		return style
	}
	if kind == model.Unformatted {
		return s.Unformatted
	}
	return s.Other
}
