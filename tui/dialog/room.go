package dialog

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/guide"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// Room is the Make room page: how large a partition should be, and the ways to get there. Without a partition it is about
// the image, which shall be as small as its contents allow, and has no field.
type Room struct {
	part  model.Partition // ID 0: the image
	queue ops.Queue
	align geometry.Alignment
	field widget.Field
	wrong error

	plans []guide.Plan
	no    []guide.Impossible
	at    int // the chosen plan
	down  int // how many lines of the list are scrolled away, from where the chosen plan is seen
	// clicked says that the chosen plan was clicked, and nothing else since.
	clicked bool
	search  search
	// from is the disk that the lower bar glides away from, rest the share of the way that is left, 0 if it stands.
	from model.Disk
	rest float64
}

// mostWord stands in the field for as much as possible.
const mostWord = "max"

// roomPage is how many lines a page key scrolls.
const roomPage = 4

// NewRoom is the page for partition id of the queue's preview. It begins with as much room as there is. The action is what
// it wants first, if anything. An error says why no room can be made.
func NewRoom(q ops.Queue, id model.PartID, align geometry.Alignment) (Room, Action, error) {
	part, ok := q.Preview().Partition(id)
	if !ok {
		return Room{}, nil, &ops.Refusal{What: "make room", Reason: "the partition is gone"}
	}
	if why := ops.Limit(q.Preview(), q.Env(), id).Grow; !why.OK() {
		return Room{}, nil, &ops.Refusal{What: "make room for " + part.Ref(), Reason: why}
	}
	r, action := Room{part: part, queue: q, align: align, field: widget.NewField(mostWord, 24)}.solve()
	return r, action, nil
}

// NewSmallImage is the page for the image of the queue's preview, and what it wants first, if anything. An error says why
// the image cannot become smaller, where that is known at once.
func NewSmallImage(q ops.Queue, align geometry.Alignment) (Room, Action, error) {
	if _, _, cannot := ops.ImageLimits(q.Preview()); !cannot.OK() {
		return Room{}, nil, &ops.Refusal{What: "make the image smaller", Reason: cannot}
	}
	r, action := Room{queue: q, align: align}.solve()
	if len(r.plans) > 0 || r.search.out {
		return r, action, nil
	}
	return r, nil, &ops.Refusal{What: "make the image smaller", Reason: guide.Why(r.no)}
}

// image reports whether the page is about the image.
func (r Room) image() bool { return r.part.ID == 0 }

// Update takes keys, pastes, the mouse and what a search brings.
func (r Room) Update(msg tea.Msg) (Dialog, Action) {
	switch msg := msg.(type) {
	case Solved:
		return r.solved(msg)
	case Slow:
		r.search.slow = r.search.out && msg.Wish == r.search.wish
		return r, nil
	case Mouse:
		return r.mouse(msg)
	case tea.KeyPressMsg:
		switch {
		case keymap.Match(msg, keyCancel()):
			return r, Close{}
		case keymap.Match(msg, keyMax()) && !r.image():
			r.field = r.field.Set(mostWord)
			return r.solve()
		case keymap.Match(msg, keyAccept(""), keyUp(), keyDown(), keyPageUp(), keyPageDown()) && r.search.out:
			r.search = r.search.wait(msg)
			return r, nil
		case keymap.Match(msg, keyAccept("")):
			return r, r.accept()
		case keymap.Match(msg, keyUp(), keyDown(), keyPageUp(), keyPageDown()):
			return r.choose(msg), nil
		}
	}
	if r.image() {
		return r, nil
	}
	field, used := r.field.Update(msg)
	changed := used && field.Value() != r.field.Value()
	if r.field = field; changed {
		return r.solve()
	}
	return r, nil
}

// choose does what a key does to the list of plans.
func (r Room) choose(press tea.KeyPressMsg) Room {
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
	return r
}

// mouse chooses the plan that is clicked, and stages the one that is clicked a second time. It points at what is seen,
// so it does nothing while other plans are on their way.
func (r Room) mouse(m Mouse) (Dialog, Action) {
	if r.search.out {
		return r, nil
	}
	switch {
	case m.Event != Press || m.Item < 0:
		return r, nil
	case m.Item == r.at && r.clicked:
		return r, r.accept()
	case m.Item != r.at:
		r.at, r.down = m.Item, 0
	}
	r.clicked = true
	return r, nil
}

// accept stages the chosen plan.
func (r Room) accept() Action {
	if r.at >= len(r.plans) {
		return nil
	}
	return StageAll{Ops: r.plans[r.at].Ops, Part: r.part.ID}
}

// preview is the disk after the chosen plan.
func (r Room) preview() model.Disk {
	if r.at < len(r.plans) {
		return r.plans[r.at].Queue.Preview()
	}
	return r.queue.Preview()
}

// Pictured is the disk in the lower bar, for Gliding.
func (r Room) Pictured() model.Disk { return r.preview() }

// Glide is the page with the lower bar on its way, for Gliding.
func (r Room) Glide(from model.Disk, rest float64) Dialog {
	r.from, r.rest = from, rest
	return r
}

// Keys lists what can be pressed.
func (r Room) Keys() []keymap.Binding {
	var keys []keymap.Binding
	if !r.image() {
		keys = append(keys, keyMax())
	}
	if len(r.plans) > 1 {
		keys = append(keys, keymap.Bind("↑↓", "choose", "up", "down"))
	}
	if len(r.plans) > 0 {
		keys = append(keys, keyAccept("do it so"))
	}
	return append(keys, keyCancel())
}

// costWords is what a plan costs.
func costWords(p guide.Plan) string {
	if p.Copied == 0 {
		return "copies nothing"
	}
	return "copies " + geometry.FormatBytes(p.Copied)
}

// meaning is what a plan leads to, and what there is to mind about it.
func (r Room) meaning(p guide.Plan) []string {
	z := r.queue.Preview().SectorSize
	if r.image() {
		return r.smaller(p)
	}
	out := []string{fmt.Sprintf("%s gets %s, %s more than now.", r.part.Ref(), geometry.FormatBytes(z.Bytes(p.Len)),
		geometry.FormatBytes(z.Bytes(p.Len-r.part.Span.Len())))}
	if p.Risk.Boot > 0 {
		out = append(out, "It moves a partition that a machine may start from: a boot loader that goes by its position has to be set up again.")
	}
	if p.Hops > 0 {
		out = append(out, "Partitions change places; their numbers stay.")
	}
	return out
}

// smaller is meaning for the image.
func (r Room) smaller(p guide.Plan) []string {
	d := r.queue.Preview()
	out := []string{fmt.Sprintf("The image has %s then, %s less than now.", geometry.FormatBytes(d.SectorSize.Bytes(p.Len)),
		geometry.FormatBytes(d.SectorSize.Bytes(d.Sectors-p.Len)))}
	if p.Risk.Shrunk > 0 {
		out = append(out, "What is shrunk has little unused space left.")
	}
	return out
}
