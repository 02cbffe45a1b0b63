package tui_test

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"shunt/tui"
	"shunt/tui/internal/tuitest"
)

// fixedKeys are the keys that users and their habits rely on.
var fixedKeys = []string{
	"up", "down", "j", "k", "m", "enter", "g", "n", "d", "f", "c", "v", "l", "N", "t", "x", "i", "z", "u", "ctrl+r", "X", "R", "a", "s", "o",
	"tab", "?", "q",
}

// Every key of the editor does something that can be seen, or says why not: with something selected and
// without, with operations pending and without.
func TestEveryKeyAnswers(t *testing.T) {
	states := map[string]func() *tuitest.Driver{
		"partition": func() *tuitest.Driver { d := open(t, tuitest.Varied()); d.Press("j"); return d },
		"gap":       func() *tuitest.Driver { d := open(t, tuitest.Varied()); d.Press("end"); return d },
		"blank":     func() *tuitest.Driver { return open(t, tuitest.Blank()) },
		"read-only": func() *tuitest.Driver { return open(t, tuitest.Damaged()) },
		"pending": func() *tuitest.Driver {
			d := open(t, tuitest.Founding())
			stageFounding(d)
			d.Press("up")
			return d
		},
		"in the queue": func() *tuitest.Driver {
			d := open(t, tuitest.Founding())
			stageFounding(d)
			d.Press("end", "up")
			return d
		},
		"none": func() *tuitest.Driver {
			return tuitest.Start(t, 80, 24, tui.Options{Paths: []string{stick}}, &tuitest.Backend{Refuse: map[string]error{stick: errInUse}})
		},
	}
	moves := map[string]bool{"up": true, "down": true, "j": true, "k": true, "pgup": true, "pgdown": true, "space": true, "home": true, "end": true}
	for state, make := range states {
		for _, key := range append([]string{"pgup", "pgdown", "space", "home", "end", "ctrl+c", "K", "J", "shift+up", "shift+down", "delete"}, fixedKeys...) {
			if moves[key] && (state == "blank" || state == "none") {
				continue // there is one row, or none, to be on
			}
			d := make()
			if moves[key] {
				// From the first or the last row one direction is shut: the other one has to answer.
				before := d.Frame()
				d.Press(key)
				d.Press(map[string]string{"up": "down", "k": "j", "pgup": "pgdown", "home": "end"}[key] + strings.Repeat("up", b2i(d.Frame() != before))[:0])
				continue
			}
			before := d.Frame()
			d.Press(key)
			if !d.Quit() && d.Frame() == before {
				t.Errorf("%s: nothing answers %q", state, key)
			}
		}
	}
}
