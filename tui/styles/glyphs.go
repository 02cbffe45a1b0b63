package styles

// GlyphSet names a repertoire of characters the screens are drawn with.
type GlyphSet int

// The repertoires. The zero value suits every modern terminal.
const (
	Unicode GlyphSet = iota
	ASCII            // the Linux console, and locales that are not UTF-8
)

// DetectGlyphs picks the repertoire a terminal can show. getenv is os.Getenv, or a stand-in for tests.
// The Linux console has a font of 256 or 512 glyphs, and a C or POSIX locale promises nothing beyond
// ASCII; a terminal set up for UTF-8 says so in the first of LC_ALL, LC_CTYPE and LANG that is set.
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

// Glyphs are the characters that carry meaning on a screen; each is one cell wide.
type Glyphs struct {
	TopLeft, TopRight, BottomLeft, BottomRight string
	Horizontal, Vertical                       string

	Used, Unused, Unknown string // shading of a partition: holds data, free, cannot be told
	Edge                  string // between two neighbours in a bar
	OpenExt, CloseExt     string // the ends of an extended partition in a bar
	HandleLeft            string // the ends of the partition that a dialog moves
	HandleRight           string

	Cursor           string // marks the selected line of a list
	More             string // says that text was cut off
	Less, Greater    string // something lies further left, further right
	Up, Down         string // something lies further up, further down
	Right, Left      string // direction of a move
	Yes, No          string // a step that succeeded, that failed
	Now, Later       string // a step that is running, that has not begun
	Full, Empty      string // progress bars
	Dot              string // between items of a line
	Busy             string // a partition that is in use
	Thumb            string // where a scrolled text stands
	Previous, Follow string // a choice that the arrows change
}

// GlyphsOf lists the characters of a repertoire.
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
		HandleRight: g("┫", "]"), Cursor: g("▸", ">"), More: g("…", "~"), Less: g("‹", "<"), Greater: g("›", ">"),
		Up: g("↑", "^"), Down: g("↓", "v"), Right: g("→", ">"), Left: g("←", "<"), Yes: g("✓", "+"), No: g("✗", "x"),
		Now: g("▸", ">"), Later: g("·", "."), Full: g("█", "#"), Empty: g("░", "."), Dot: g("·", "-"),
		Busy: g("●", "*"), Thumb: g("┃", "#"), Previous: g("‹", "<"), Follow: g("›", ">"),
	}
}
