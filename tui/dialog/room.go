package dialog

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/guide"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// room is the Make room page: how large a partition should be, and the ways to get there. Without a partition it is about
// the image, which shall be as small as its contents allow, and has no field.
//
// On a disk with many partitions the plans for a wish take dozens of milliseconds, too long to find them between a key and
// its frame. The page asks its owner for them and goes on; meanwhile it shows the plans for the wish before. Keys that
// choose among plans wait for those they are meant for, so that the same keys do the same on a slow machine as on a fast
// one, and no plan is staged that does not belong to what the field says.
type room struct {
	part  model.Partition // ID 0: the image
	queue ops.Queue
	align geometry.Alignment
	field widget.Field
	wrong error

	plans   []guide.Plan
	no      []guide.Impossible
	at      int  // the chosen plan
	down    int  // how many lines of the list are scrolled away, from where the chosen plan is seen
	clicked bool // the chosen plan was clicked, and nothing else since
	search  search
}

// search is what the page waits for.
type search struct {
	out   bool // plans were asked for and are not there yet
	wish  guide.Wish
	slow  bool              // the page says that they are searched for
	ahead []tea.KeyPressMsg // keys that are meant for those plans
}

// Solve asks for the plans for a wish. The dialog stays open and gets a Solved, and before that a Slow if it takes so long
// that somebody notices. What was asked before needs no answer any more.
type Solve struct {
	Queue ops.Queue
	Wish  guide.Wish
	Align geometry.Alignment
}

// Solved brings the plans for a wish to the dialog that asked for them.
type Solved struct {
	Wish  guide.Wish
	Plans []guide.Plan
	No    []guide.Impossible
}

// Slow says that the plans for a wish are still being searched for.
type Slow struct{ Wish guide.Wish }

const (
	mostWord  = "max" // stands in the field for as much as possible
	roomPage  = 4     // how many lines a page key scrolls
	mostAhead = 32    // how many keys wait for plans at most
)

// NewRoom is the page for partition id of the queue's preview. It begins with as much room as there is. The action is what
// it wants first, if anything. An error says why no room can be made.
func NewRoom(q ops.Queue, id model.PartID, align geometry.Alignment) (Dialog, Action, error) {
	part, ok := q.Preview().Partition(id)
	if !ok {
		return nil, nil, &ops.Refusal{What: "make room", Reason: "the partition is gone"}
	}
	if why := ops.Limit(q.Preview(), q.Env(), id).Grow; !why.OK() {
		return nil, nil, &ops.Refusal{What: "make room for " + part.Ref(), Reason: why}
	}
	r := room{part: part, queue: q, align: align, field: widget.NewField(mostWord, 24)}
	action := r.solve()
	return newForm(r), action, nil
}

// NewSmallImage is the page for the image of the queue's preview, and what it wants first, if anything. An error says why
// the image cannot become smaller, where that is known at once.
func NewSmallImage(q ops.Queue, align geometry.Alignment) (Dialog, Action, error) {
	_, _, why := ops.ImageLimits(q.Preview())
	r := room{queue: q, align: align}
	if why.OK() {
		action := r.solve()
		if len(r.plans) > 0 || r.search.out {
			return newForm(r), action, nil
		}
		why = guide.Why(r.no)
	}
	return nil, nil, &ops.Refusal{What: "make the image smaller", Reason: why}
}

// image reports whether the page is about the image.
func (r *room) image() bool { return r.part.ID == 0 }

func (r *room) check() {}

func (r *room) layout() layout {
	preview := r.preview()
	l := layout{
		title: "Make the image smaller", width: roomWidth, pictured: &preview, first: r.take, accept: r.accept,
		rows: []row{shown(r.bars), blank(), {stop: stopSize, draw: r.list, mouse: r.mouse}},
	}
	if !r.image() {
		l.title, l.part = "Make room for", &r.part
		l.keys = []keymap.Binding{keyMax()}
		l.rows = append([]row{r.sizeField(), blank()}, l.rows...)
	}
	if len(r.plans) > 1 {
		l.keys = append(l.keys, keyList())
	}
	if len(r.plans) > 0 {
		l.does = "do it so"
	}
	return l
}

// sizeField is the field for the size, and the size now.
func (r *room) sizeField() row {
	f := field(stopSize, "New size", formField, &r.field)
	drawn := f.draw
	f.draw = func(p paper) picture {
		now := r.part.Ref() + " has " + geometry.FormatBytes(r.queue.Preview().SectorSize.Bytes(r.part.Span.Len()))
		if r.searching() {
			now = "searching" + p.st.More
		}
		return drawn(p).beside(p.st.Muted.Render(now), p.width)
	}
	f.take = func(msg tea.Msg) Action {
		before := r.field.Value()
		if r.field, _ = r.field.Update(msg); r.field.Value() == before {
			return nil
		}
		return r.solve()
	}
	return f
}

// take takes what a search brings, and the keys that do not go into the field.
func (r *room) take(msg tea.Msg) (action Action, used bool) {
	switch msg := msg.(type) {
	case Solved:
		return r.solved(msg), true
	case Slow:
		r.search.slow = r.search.out && msg.Wish == r.search.wish
		return nil, true
	case tea.KeyPressMsg:
		chooses := keymap.Match(msg, keyUp(), keyDown(), keyPageUp(), keyPageDown())
		switch {
		case keymap.Match(msg, keyMax()) && !r.image():
			r.field = r.field.Set(mostWord)
			return r.solve(), true
		case r.search.out && (chooses || keymap.Match(msg, keyAccept(""))):
			if ahead := r.search.ahead; len(ahead) < mostAhead {
				r.search.ahead = append(ahead[:len(ahead):len(ahead)], msg)
			}
			return nil, true
		case chooses:
			r.choose(msg)
			return nil, true
		}
	}
	return nil, false
}

// choose does what a key does to the list of plans.
func (r *room) choose(press tea.KeyPressMsg) {
	r.clicked = false
	switch {
	case keymap.Match(press, keyUp()):
		r.at, r.down = max(0, r.at-1), 0
	case keymap.Match(press, keyDown()):
		r.at, r.down = max(0, min(r.at+1, len(r.plans)-1)), 0
	case keymap.Match(press, keyPageUp()):
		r.down = max(0, r.down-roomPage)
	case keymap.Match(press, keyPageDown()):
		r.down = min(r.down+roomPage, roomPage*(len(r.plans)+len(r.no))/2)
	}
}

// mouse chooses the plan that is clicked, and stages the one that is clicked a second time. It points at what is seen,
// so it does nothing while other plans are on their way.
func (r *room) mouse(m Mouse) Action {
	at := m.Entry - 1
	switch {
	case r.search.out || m.Event != Press || at < 0:
		return nil
	case at == r.at && r.clicked:
		return r.accept()
	case at != r.at:
		r.at, r.down = at, 0
	}
	r.clicked = true
	return nil
}

// accept stages the chosen plan.
func (r *room) accept() Action {
	if r.at >= len(r.plans) {
		return nil
	}
	return StageAll{Ops: r.plans[r.at].Ops, Part: r.part.ID}
}

// preview is the disk after the chosen plan.
func (r *room) preview() model.Disk {
	if r.at < len(r.plans) {
		return r.plans[r.at].Queue.Preview()
	}
	return r.queue.Preview()
}

// wish is what the field asks for.
func (r *room) wish() (guide.Wish, error) {
	w := guide.Wish{Part: r.part.ID, Shrink: r.image(), Most: r.most()}
	if w.Shrink || w.Most {
		return w, nil
	}
	z := r.queue.Preview().SectorSize
	v, err := parseTyped(r.field.Value(), z)
	w.Size = z.Up(v.bytes)
	if v.delta {
		w.Size += r.part.Span.Len()
	}
	return w, err
}

// most reports whether the field asks for as much as there is.
func (r *room) most() bool {
	return !r.image() && strings.EqualFold(strings.TrimSpace(r.field.Value()), mostWord)
}

// solve finds the plans for what the field says, or asks for them where that takes longer than a key may.
func (r *room) solve() Action {
	r.search = search{}
	w, err := r.wish()
	switch {
	case err != nil:
		r.put(nil, nil)
	case len(r.queue.Preview().Partitions()) <= guide.Few:
		r.put(guide.Plans(r.queue, w, r.align))
	default:
		r.search = search{out: true, wish: w}
	}
	if r.wrong = err; r.search.out {
		return Solve{Queue: r.queue, Wish: w, Align: r.align}
	}
	return nil
}

// put shows plans, with the first of them chosen.
func (r *room) put(plans []guide.Plan, no []guide.Impossible) {
	r.plans, r.no, r.at, r.down, r.wrong, r.clicked = plans, no, 0, 0, nil, false
}

// solved takes the plans that were asked for, and the keys that waited for them.
func (r *room) solved(msg Solved) Action {
	if !r.search.out || msg.Wish != r.search.wish {
		return nil
	}
	ahead := r.search.ahead
	r.search = search{}
	r.put(msg.Plans, msg.No)
	for _, press := range ahead {
		if keymap.Match(press, keyAccept("")) {
			return r.accept()
		}
		r.choose(press)
	}
	return nil
}

// searching reports whether the page says that it searches: if it takes long, or somebody waits for a plan.
func (r *room) searching() bool {
	for _, press := range r.search.ahead {
		if keymap.Match(press, keyAccept("")) {
			return true
		}
	}
	return r.search.out && r.search.slow
}
