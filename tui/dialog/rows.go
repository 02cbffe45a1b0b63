package dialog

import (
	tea "charm.land/bubbletea/v2"

	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// formLabel and formField are the widths of the two columns of a form.
const (
	formLabel = 22
	formField = 15
)

// shown returns a row that cannot have the keyboard.
func shown(lines func(p paper) []string) row {
	return row{draw: func(p paper) drawing { return drawing{lines: lines(p)} }}
}

// blank returns an empty line. A window that is too low for its dialog leaves them out.
func blank() row {
	r := shown(func(paper) []string { return []string{""} })
	r.spare = true
	return r
}

// whole wraps a text that must not be cut, such as a reason. It takes least lines at least, so that the window keeps its
// size while the text changes.
func whole(text string, least int, look styles.Look, p paper) []string {
	lines := notes(text, p.width, max(least, p.height/2), look, p.st)
	return widget.Pad(lines, p.width, max(least, len(lines)), p.st.More)
}

// hint returns a row with a muted text of at most height lines.
func hint(text string, height int) row {
	return shown(func(p paper) []string { return notes(text, p.width, height, p.st.Muted, p.st) })
}

// notes wraps a text to at most height lines, after the sign of its look. A longer text ends with a mark.
func notes(text string, width, height int, look styles.Look, st *styles.Styles) []string {
	lines := widget.WrapSigned(text, width, look.Sign())
	if len(lines) > height {
		lines = lines[:height]
		lines[height-1] = widget.Fit(lines[height-1]+" "+st.More+st.More, width, st.More)
	}
	for i := range lines {
		lines[i] = look.Render(lines[i])
	}
	return lines
}

// field returns a row with a name and a field of at most width cells.
func field(own stop, name string, width int, f *widget.Field) row {
	return row{
		stop: own, about: about{name: name, types: anyText}, filled: func() bool { return f.Value() != "" },
		draw: func(p paper) drawing {
			return fieldLine(formName(name, p), *f, min(width, p.width-formLabel-4), p)
		},
		take: func(msg tea.Msg) Action {
			*f, _ = f.Update(msg)
			return nil
		},
	}
}

// pathField returns a row with a field for a path, over the whole width.
func pathField(f *widget.Field) row {
	r := field(stopName, "Path", 0, f).meant("The path of a file. One that does not begin with / starts where shunt was started; ~ is the home directory.")
	r.draw = func(p paper) drawing { return wideLine("Path", *f, p) }
	return r
}

// wideLine draws a name and a field over the whole width.
func wideLine(name string, f widget.Field, p paper) drawing {
	label := p.st.Muted.Render("  " + name + " ")
	if p.here {
		label = p.st.Focus.Render(p.st.Cursor + " " + name + " ")
	}
	return fieldLine(label, f, p.width-widget.Width(label)-2, p)
}

// pick returns a row with a name and several words; the arrow keys and clicks select one of them.
func pick[I ~int](own stop, name string, words []string, at *I) row {
	keys := func(press tea.KeyPressMsg) I {
		switch n := I(len(words)); {
		case keymap.Match(press, keyLeft(), keyUp()):
			return (*at + n - 1) % n
		case keymap.Match(press, keyRight(), keyDown(), keyHandle()):
			return (*at + 1) % n
		}
		return *at
	}
	return row{
		stop: own, keys: []keymap.Binding{keyChoose()},
		about: about{name: name, keys: []keymap.Binding{keyUp().As("previous"), keyDown().As("next"), keyHandle().As("next")}},
		draw: func(p paper) drawing {
			spots := widget.Choice(words, int(*at), p.here, p.width-formLabel-2, p.st)
			spots = widget.Row(0, 0, append([]widget.Spot{{Text: formName(name, p)}}, spots...)...)
			return drawing{lines: []string{widget.Line(spots)}, spots: spots}
		},
		take: func(msg tea.Msg) Action {
			if press, ok := msg.(tea.KeyPressMsg); ok {
				*at = keys(press)
			}
			return nil
		},
		mouse: func(m Mouse) Action {
			if m.Event == Press && m.Entry > 0 {
				*at = I(m.Entry - 1)
			}
			return nil
		},
	}
}

// formName returns the name of a row, with a mark if it has the keyboard.
func formName(name string, p paper) string {
	if p.here {
		return p.st.Focus.Render(widget.Fit(p.st.Cursor+" "+name, formLabel+2, ""))
	}
	return p.st.Muted.Render(widget.Fit("  "+name, formLabel+2, ""))
}

// fieldLine draws a label and a field in brackets.
func fieldLine(label string, f widget.Field, width int, p paper) drawing {
	frame := p.st.Faint
	if p.here {
		frame = p.st.Focus
	}
	text, x := f.View(width, p.here, p.st)
	return drawing{
		lines:  []string{label + frame.Render("[") + text + frame.Render("]")},
		cursor: widget.Width(label) + 1 + x,
	}
}

// beside adds a text after the first line if it fits.
func (s drawing) beside(text string, width int) drawing {
	if text != "" && widget.Width(s.lines[0])+2+widget.Width(text) <= width {
		s.lines[0] += "  " + text
	}
	return s
}
