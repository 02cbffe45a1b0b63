package dialog

import (
	"fmt"
	"strings"

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
	down  int // how many lines of the list are scrolled away
}

// mostWord stands in the field for as much as possible.
const mostWord = "max"

// roomPage is how many lines a page key scrolls.
const roomPage = 4

// NewRoom is the page for partition id of the queue's preview. It begins with as much room as there is. An error says
// why no room can be made.
func NewRoom(q ops.Queue, id model.PartID, align geometry.Alignment) (Room, error) {
	part, ok := q.Preview().Partition(id)
	if !ok {
		return Room{}, &ops.Refusal{What: "make room", Reason: "the partition is gone"}
	}
	if why := ops.Limit(q.Preview(), q.Env(), id).CanGrow; why != "" {
		return Room{}, &ops.Refusal{What: "make room for " + part.Ref(), Reason: why}
	}
	r := Room{part: part, queue: q, align: align, field: widget.NewField(mostWord, 24)}
	return r.solve(), nil
}

// NewSmallImage is the page for the image of the queue's preview. An error says why it cannot become smaller.
func NewSmallImage(q ops.Queue, align geometry.Alignment) (Room, error) {
	r := Room{queue: q, align: align}.solve()
	if len(r.plans) > 0 {
		return r, nil
	}
	var why []string
	for _, n := range r.no {
		why = append(why, n.What+": "+n.Why)
	}
	return r, &ops.Refusal{What: "make the image smaller", Reason: strings.Join(why, "; ")}
}

// image reports whether the page is about the image.
func (r Room) image() bool { return r.part.ID == 0 }

// solve finds the plans for what the field says.
func (r Room) solve() Room {
	r.plans, r.no, r.at, r.down, r.wrong = nil, nil, 0, 0, nil
	w := guide.Wish{Part: r.part.ID, Shrink: r.image()}
	if r.image() {
		r.plans, r.no = guide.Plans(r.queue, w, r.align)
		return r
	}
	if strings.EqualFold(strings.TrimSpace(r.field.Value()), mostWord) {
		w.Most = true
	} else {
		z := r.queue.Preview().SectorSize
		v, err := parseTyped(r.field.Value(), z)
		if err != nil {
			r.wrong = err
			return r
		}
		w.Size = z.Up(v.bytes)
		if v.delta {
			w.Size += r.part.Span.Len()
		}
	}
	r.plans, r.no = guide.Plans(r.queue, w, r.align)
	return r
}

// Update takes keys, pastes and the mouse.
func (r Room) Update(msg tea.Msg) (Dialog, Action) {
	if press, ok := msg.(tea.KeyPressMsg); ok {
		switch {
		case keymap.Match(press, keyCancel()):
			return r, Close{}
		case keymap.Match(press, keyAccept("")):
			return r, r.accept()
		case keymap.Match(press, keyMax()) && !r.image():
			r.field = r.field.Set(mostWord)
			return r.solve(), nil
		case keymap.Match(press, keyUp()):
			r.at, r.down = max(0, r.at-1), 0
			return r, nil
		case keymap.Match(press, keyDown()):
			r.at, r.down = max(0, min(r.at+1, len(r.plans)-1)), 0
			return r, nil
		case keymap.Match(press, keyPageUp()):
			r.down = max(0, r.down-roomPage)
			return r, nil
		case keymap.Match(press, keyPageDown()):
			r.down = min(r.down+roomPage, roomPage*(len(r.plans)+len(r.no))/2)
			return r, nil
		}
	}
	if r.image() {
		return r, nil
	}
	field, used := r.field.Update(msg)
	changed := used && field.Value() != r.field.Value()
	if r.field = field; changed {
		return r.solve(), nil
	}
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
		out = append(out, "What is shrunk has little free space left.")
	}
	return out
}
