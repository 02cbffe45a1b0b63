package styles

import "strings"

// GlyphSet names a set of characters for drawing screens.
type GlyphSet int

// The character sets. The zero value suits every modern terminal.
const (
	Unicode GlyphSet = iota
	ASCII            // the Linux console, and locales that are not UTF-8
)

// DetectGlyphs returns the character set that the terminal can show. getenv is os.Getenv, or a stand-in for tests. The
// Linux console has a font of 256 or 512 glyphs, and a C or POSIX locale guarantees only ASCII. UTF-8 is recognised by
// the first of LC_ALL, LC_CTYPE and LANG that is set.
func DetectGlyphs(getenv func(string) string) GlyphSet {
	if getenv("TERM") == "linux" {
		return ASCII
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		switch getenv(name) {
		case "":
			continue
		case "C", "POSIX":
			return ASCII
		}
		return Unicode
	}
	return Unicode
}

// Glyphs holds the characters with a meaning on a screen. Each is one cell wide, except More, Right, Left and Yes, which
// have two in ASCII.
type Glyphs struct {
	TopLeft, TopRight, BottomLeft, BottomRight string
	Horizontal, Vertical                       string

	Used, Unused, Unknown string // shading of a partition: data, unused, unknown
	Edge                  string // between two neighbours in a bar
	OpenExt, CloseExt     string // the ends of an extended partition in a bar
	HandleLeft            string // the ends of the partition that a dialog moves
	HandleRight           string

	Cursor           string // marks the line or field with the keyboard
	Pick             string // marks the chosen line of a list that does not have the keyboard
	More             string // text was cut here
	Less, Greater    string // there is more to the left, to the right
	Up, Down         string // there is more above, below
	Right, Left      string // direction of a move
	Yes, No          string // a step that succeeded, that failed
	Heed             string // a warning
	Now, Later       string // a step that is running, that has not begun
	Off              string // an entry of a list that cannot be chosen
	Full, Empty      string // progress bars
	Dot              string // between items of a line
	Busy             string // a partition that is in use
	Thumb, Track     string // the position in a scrolled text, and the line on which it moves
	Previous, Follow string // around a choice that the arrow keys change
}

// GlyphsOf returns the characters of a set.
func GlyphsOf(set GlyphSet) Glyphs {
	g := func(unicode, ascii string) string {
		if set == ASCII {
			return ascii
		}
		return unicode
	}
	return Glyphs{
		TopLeft: g("╭", "+"), TopRight: g("╮", "+"), BottomLeft: g("╰", "+"), BottomRight: g("╯", "+"),
		Horizontal: g("─", "-"), Vertical: g("│", "|"), Used: g("▓", "#"), Unused: g("░", "."), Unknown: g("▒", ":"),
		Edge: g("│", "|"), OpenExt: g("┃", "{"), CloseExt: g("┃", "}"), HandleLeft: g("┣", "["),
		HandleRight: g("┫", "]"), Cursor: g("▸", ">"), Pick: g("•", "*"), More: g("…", ".."), Less: g("‹", "<"), Greater: g("›", ">"),
		Up: g("↑", "^"), Down: g("↓", "v"), Right: g("→", "->"), Left: g("←", "<-"), Yes: g("✓", "ok"), No: g("✗", "x"),
		Now: g("▸", ">"), Later: g("·", "."), Heed: "!", Off: g("·", "-"), Full: g("█", "#"), Empty: g("░", "."), Dot: g("·", "-"),
		Busy: g("●", "*"), Thumb: g("█", "#"), Track: g("│", "."), Previous: g("‹", "<"), Follow: g("›", ">"),
	}
}

// arrowWords are the names of the arrow keys where no arrows can be shown. Signs that look alike would name other keys.
var arrowWords = strings.NewReplacer("↑↓", "up/down", "←→", "left/right", "↑", "up", "↓", "down", "←", "left", "→", "right")

// KeyName returns the name of a key as the terminal can show it: "↑↓" or "up/down".
func (s *Styles) KeyName(name string) string {
	if s.set == ASCII {
		return arrowWords.Replace(name)
	}
	return name
}
