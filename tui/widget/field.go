package widget

import (
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"shunt/tui/keymap"
	"shunt/tui/styles"
)

// Field is one line of editable text. It is a value; the zero Field is empty. In a fresh field the first typed character
// replaces the text. A field keeps invisible characters and shows them escaped, so that a path with odd characters still
// leads to its file.
type Field struct {
	text  []string // grapheme clusters
	at    int      // cursor, from 0 to len(text)
	fresh bool
	limit int // in characters, 0 for none
}

// fieldKeys are the keys a field takes besides text.
var fieldKeys = struct{ left, right, home, end, back, del, word, clear key.Binding }{
	left:  fieldKey("a character to the left", "left"),
	right: fieldKey("a character to the right", "right"),
	home:  fieldKey("start of the text", "home", "ctrl+a"),
	end:   fieldKey("end of the text", "end", "ctrl+e"),
	back:  fieldKey("delete to the left", "backspace", "ctrl+h"),
	del:   fieldKey("delete to the right", "delete", "ctrl+d"),
	word:  fieldKey("delete the word to the left", "ctrl+w"),
	clear: fieldKey("clear", "ctrl+u"),
}

func fieldKey(does string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp("", does))
}

// FieldKeys returns the keys that every field takes besides text.
func FieldKeys() []keymap.Binding {
	k := fieldKeys
	var out []keymap.Binding
	for _, b := range []key.Binding{k.left, k.right, k.home, k.end, k.back, k.del, k.word, k.clear} {
		out = append(out, keymap.Binding{Binding: b})
	}
	return out
}

// NewField returns a fresh field with the cursor after its text. limit is the greatest number of characters, 0 for any.
func NewField(text string, limit int) Field { return Field{limit: limit}.Set(text) }

// Set returns the field with another text, fresh again.
func (f Field) Set(text string) Field {
	f.text = clusters(text)
	f.at = len(f.text)
	f.fresh = true
	return f
}

// Value returns the text.
func (f Field) Value() string { return strings.Join(f.text, "") }

// Touch returns the field as if its text had been typed: the next character is added and does not replace the text.
func (f Field) Touch() Field {
	f.fresh = false
	return f
}

// Update handles a key or a paste; changed reports whether the text is different.
func (f Field) Update(msg tea.Msg) (next Field, changed bool) {
	next = f
	switch msg := msg.(type) {
	case tea.PasteMsg:
		first, _, _ := strings.Cut(msg.Content, "\n")
		next = f.insert(strings.TrimSuffix(first, "\r"))
	case tea.KeyPressMsg:
		next = f.press(msg)
	}
	return next, !slices.Equal(next.text, f.text)
}

func (f Field) press(msg tea.KeyPressMsg) Field {
	k, typed := fieldKeys, typedText(msg)
	switch {
	case key.Matches(msg, k.clear), f.fresh && key.Matches(msg, k.back, k.del, k.word):
		return f.cut(0, len(f.text))
	case key.Matches(msg, k.back):
		return f.cut(f.at-1, f.at)
	case key.Matches(msg, k.del):
		return f.cut(f.at, f.at+1)
	case key.Matches(msg, k.word):
		return f.cut(f.wordStart(), f.at)
	case key.Matches(msg, k.left):
		f.at = max(0, f.at-1)
	case key.Matches(msg, k.right):
		f.at = min(len(f.text), f.at+1)
	case key.Matches(msg, k.home):
		f.at = 0
	case key.Matches(msg, k.end):
		f.at = len(f.text)
	case typed != "":
		return f.insert(typed)
	default:
		return f
	}
	f.fresh = false
	return f
}

// typedText returns the text that a key types, or "". Some terminals report the keys of the number pad without text. Caps
// Lock and Num Lock are modifiers that may be set.
func typedText(msg tea.KeyPressMsg) string {
	if msg.Mod&(tea.ModCtrl|tea.ModAlt|tea.ModMeta|tea.ModHyper|tea.ModSuper) != 0 {
		return ""
	}
	if msg.Text != "" {
		return msg.Text
	}
	switch {
	case msg.Code >= tea.KeyKp0 && msg.Code <= tea.KeyKp9:
		return string('0' + msg.Code - tea.KeyKp0)
	case msg.Code == tea.KeyKpPlus:
		return "+"
	case msg.Code == tea.KeyKpMinus:
		return "-"
	case msg.Code == tea.KeyKpDecimal:
		return "."
	}
	return ""
}

// insert puts text at the cursor. In a fresh field it replaces everything.
func (f Field) insert(text string) Field {
	if f.fresh {
		f = f.cut(0, len(f.text))
	}
	added := clusters(strings.ReplaceAll(text, "\t", " "))
	if f.limit > 0 {
		added = added[:min(len(added), max(0, f.limit-len(f.text)))]
	}
	joined := slices.Concat(f.text[:f.at], added, f.text[f.at:])
	f.text, f.at, f.fresh = joined, f.at+len(added), false
	return f
}

// cut removes the clusters [from, to) and leaves the cursor there.
func (f Field) cut(from, to int) Field {
	from, to = max(0, from), min(len(f.text), to)
	if from < to {
		f.text = slices.Concat(f.text[:from], f.text[to:])
		f.at = from
	}
	f.fresh = false
	return f
}

// wordStart returns where the word before the cursor begins. The parts of a path count as words.
func (f Field) wordStart() int {
	i := f.at
	for i > 0 && strings.Contains(" /", f.text[i-1]) {
		i--
	}
	for i > 0 && !strings.Contains(" /", f.text[i-1]) {
		i--
	}
	return i
}

// View returns the field in width cells, and the cell of its cursor. Of a long text it shows the part around the cursor.
func (f Field) View(width int, focused bool, st *styles.Styles) (line string, cursor int) {
	if width < 1 {
		return "", 0
	}
	from := 0
	for from < f.at && span(f.text[from:f.at]) > width-1 {
		from++
	}
	shown, used := "", 0
	for i := from; i < len(f.text); i++ {
		c := Clean(f.text[i])
		w := Width(c)
		if used+w > width-1 && i >= f.at || used+w > width {
			break
		}
		shown += c
		used += w
	}
	look := st.Field
	if focused && f.fresh && len(f.text) > 0 {
		look = st.Picked
	}
	return Fit(look.Render(shown), width, ""), span(f.text[from:f.at])
}

func span(text []string) int {
	n := 0
	for _, c := range text {
		n += Width(Clean(c))
	}
	return n
}

// clusters splits text into grapheme clusters, the characters that a reader sees.
func clusters(text string) []string {
	var out []string
	for text != "" {
		c, _ := ansi.FirstGraphemeCluster(text, ansi.GraphemeWidth)
		if c == "" {
			break
		}
		out = append(out, c)
		text = text[len(c):]
	}
	return out
}
