package dialog

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// gptDetails asks for what a GPT says besides its partitions.
type gptDetails struct {
	staging
	first, array widget.Field
	hybrid       widget.Field // numbers of partitions
	active       widget.Field // the number of one of them, or ""
	boot         int          // index in offOn
	last         int          // index in firstLast
	list         []ops.Operation
}

var (
	offOn     = []string{"off", "on"}
	firstLast = []string{"first", "last"}
)

// NewGPTDetails returns the dialog for the GPT of the queue's preview.
func NewGPTDetails(q ops.Queue, align geometry.Alignment) Dialog {
	t := q.Preview().Table
	number := func(n geometry.Sector) widget.Field { return widget.NewField(strconv.FormatInt(int64(n), 10), 16) }
	g := gptDetails{staging: staging{queue: q, align: align}, first: number(t.Usable.Start), array: number(t.ArraySpan(q.Preview().SectorSize).Start)}
	if t.Boot {
		g.boot = 1
	}
	g.hybrid = widget.NewField(strings.Join(listed(q.Preview()), " "), 16)
	now := ops.HybridOf(q.Preview())
	if now.Last {
		g.last = 1
	}
	if p, ok := q.Preview().Partition(now.Active); ok {
		g.active = widget.NewField(strconv.Itoa(p.Number), 16)
	} else {
		g.active = widget.NewField("", 16)
	}
	return newForm(g)
}

// listed returns the numbers of the partitions in the hybrid MBR of a disk.
func listed(d model.Disk) (numbers []string) {
	for _, id := range ops.HybridOf(d).Parts() {
		p, _ := d.Partition(id)
		numbers = append(numbers, strconv.Itoa(p.Number))
	}
	return numbers
}

// numbered returns the partitions with the numbers in text.
func numbered(d model.Disk, text string) (ids []model.PartID, err error) {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == ':' }) {
		n, err := strconv.Atoi(strings.TrimPrefix(word, "p"))
		p, ok := d.ByNumber(n)
		if err != nil || !ok {
			return nil, fmt.Errorf("there is no partition %s", word)
		}
		ids = append(ids, p.ID)
	}
	return ids, nil
}

// check stages each change on a copy of the queue. The entries move before the first sector is set, which may follow them.
func (g *gptDetails) check() {
	first, err := sectorOf(g.first.Value())
	array, wrong := sectorOf(g.array.Value())
	now := ops.HybridOf(g.queue.Preview())
	hybrid, none := g.newHybrid(g.last == 1)
	wrong = cmp.Or(none, err, wrong)
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
		{func() bool { return now != hybrid }, hybrid},
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

// newHybrid returns the hybrid MBR of the fields. Without partitions it is none, whatever the others have.
func (g *gptDetails) newHybrid(last bool) (ops.Hybrid, error) {
	ids, err := numbered(g.queue.Preview(), g.hybrid.Value())
	active, wrong := numbered(g.queue.Preview(), g.active.Value())
	switch {
	case err != nil || len(ids) == 0:
		return ops.Hybrid{}, err
	case wrong != nil || len(active) == 0:
		return ops.NewHybrid(ids, 0, last), wrong
	case len(active) > 1:
		return ops.Hybrid{}, errors.New("only one partition can be active")
	}
	return ops.NewHybrid(ids, active[0], last), nil
}

// sectorOf parses the number of a sector, with or without the unit of plans.
func sectorOf(text string) (geometry.Sector, error) {
	n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(text), "s"), 10, 50)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not the number of a sector", text)
	}
	return geometry.Sector(n), nil
}

// hybridHint says what a hybrid MBR means.
const hybridHint = "Up to three numbers, for example 1 3, for systems that cannot read a GPT. Windows then sees only these partitions, and a program that " +
	"changes only one of the two lists makes them contradict each other."

func (g *gptDetails) layout() layout {
	t, z := g.queue.Preview().Table, g.queue.Preview().SectorSize
	note := row{stop: stopName, draw: func(p paper) drawing { // it has the stop of the field that it explains
		text := fmt.Sprintf("The %d entries take %s sectors. Partitions stay where they are.", t.Slots, t.ArraySectors(z))
		if p.here {
			text = hybridHint
		}
		return drawing{lines: widget.Pad(notes(text, p.width, 4, p.st.Muted, p.st), p.width, 4, p.st.More)}
	}}
	return layout{
		title: "Details of the GPT",
		rows: []row{
			pick(stopFlags, "Protective MBR: boot", offOn, &g.boot).meant("Some BIOS start only from a disk whose protective MBR has the active flag. UEFI ignores it."),
			field(stopBefore, "First usable sector", formField, &g.first).numeric().meant("Partitions may begin at this sector or later."),
			field(stopAfter, "Entries at sector", formField, &g.array).numeric().
				meant("The first copy of the entries lies there. Boards whose boot loader begins at sector 2 need room in front of it."),
			field(stopName, "Hybrid MBR lists", formField, &g.hybrid).
				meant("Numbers of up to three partitions, for example 1 3, that the first sector lists too. Empty: it protects the GPT, as it should. " +
					"Only a system that cannot read a GPT needs a hybrid MBR."),
			field(stopSize, "Hybrid MBR: active", formField, &g.active).
				meant("The number of the one among them that an old BIOS starts from. Empty: none."),
			pick(stopRole, "Hybrid MBR: GPT entry", firstLast, &g.last).
				meant("Where the entry that covers the GPT stands in the hybrid MBR: before the partitions or behind them. Most programs expect it first."),
			blank(), note,
			blank(), g.outcome("No change yet."),
		},
		keys: []keymap.Binding{keyClear()}, does: g.enters(g.wrong, "change"),
		accept: func() Action { return g.action(g.wrong, StageAll{Ops: g.list}) },
	}
}
