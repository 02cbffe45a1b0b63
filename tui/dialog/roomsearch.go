package dialog

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/ops"
	"shunt/ops/guide"
	"shunt/tui/keymap"
)

// On a disk with many partitions the plans for a wish take dozens of milliseconds, too long to find them between a key and
// its frame. The page asks its owner for them and goes on; meanwhile it shows the plans for the wish before. Keys that
// choose among plans wait for those they are meant for, so that the same keys do the same on a slow machine as on a fast
// one, and no plan is staged that does not belong to what the field says.

// Solve asks for the plans for a wish. The dialog stays open and gets a Solved, and before that a Slow if it takes so long
// that somebody notices. What was asked before needs no answer any more.
type Solve struct {
	Queue ops.Queue
	Wish  guide.Wish
	Align geometry.Alignment
}

func (Solve) action() {}

// Solved brings the plans for a wish to the dialog that asked for them.
type Solved struct {
	Wish  guide.Wish
	Plans []guide.Plan
	No    []guide.Impossible
}

// Slow says that the plans for a wish are still being searched for.
type Slow struct{ Wish guide.Wish }

// search is what the page waits for.
type search struct {
	out   bool // plans were asked for and are not there yet
	wish  guide.Wish
	slow  bool              // it is told that they are searched for
	ahead []tea.KeyPressMsg // keys that are meant for those plans
}

// mostAhead is how many keys wait for plans at most.
const mostAhead = 32

// wish is what the field asks for.
func (r Room) wish() (guide.Wish, error) {
	w := guide.Wish{Part: r.part.ID, Shrink: r.image()}
	switch {
	case r.image():
		return w, nil
	case r.most():
		w.Most = true
		return w, nil
	}
	z := r.queue.Preview().SectorSize
	v, err := parseTyped(r.field.Value(), z)
	if err != nil {
		return w, err
	}
	w.Size = z.Up(v.bytes)
	if v.delta {
		w.Size += r.part.Span.Len()
	}
	return w, nil
}

// most reports whether the field asks for as much as there is.
func (r Room) most() bool {
	return !r.image() && strings.EqualFold(strings.TrimSpace(r.field.Value()), mostWord)
}

// solve finds the plans for what the field says, or asks for them where that takes longer than a key may.
func (r Room) solve() (Room, Action) {
	r.search = search{}
	w, err := r.wish()
	if err != nil {
		r = r.with(nil, nil)
		r.wrong = err
		return r, nil
	}
	if len(r.queue.Preview().Partitions()) <= guide.Few {
		return r.with(guide.Plans(r.queue, w, r.align)), nil
	}
	r.wrong = nil
	r.search = search{out: true, wish: w}
	return r, Solve{Queue: r.queue, Wish: w, Align: r.align}
}

// with is the page with plans, the first of them chosen.
func (r Room) with(plans []guide.Plan, no []guide.Impossible) Room {
	r.plans, r.no, r.at, r.down, r.wrong, r.clicked = plans, no, 0, 0, nil, false
	return r
}

// solved takes the plans that were asked for, and the keys that waited for them.
func (r Room) solved(msg Solved) (Dialog, Action) {
	if !r.search.out || msg.Wish != r.search.wish {
		return r, nil
	}
	ahead := r.search.ahead
	r.search = search{}
	r = r.with(msg.Plans, msg.No)
	for _, press := range ahead {
		if keymap.Match(press, keyAccept("")) {
			return r, r.accept()
		}
		r = r.choose(press)
	}
	return r, nil
}

// wait keeps a key for the plans that are searched for.
func (s search) wait(press tea.KeyPressMsg) search {
	if len(s.ahead) < mostAhead {
		s.ahead = append(s.ahead[:len(s.ahead):len(s.ahead)], press)
	}
	return s
}

// told reports whether the page says that it searches: if somebody waits for that.
func (s search) told() bool {
	accepts := func(press tea.KeyPressMsg) bool { return keymap.Match(press, keyAccept("")) }
	return s.out && s.slow || slices.ContainsFunc(s.ahead, accepts)
}
