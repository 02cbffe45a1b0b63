package dialog

import (
	"fmt"
	"strconv"
	"strings"

	"shunt/geometry"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// gptDetails asks for what a GPT says besides its partitions.
type gptDetails struct {
	staging
	first, array widget.Field
	boot         int // index in offOn
	list         []ops.Operation
}

var offOn = []string{"off", "on"}

// NewGPTDetails returns the dialog for the GPT of the queue's preview.
func NewGPTDetails(q ops.Queue, align geometry.Alignment) Dialog {
	t := q.Preview().Table
	number := func(n geometry.Sector) widget.Field { return widget.NewField(strconv.FormatInt(int64(n), 10), 16) }
	g := gptDetails{staging: staging{queue: q, align: align}, first: number(t.Usable.Start), array: number(t.ArraySpan(q.Preview().SectorSize).Start)}
	if t.Boot {
		g.boot = 1
	}
	return newForm(g)
}

// check stages each change on a copy of the queue. The entries move before the first sector is set, which may follow them.
func (g *gptDetails) check() {
	first, err := sectorOf(g.first.Value())
	array, wrong := sectorOf(g.array.Value())
	if err != nil {
		wrong = err
	}
	g.wrong, g.verdict, g.list = wrong, verdict{}, nil
	if wrong != nil {
		return
	}
	q := g.queue
	var words []string
	for _, try := range []struct {
		changes func() bool
		op      ops.Operation
	}{
		{func() bool { return q.Preview().Table.Boot != (g.boot == 1) }, ops.ProtectiveBoot{On: g.boot == 1}},
		{func() bool { return q.Preview().Table.ArraySpan(q.Preview().SectorSize).Start != array }, ops.MoveArray{At: array}},
		{func() bool { return q.Preview().Table.Usable.Start != first }, ops.FirstUsable{Sector: first}},
	} {
		if !try.changes() {
			continue
		}
		g.changes = true
		words = append(words, try.op.Describe(q.Preview()).Do())
		if q, g.err = q.Stage(try.op); g.err != nil {
			return
		}
		g.list = append(g.list, try.op)
	}
	g.what = ops.Capital(strings.Join(words, "; "))
}

// sectorOf parses the number of a sector, with or without the unit of plans.
func sectorOf(text string) (geometry.Sector, error) {
	n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(text), "s"), 10, 50)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not the number of a sector", text)
	}
	return geometry.Sector(n), nil
}

func (g *gptDetails) layout() layout {
	t, z := g.queue.Preview().Table, g.queue.Preview().SectorSize
	return layout{
		title: "Details of the GPT",
		rows: []row{
			pick(stopFlags, "Protective MBR: boot", offOn, &g.boot).meant("Some BIOS start only from a disk whose protective MBR has the active flag. UEFI ignores it."),
			field(stopBefore, "First usable sector", formField, &g.first).numeric().meant("Partitions may begin at this sector or later."),
			field(stopAfter, "Entries at sector", formField, &g.array).numeric().
				meant("The first copy of the entries lies there. Boards whose boot loader begins at sector 2 need room in front of it."),
			blank(), hint(fmt.Sprintf("The %d entries take %d sectors. Partitions stay where they are.", t.Slots, t.ArraySectors(z)), 2),
			blank(), g.outcome("No change yet."),
		},
		keys: []keymap.Binding{keyClear()}, does: "change",
		accept: func() Action { return g.action(g.wrong, StageAll{Ops: g.list}) },
	}
}
