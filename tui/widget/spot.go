package widget

import (
	"cmp"
	"strings"

	"charm.land/lipgloss/v2"

	"shunt/tui/keymap"
	"shunt/tui/styles"
)

// Spot is a text in a line that can be clicked.
type Spot struct {
	Text  string // styled
	X     int    // its first cell in the line
	Key   string // the key that a click presses, as keymap.Event takes it; "" for none
	Entry int    // in a choice, the index of the word, counted from 1
}

// Row puts spots side by side, beginning at cell x with a gap between them.
func Row(x, gap int, spots ...Spot) []Spot {
	for i := range spots {
		spots[i].X = x
		x += Width(spots[i].Text) + gap
	}
	return spots
}

// Line is the text of spots.
func Line(spots []Spot) string {
	var out strings.Builder
	x := 0
	for _, s := range spots {
		out.WriteString(strings.Repeat(" ", max(0, s.X-x)) + s.Text)
		x = s.X + Width(s.Text)
	}
	return out.String()
}

// pressID begins the ID of a spot's layer; its key is the rest.
const pressID = "press "

// Zone is a part of the screen that can be clicked: a layer of spaces with an ID.
func Zone(id string, x, y, width, height int) *lipgloss.Layer {
	lines := strings.Repeat(strings.Repeat(" ", max(0, width))+"\n", max(0, height))
	return lipgloss.NewLayer(strings.TrimSuffix(lines, "\n")).ID(id).X(x).Y(y)
}

// Zones are the zones of spots in a line that begins at x and y. They lie above other zones.
func Zones(spots []Spot, x, y int) []*lipgloss.Layer {
	var out []*lipgloss.Layer
	for _, s := range spots {
		out = append(out, s.Zone(x, y))
	}
	return out
}

// Zone is the zone of a spot in a line that begins at x and y.
func (s Spot) Zone(x, y int) *lipgloss.Layer {
	return Zone(pressID+s.Key, x+s.X, y, Width(s.Text), 1).Z(1)
}

// Pressed is the key of the spot that was hit; ok is false if none was.
func Pressed(hit lipgloss.LayerHit) (key string, ok bool) {
	key, ok = strings.CutPrefix(hit.ID(), pressID)
	return key, ok && key != ""
}

// keySpots are bindings as a bar shows them.
func keySpots(bindings []keymap.Binding, st *styles.Styles) []Spot {
	var out []Spot
	for _, b := range bindings {
		// The words have no look of their own: these lines change often, and a look makes them longer for the terminal.
		out = append(out, Spot{Text: st.Key.Render(b.Help().Key) + " " + b.Help().Desc, Key: cmp.Or(append(b.Keys(), "")...)})
	}
	return out
}
