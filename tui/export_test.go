package tui

// HelpKeys lists every key that the help shows, as a terminal reports it.
func HelpKeys() []string {
	var out []string
	for _, g := range keys().groups() {
		for _, b := range g.Bindings {
			out = append(out, b.Keys()...)
		}
	}
	return out
}
