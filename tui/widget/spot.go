package widget

import (
	"cmp"
	"strings"

	"charm.land/lipgloss/v2"

	"shunt/tui/keymap"
	"shunt/tui/styles"
)

// Spot is a clickable text in a line.
type Spot struct {
	Text  string // styled
	X     int    // its first cell in the line
	Key   string // the name of the key that a click presses (keymap.Event); "" for none
	Entry int    // the index of the word in a choice, counted from 1
}

// Row places spots side by side, beginning at cell x with a gap between them.
func Row(x, gap int, spots ...Spot) []Spot {
	for i := range spots {
		spots[i].X = x
		x += Width(spots[i].Text) + gap
	}
	return spots
}

// Line returns the text of spots.
func Line(spots []Spot) string {
	var out strings.Builder
	x := 0
	for _, s := range spots {
		out.WriteString(strings.Repeat(" ", max(0, s.X-x)) + s.Text)
		x = s.X + Width(s.Text)
	}
	return out.String()
}

// pressID begins the ID of a spot's layer; the name of the key follows.
const pressID = "press "

// Zone returns a clickable part of the screen: a layer of spaces with an ID.
func Zone(id string, x, y, width, height int) *lipgloss.Layer {
	lines := strings.Repeat(strings.Repeat(" ", max(0, width))+"\n", max(0, height))
	return lipgloss.NewLayer(strings.TrimSuffix(lines, "\n")).ID(id).X(x).Y(y)
}

// Zones returns the zones of spots in a line that begins at x and y. They lie above other zones.
func Zones(spots []Spot, x, y int) []*lipgloss.Layer {
	var out []*lipgloss.Layer
	for _, s := range spots {
		out = append(out, s.Zone(x, y))
	}
	return out
}

// Zone returns the zone of a spot in a line that begins at x and y.
func (s Spot) Zone(x, y int) *lipgloss.Layer {
	return Zone(pressID+s.Key, x+s.X, y, Width(s.Text), 1).Z(1)
}

// Pressed returns the key of the spot that was hit; ok is false if no spot was.
func Pressed(hit lipgloss.LayerHit) (key string, ok bool) {
	key, ok = strings.CutPrefix(hit.ID(), pressID)
	return key, ok && key != ""
}

// keySpots returns bindings as a key bar shows them.
func keySpots(bindings []keymap.Binding, st *styles.Styles) []Spot {
	var out []Spot
	for _, b := range bindings {
		// The descriptions have no look: these lines change often, and a look would send more bytes.
		does := b.Help().Desc
		if st.Held {
			does = st.Faint.Render(does)
		}
		out = append(out, Spot{Text: st.Key.Render(st.KeyName(b.Help().Key)) + " " + does, Key: cmp.Or(append(b.Keys(), "")...)})
	}
	return out
}
