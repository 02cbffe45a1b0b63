package dialog

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// kindPick chooses the contents of a new partition. There are too many for one line: the row shows the chosen one, letters choose
// another, and space opens a list of all, with the reasons why some cannot be made.
type kindPick struct {
	kinds []kindChoice
	list  list
	open  bool // the list has the window
	was   int  // the choice before the list was opened
}

func newKindPick(kinds []kindChoice) kindPick {
	k := kindPick{kinds: kinds, list: list{page: formatRows - 1}}
	for _, kind := range kinds {
		k.list.choices = append(k.list.choices, choice{text: kind.word, off: kind.off, lack: kind.lack})
	}
	return k
}

// chosen returns the chosen contents, which can be made. The first of all can.
func (k *kindPick) chosen() kindChoice { return k.kinds[k.list.at] }

// step goes to the next contents that can be made.
func (k *kindPick) step(by int) {
	n := len(k.kinds)
	for i := 1; i <= n; i++ {
		if at := (k.list.at + by*i + n*i) % n; k.kinds[at].off.OK() {
			k.list.at, k.list.typed = at, ""
			return
		}
	}
}

// show opens the list.
func (k *kindPick) show() { k.open, k.was, k.list.typed = true, k.list.at, "" }

// row returns the row of the form.
func (k *kindPick) row() row {
	r := row{
		stop:  stopFS,
		keys:  []keymap.Binding{keyChoose(), keymap.Bind("space", "list", "space")},
		about: about{name: "File system", keys: []keymap.Binding{keyUp().As("previous"), keyDown().As("next"), keymap.Bind("letters", "choose"), keyBack()}},
	}
	r = r.meant("What the new partition holds. Letters choose the one that begins with them.")
	r.draw = func(p paper) drawing {
		look, word := p.st.Strong, "["+k.chosen().word+"]"
		if p.here {
			look, word = p.st.Chosen, p.st.Previous+k.chosen().word+p.st.Follow
		}
		can := 0
		for _, kind := range k.kinds {
			if kind.off.OK() {
				can++
			}
		}
		more := p.st.Muted.Render(fmt.Sprintf("one of %d; space lists them", can))
		spots := widget.Row(0, 0, widget.Spot{Text: formName("File system", p)}, widget.Spot{Text: look.Render(word)})
		if last := (widget.Spot{Text: "  " + more, X: widget.Width(widget.Line(spots)), Entry: 1}); last.X+widget.Width(last.Text) <= p.width {
			spots = append(spots, last)
		}
		return drawing{lines: []string{widget.Line(spots)}, spots: spots}
	}
	r.take = func(msg tea.Msg) Action {
		press, _ := msg.(tea.KeyPressMsg)
		switch {
		case keymap.Match(press, keyLeft(), keyUp()):
			k.step(-1)
		case keymap.Match(press, keyRight(), keyDown()):
			k.step(1)
		case keymap.Match(press, keyHandle()):
			k.show()
		default:
			if k.list.write(msg); !k.chosen().off.OK() {
				k.step(1)
			}
		}
		return nil
	}
	r.mouse = func(m Mouse) Action {
		if m.Event == Press && m.Entry > 0 {
			k.show()
		}
		return nil
	}
	return r
}

// layout returns the list of all contents.
func (k *kindPick) layout() layout {
	why := func(p paper) []string {
		text := ""
		if off := k.chosen().off; !off.OK() {
			text = "Not possible: " + string(off)
		}
		return whole(widget.Clean(text), 2, p.st.Warn, p)
	}
	height := func(p paper) int { return min(len(k.kinds), max(3, p.height-4-len(why(p)))) }
	list := listOf(stopFS, 10, &k.list, height)
	click := list.mouse
	list.mouse = func(m Mouse) Action {
		again := m.Entry == k.list.at+1
		if click(m); m.Event == Press && again {
			return k.accept()
		}
		return nil
	}
	return layout{
		title: "File system of the new partition", rows: []row{list, shown(why)}, accept: k.accept, within: k.chosen().off.OK(), does: "choose", typed: k.list.typed,
		keys: []keymap.Binding{k.list.key(), keymap.Bind("letters", "find")},
		back: func() bool {
			if !k.list.clear() {
				k.open, k.list.at = false, k.was
			}
			return true
		},
	}
}

// accept returns to the form with the selected contents, if they can be made.
func (k *kindPick) accept() Action {
	if k.chosen().off.OK() {
		k.open = false
		k.list.clear()
	}
	return nil
}
