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

// shown is a row that only shows something.
func shown[T any](lines func(p paper) []string) row[T] {
	return row[T]{draw: func(p paper) ([]string, *Point) { return lines(p), nil }}
}

// blank is an empty line.
func blank[T any]() row[T] { return shown[T](func(paper) []string { return []string{""} }) }

// hint is a text of at most height lines that stands back.
func hint[T any](text string, height int) row[T] {
	return shown[T](func(p paper) []string { return notes(text, p.width, height, p.st.Muted.Render, p.st) })
}

// outcome is what Enter would stage and what that costs, or why it is impossible.
func outcome[T any](wrong error, v verdict, idle string) row[T] {
	return shown[T](func(p paper) []string { return verdictLines(wrong, v, idle, p.width, p.st) })
}

// field is a line with a name and a field of at most width cells.
func field[T any](t T, own stop, name string, width int, at func(*T) *widget.Field) row[T] {
	return row[T]{
		stop: own,
		draw: func(p paper) ([]string, *Point) {
			line, x := fieldLine(formName(name, p.here, p.st), *at(&t), p.here, min(width, p.width-formLabel-4), p.st)
			return []string{line}, &Point{X: x}
		},
		take: func(t *T, msg tea.Msg) Action {
			*at(t), _ = at(t).Update(msg)
			return nil
		},
	}
}

// pick is a line with a name and words, of which the arrow keys and clicks pick one.
func pick[T any](t T, own stop, name string, words []string, at func(*T) *int) row[T] {
	return row[T]{
		stop: own,
		draw: func(p paper) ([]string, *Point) {
			label := formName(name, p.here, p.st)
			return []string{label + widget.ChoiceIn(words, *at(&t), p.here, p.width-widget.Width(label), p.st)}, nil
		},
		take: func(t *T, msg tea.Msg) Action {
			if press, ok := msg.(tea.KeyPressMsg); ok {
				*at(t) = turn(press, *at(t), len(words))
			}
			return nil
		},
		mouse: func(t *T, m Mouse) {
			if i := widget.ChoiceAt(words, *at(t), m.Width-formLabel-2, m.X-formLabel-2); m.Event == Press && i >= 0 {
				*at(t) = i
			}
		},
	}
}

// turn is the choice after an arrow key or the space bar.
func turn(press tea.KeyPressMsg, at, n int) int {
	switch {
	case keymap.Match(press, keyLeft(), keyUp()):
		return (at + n - 1) % n
	case keymap.Match(press, keyRight(), keyDown(), keyHandle()):
		return (at + 1) % n
	}
	return at
}

// formName is the label of a line of a form, marked if the keyboard is there.
func formName(name string, here bool, st *styles.Styles) string {
	if here {
		return st.Focus.Render(widget.Fit(st.Cursor+" "+name, formLabel+2, ""))
	}
	return st.Muted.Render(widget.Fit("  "+name, formLabel+2, ""))
}

// fieldLine is a label with a field in brackets, and the cell of the cursor.
func fieldLine(label string, f widget.Field, here bool, width int, st *styles.Styles) (line string, cursor int) {
	frame := st.Faint
	if here {
		frame = st.Focus
	}
	text, x := f.View(width, here, st)
	return label + frame.Render("[") + text + frame.Render("]"), widget.Width(label) + 1 + x
}
