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

// makeRoom is the Make room page: the wanted size of a partition, and the plans that lead to it. Without a partition it
// is the page that makes the image as small as its contents allow, and has no field.
//
// On a disk with many partitions the search for plans takes dozens of milliseconds, too long between a key and its frame.
// So the page asks its owner for the plans and shows the old ones meanwhile. Keys that choose a plan wait for the new
// plans. A key therefore has the same effect on slow and fast machines, and a plan is never staged for a size that is no
// longer in the field.
type makeRoom struct {
	part  model.Partition // ID 0 stands for the image
	queue ops.Queue
	align geometry.Alignment
	field widget.Field
	wrong error

	plans   []guide.Plan
	no      []guide.Impossible
	at      int  // the chosen plan
	down    int  // how far the list is scrolled down from the chosen plan, in lines
	clicked bool // the last event was a click on the chosen plan
	search  search
}

// search is the state of a search for plans.
type search struct {
	out   bool // a request for plans is in progress
	wish  guide.Wish
	slow  bool              // the search takes long, and the page says so
	ahead []tea.KeyPressMsg // keys that wait for the plans
}

// Solve asks for the plans for a wish. The dialog stays open and receives a Solved, and before that a Slow if the search
// takes noticeably long. It replaces an earlier Solve.
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

// Slow says that the search for a wish takes long.
type Slow struct{ Wish guide.Wish }

const (
	mostWord  = "max" // in the field, stands for as much as possible
	roomPage  = 4     // the number of lines that a page key scrolls
	mostAhead = 32    // the greatest number of keys that wait for plans
)

// NewMakeRoom returns the page for partition id of the queue's preview. It starts with as much room as possible. The
// action is the first request of the page, or nil. An error says why no room can be made.
func NewMakeRoom(q ops.Queue, id model.PartID, align geometry.Alignment) (Dialog, Action, error) {
	part, ok := q.Preview().Partition(id)
	if !ok {
		return nil, nil, &ops.Refusal{What: "make room", Reason: "the partition is gone"}
	}
	if why := ops.Limit(q.Preview(), q.Env(), id).Grow; !why.OK() {
		return nil, nil, &ops.Refusal{What: "make room for " + part.Ref(), Reason: why}
	}
	r := makeRoom{part: part, queue: q, align: align, field: widget.NewField(mostWord, 24)}
	action := r.solve()
	return newForm(r), action, nil
}

// NewSmallImage returns the page for the image of the queue's preview, with its first request or nil. An error says why
// the image cannot become smaller, if that is known at once.
func NewSmallImage(q ops.Queue, align geometry.Alignment) (Dialog, Action, error) {
	_, _, why := ops.ImageLimits(q.Preview(), q.Env())
	r := makeRoom{queue: q, align: align}
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
func (r *makeRoom) image() bool { return r.part.ID == 0 }

func (r *makeRoom) check() {}

func (r *makeRoom) layout() layout {
	l := layout{
		title: "Make the image smaller", width: makeRoomWidth, pictured: r.preview, first: r.take, accept: r.accept,
		rows: []row{shown(r.bars), blank(), {stop: stopSize, draw: r.list, mouse: r.mouse, about: about{keys: listKeys()[:4]}}},
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
		l.does = "do it"
	}
	return l
}

// sizeField returns the row with the field for the new size, and the present size.
func (r *makeRoom) sizeField() row {
	f := field(stopSize, "New size", formField, &r.field).numeric().meant("The size that the partition gets, or a change with a sign; max is the largest. " + rule)
	drawn := f.draw
	f.draw = func(p paper) drawing {
		now := r.part.Ref() + " has " + geometry.FormatBytes(r.queue.Preview().SectorSize.Bytes(r.part.Span.Len()))
		if r.searching() {
			now = "searching" + p.st.More
		}
		return drawn(p).beside(p.st.Muted.Render(beside(r.field.Value(), now)), p.width)
	}
	f.take = func(msg tea.Msg) (action Action) {
		var changed bool
		if r.field, changed = r.field.Update(msg); changed {
			action = r.solve()
		}
		return action
	}
	return f
}

// take handles the results of a search, and keys that do not go into the field.
func (r *makeRoom) take(msg tea.Msg) (action Action, used bool) {
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

// choose handles a key that moves in the list of plans.
func (r *makeRoom) choose(press tea.KeyPressMsg) {
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

// mouse chooses the plan that is clicked, or stages it if it is chosen already. During a search it does nothing, because
// the plans in view are about to change.
func (r *makeRoom) mouse(m Mouse) Action {
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
func (r *makeRoom) accept() Action {
	if r.at >= len(r.plans) {
		return nil
	}
	return StageAll{Ops: r.plans[r.at].Ops, Part: r.part.ID}
}

// preview returns the disk after the chosen plan.
func (r *makeRoom) preview() model.Disk {
	if r.at < len(r.plans) {
		return r.plans[r.at].Queue.Preview()
	}
	return r.queue.Preview()
}

// wish parses the field.
func (r *makeRoom) wish() (guide.Wish, error) {
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

// most reports whether the field asks for as much as possible.
func (r *makeRoom) most() bool {
	return !r.image() && strings.EqualFold(strings.TrimSpace(r.field.Value()), mostWord)
}

// solve finds the plans for the size in the field, or asks the owner for them if the disk has many partitions.
func (r *makeRoom) solve() Action {
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

// put shows plans and chooses the first.
func (r *makeRoom) put(plans []guide.Plan, no []guide.Impossible) {
	r.plans, r.no, r.at, r.down, r.wrong, r.clicked = plans, no, 0, 0, nil, false
}

// solved shows the plans of a finished search, and then handles the keys that waited for them.
func (r *makeRoom) solved(msg Solved) Action {
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

// searching reports whether the page shows that a search is in progress: it takes long, or Enter waits for a plan.
func (r *makeRoom) searching() bool {
	for _, press := range r.search.ahead {
		if keymap.Match(press, keyAccept("")) {
			return true
		}
	}
	return r.search.out && r.search.slow
}
