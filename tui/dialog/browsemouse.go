package dialog

// mouse selects what is clicked, and opens what is clicked again.
func (b Browse) mouse(m Mouse) (Browse, Action) {
	switch {
	case m.Event != Press || m.Item < 0 || m.Item >= len(b.rows) || !b.rows[m.Item].entry:
		return b, nil
	case b.clicked && m.Item == b.at:
		return b.accept()
	}
	b.at, b.chosen, b.clicked = m.Item, true, true
	return b, nil
}
