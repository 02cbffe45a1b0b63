package dialog

// mouse selects what is clicked, and opens what is clicked again.
func (b Browse) mouse(m Mouse) (Browse, Action) {
	switch m.Event {
	case Press:
		from, to := b.visible(m.Height)
		at := from + m.Y - browseAbove
		if m.Y < browseAbove || at >= to || !b.rows[at].entry {
			return b, nil
		}
		if b.clicked && at == b.at {
			return b.accept()
		}
		b.at, b.chosen, b.clicked = at, true, true
	case Drag, Release:
	}
	return b, nil
}
