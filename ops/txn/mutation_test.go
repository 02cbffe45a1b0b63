package txn

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/journal"
)

// mutation is a way to break a transaction.
type mutation struct {
	name  string
	shows func(*world) bool // the worlds on which it can show at all; nil for all
	spoil func(*world)
}

func mutations() []mutation {
	lies := func(name string) func(*world) {
		return func(w *world) { w.machine.DropSync = func(of string) bool { return of == name } }
	}
	alters := func(alter func(*journal.Program)) func(*world) {
		return func(w *world) { w.tune.alter = alter }
	}
	resized := func(w *world) bool { return w.changes.sizeAfter != w.changes.sizeBefore }
	chained := func(w *world) bool { return w.real != nil && len(w.real.before.Logicals()) > 0 }
	living := func(w *world) bool { return len(w.changes.busy) > 0 }
	return []mutation{
		{"the target is never synced", nil, lies("target")},
		{"the journal is never synced", nil, lies("journal")},
		{"the spill is never synced", nil, lies(journal.SpillName)},
		{"old content is never synced", nil, lies(journal.BeforeName)},
		{"the stage is never synced", nil, lies(journal.StageName)},
		{"the directory is never synced", nil, lies("directory")},
		{"no fence", nil, alters(without(journal.StageFence))},
		{"no fence for the way back", nil, alters(func(p *journal.Program) { p.Refence = nil })},
		{"table before copy", nil, alters(swapStages(journal.StageTable, journal.StageCopy))},
		{"place before copy", nil, alters(swapStages(journal.StagePlace, journal.StageCopy))},
		{"copies in the opposite order", nil, alters(reverseCopies)},
		{"all copies in one unit", nil, alters(mergeCopies)},
		{"old content forgotten", nil, alters(func(p *journal.Program) { p.RestoreData = nil })},
		{"old table forgotten", nil, alters(func(p *journal.Program) { p.RestoreTable = nil })},
		{"new content forgotten", nil, alters(without(journal.StagePlace))},
		{"size forgotten", resized, alters(without(journal.StageExtend))},
		{"boot records after the table that leads to them", chained, alters(firstSectorFirst)},
		{"a write to a partition in use", living, writeToBusy},
	}
}

// writeToBusy clears a sector of every partition in use.
func writeToBusy(w *world) {
	w.tune.alter = func(p *journal.Program) {
		for _, r := range w.changes.busy {
			clearing := journal.Op{Kind: journal.OpZero, Off: r.off, Len: sec}
			p.Units = append(p.Units, journal.Unit{Stage: journal.StageTable, Ops: []journal.Op{clearing}})
		}
	}
}

// reverseCopies does the copies in the opposite order.
func reverseCopies(p *journal.Program) {
	first := slices.IndexFunc(p.Units, isCopy)
	if first < 0 {
		return
	}
	n := first
	for n < len(p.Units) && isCopy(p.Units[n]) {
		n++
	}
	slices.Reverse(p.Units[first:n])
}

// TestHarnessCatchesMutations breaks the transaction on purpose, one way at a time, and expects the crash harness to
// notice: a harness that cannot fail proves nothing.
func TestHarnessCatchesMutations(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, c := range mutations() {
		t.Run(c.name, func(t *testing.T) {
			for range 3 {
				list := scenarios()
				slices.Reverse(list) // those with every kind of step come last, and notice most
				var worlds []func() *world
				for _, s := range list {
					worlds = append(worlds, func() *world { return newWorld(s, rng) })
				}
				for _, p := range plans() {
					if p.tools == nil {
						worlds = append(worlds, func() *world { return p.world(t, rng) })
					}
				}
				for _, build := range worlds {
					w := build()
					if c.shows != nil && !c.shows(w) {
						continue
					}
					c.spoil(w)
					if complaint := w.complaint(rng); complaint != "" {
						t.Log(complaint)
						return
					}
				}
			}
			t.Error("the harness did not notice")
		})
	}
}

// doubter is a verdict that keeps the first complaint.
type doubter struct{ complaint string }

func (d *doubter) Errorf(format string, args ...any) {
	if d.complaint == "" {
		d.complaint = fmt.Sprintf(format, args...)
	}
}

func (d *doubter) Failed() bool { return d.complaint != "" }

// complaint is what the harness has to say of a world, "" if it finds nothing wrong.
func (w *world) complaint(rng *rand.Rand) string {
	d := &doubter{}
	crashWorld(d, w, 0.5, rng, newTally())
	return d.complaint
}

func isCopy(u journal.Unit) bool { return u.Stage == journal.StageCopy }

func without(stage journal.Stage) func(*journal.Program) {
	return func(p *journal.Program) {
		p.Units = slices.DeleteFunc(p.Units, func(u journal.Unit) bool { return u.Stage == stage })
	}
}

// swapStages puts the units of the first stage before those of the second.
func swapStages(early, late journal.Stage) func(*journal.Program) {
	return func(p *journal.Program) {
		at := slices.IndexFunc(p.Units, func(u journal.Unit) bool { return u.Stage == late })
		if at < 0 {
			return
		}
		var moved []journal.Unit
		for _, u := range p.Units {
			if u.Stage == early {
				moved = append(moved, u)
			}
		}
		without(early)(p)
		p.Units = slices.Insert(p.Units, at, moved...)
	}
}

// firstSectorFirst writes sector 0 before the rest of the table.
func firstSectorFirst(p *journal.Program) {
	first := slices.IndexFunc(p.Units, func(u journal.Unit) bool { return u.Stage == journal.StageTable })
	at := slices.IndexFunc(p.Units, func(u journal.Unit) bool { return u.Stage == journal.StageTable && u.Ops[0].Off == 0 })
	if at > first {
		u := p.Units[at]
		p.Units = slices.Insert(slices.Delete(p.Units, at, at+1), first, u)
	}
}

// mergeCopies does all copies between two syncs.
func mergeCopies(p *journal.Program) {
	var all journal.Unit
	at := slices.IndexFunc(p.Units, isCopy)
	if at < 0 {
		return
	}
	for _, u := range p.Units {
		if isCopy(u) {
			all.Stage = u.Stage
			all.Ops = append(all.Ops, u.Ops...)
		}
	}
	without(journal.StageCopy)(p)
	p.Units = slices.Insert(p.Units, at, all)
}
