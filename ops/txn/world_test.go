package txn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"shunt/model/table"
	"shunt/ops/journal"
	"shunt/ops/target"
)

// scenario is a transaction on a small simulated disk. Numbers are sectors.
type scenario struct {
	name    string
	before  int64 // sectors of the disk
	after   int64
	moves   []segment
	places  []segment // src counts sectors of the spill
	clear   ranges
	holes   ranges // sectors that are zero before
	tune    tuning
	options journal.Options
}

var small = tuning{direct: 4 * sec, piece: 8 * sec, batch: 16 * sec}

// scenarios are the families of plans that are crashed at every point.
func scenarios() []scenario {
	var list []scenario
	add := func(s scenario) {
		if s.tune.batch == 0 {
			s.tune = small
		}
		if s.after == 0 {
			s.after = s.before
		}
		list = append(list, s)
	}
	const n = 12
	for _, d := range []int64{1, 3, 4, 5, 7, 8, 9, n - 1, n, n + 1, 2 * n} {
		add(scenario{name: fmt.Sprintf("move right by %d of %d", d, n), before: 48, moves: []segment{{dst: 4 + d, src: 4, len: n}}})
		add(scenario{name: fmt.Sprintf("move left by %d of %d", d, n), before: 48, moves: []segment{{dst: 32 - d, src: 32, len: n}}})
	}
	add(scenario{name: "chain right", before: 60, moves: []segment{{20, 4, 10}, {34, 18, 12}}})
	add(scenario{name: "chain of three left by 2", before: 60, moves: []segment{{4, 6, 10}, {16, 18, 12}, {30, 32, 14}}})
	add(scenario{name: "swap", before: 40, moves: []segment{{4, 20, 10}, {20, 4, 10}}})
	add(scenario{name: "swap of unequal parts", before: 48, moves: []segment{{4, 20, 14}, {18, 4, 16}}})
	add(scenario{name: "cycle of three", before: 64, moves: []segment{{20, 4, 12}, {40, 20, 12}, {4, 40, 12}}})
	add(scenario{name: "grow the image, move, place", before: 40, after: 80, moves: []segment{{56, 20, 16}}, places: []segment{{8, 0, 3}, {30, 3, 5}, {72, 8, 2}}, clear: ranges{{20, 28}}})
	add(scenario{name: "shrink the image", before: 64, after: 40, moves: []segment{{20, 44, 12}}, places: []segment{{36, 0, 2}}})
	add(scenario{name: "shrink, move, grow", before: 64, moves: []segment{{10, 30, 8}, {40, 18, 8}}, places: []segment{{20, 0, 4}, {58, 4, 2}}, clear: ranges{{26, 38}}})
	add(scenario{name: "with holes", before: 64, holes: ranges{{8, 12}, {14, 15}, {30, 50}}, moves: []segment{{30, 4, 16}}, clear: ranges{{4, 20}}})
	add(scenario{name: "fragmented", before: 80, moves: []segment{{22, 20, 2}, {26, 24, 3}, {32, 30, 1}, {40, 38, 6}, {50, 48, 4}}, clear: ranges{{20, 22}, {48, 50}}})
	add(scenario{name: "only the table", before: 16})
	return list
}

// randomScenario throws a few runs of sectors about: any of them may cover the source of any other.
func randomScenario(name string, rng *rand.Rand) scenario {
	s := scenario{name: name, before: 60, after: 60, tune: small}
	s.tune.direct = int64(1+rng.Intn(8)) * sec
	lens := make([]int64, 1+rng.Intn(6))
	for i := range lens {
		lens[i] = int64(1 + rng.Intn(8))
	}
	// spread gives each run a place; the runs lie in the given order with random gaps between them.
	spread := func(order []int) []int64 {
		at, places := int64(1), make([]int64, len(lens))
		for _, i := range order {
			at += int64(rng.Intn(3))
			places[i] = at
			at += lens[i]
		}
		return places
	}
	src, dst := spread(rng.Perm(len(lens))), spread(rng.Perm(len(lens)))
	for i, n := range lens {
		if src[i] != dst[i] {
			s.moves = append(s.moves, segment{dst[i], src[i], n})
		}
	}
	return s
}

// world is a scenario made real: a machine, and what must be on its target in the end.
type world struct {
	scenario
	machine       *Machine
	changes       changes
	tables        tables
	header        journal.Program
	spill         []byte
	before, after []byte
	real          *realDisk      // nil if the table is a stand-in
	pieces        []target.Piece // of the disk as planned, for a target that switches
	limits        Limits         // of what is kept for earlier undos
	losesUnused   bool           // the last prepared transaction says that a roll back loses the content of unused blocks
}

// newWorld fills a disk with sectors that are all different, computes the wanted result by plain copying, and
// gives the disk a table in its first and, as GPT has, its last sector.
func newWorld(s scenario, rng *rand.Rand) *world {
	content := make([]byte, s.before*sec)
	rng.Read(content)
	for _, h := range s.holes {
		clear(content[h.off*sec : h.end*sec])
	}
	return newWorldOn(s, content, rng)
}

// newWorldOn is a scenario on a disk with the given content.
func newWorldOn(s scenario, content []byte, rng *rand.Rand) *world {
	w := &world{scenario: s, before: content}
	w.after = make([]byte, s.after*sec)
	copy(w.after, w.before)
	w.changes = changes{sizeBefore: s.before * sec, sizeAfter: s.after * sec}
	for _, m := range s.moves {
		w.changes.moves = append(w.changes.moves, segment{m.dst * sec, m.src * sec, m.len * sec})
		copy(w.after[m.dst*sec:], w.before[m.src*sec:(m.src+m.len)*sec])
	}
	for _, p := range s.places {
		w.changes.places = append(w.changes.places, segment{p.dst * sec, p.src * sec, p.len * sec})
		w.spill = append(w.spill, make([]byte, max(0, (p.src+p.len)*sec-int64(len(w.spill))))...)
	}
	rng.Read(w.spill)
	for _, p := range w.changes.places {
		copy(w.after[p.dst:p.dst+p.len], w.spill[p.src:])
	}
	for _, r := range s.clear {
		w.changes.clear = append(w.changes.clear, byteRange{r.off * sec, r.end * sec})
		clear(w.after[r.off*sec : r.end*sec])
	}
	structure := func(off int64, image []byte) table.Patch {
		data := make([]byte, sec)
		rng.Read(data)
		if image != nil {
			copy(image[off*sec:], data)
		}
		return table.Patch{Off: off * sec, Data: data}
	}
	w.tables = tables{
		fence:   []table.Patch{structure(s.before-1, nil), structure(0, nil)},
		final:   []table.Patch{structure(s.after-1, w.after), structure(0, w.after)},
		before:  newRanges([]byteRange{{0, sec}, {(s.before - 1) * sec, s.before * sec}}),
		sector:  sec,
		primary: sec,
	}
	w.tables.refence = w.tables.fence[1:]
	w.machine = New(w.before)
	w.pieces = s.pieces()
	return w
}

// pieces describes the disk of a scenario as planned, to a target that switches.
func (s scenario) pieces() (list []target.Piece) {
	at := func(i int64) target.Piece {
		p := target.Piece{Off: i * sec, Len: sec}
		if i >= s.before {
			p.Kind = target.Empty
		}
		for _, m := range s.moves {
			if i >= m.dst && i < m.dst+m.len {
				p.Kind, p.Src = target.Move, (m.src+i-m.dst)*sec
			}
		}
		for _, r := range s.clear {
			if i >= r.off && i < r.end {
				p.Kind = target.Empty
			}
		}
		in := func(w segment) bool { return i >= w.dst && i < w.dst+w.len }
		if i == 0 || i == s.after-1 || slices.ContainsFunc(s.places, in) {
			p.Kind = target.Write
		}
		return p
	}
	for i := range s.after {
		p := at(i)
		if n := len(list); n > 0 {
			last := &list[n-1]
			if p.Kind == last.Kind && (p.Kind != target.Move || p.Src == last.Src+last.Len) {
				last.Len += sec
				continue
			}
		}
		list = append(list, p)
	}
	return list
}

// run does the whole transaction on a machine.
func (w *world) run(m *Machine) error { return w.runOn(m, m.Target()) }

// runOn does the world's transaction on a disk of the test's own.
func (w *world) runOn(m *Machine, dev Device) error {
	tx, err := w.prepared(m, dev)
	if err != nil {
		return err
	}
	return tx.Commit(context.Background(), noWatch)
}

// preparedWorld is a machine with a scenario's transaction before its commit.
func preparedWorld(tb testing.TB, s scenario, rng *rand.Rand) (*Machine, *Transaction) {
	tb.Helper()
	w := newWorld(s, rng)
	m := w.machine.Clone()
	tx, err := w.prepared(m, m.Target())
	if err != nil {
		tb.Fatal(err)
	}
	return m, tx
}

// prepared is the transaction before its commit.
func (w *world) prepared(m *Machine, dev Device) (*Transaction, error) {
	store, err := FreeSide(m.Store())
	if err != nil {
		return nil, err
	}
	spill, err := store.Create(journal.SpillName)
	if err != nil {
		return nil, err
	}
	if len(w.spill) > 0 {
		if _, err := spill.WriteAt(w.spill, 0); err != nil {
			return nil, err
		}
	}
	header := w.header
	header.Options = w.options
	r := &Rehearsal{Device: dev, Options: w.options, Limits: w.limits}
	under, err := r.stackOn(store)
	if err != nil {
		return nil, err
	}
	tune := w.tune
	tune.saves = under.saves(w.limits)
	tx, err := prepare(dev, store, spill, w.changes, w.tables, header, tune)
	if err == nil {
		err = tx.settleOn(under)
	}
	if err == nil {
		w.losesUnused = tx.program.Options.Has(journal.LosesUnused)
	}
	return tx, err
}

func noWatch(journal.Stage, int64, int64) {}

// recover ends what a crash left, and says whether there was a transaction.
func recoverMachine(m *Machine, how Direction) (bool, error) {
	err := Recover(context.Background(), m.Target(), m.Store(), how, noWatch)
	if errors.Is(err, ErrRollingBack) {
		err = Recover(context.Background(), m.Target(), m.Store(), RollBack, noWatch)
	}
	if errors.Is(err, journal.ErrNone) {
		return false, nil
	}
	return true, err
}

func (w *world) state(m *Machine) (is string) {
	m.look(func(b []byte) {
		switch got := w.quiet(b); {
		case bytes.Equal(got, w.before) || w.alike(got):
			is = "before"
		case bytes.Equal(got, w.after):
			is = "after"
		default:
			is = "damaged: " + diff(got, w.before, w.after)
		}
	})
	return is
}

// alike reports whether got is what was before but for what nobody misses: blocks that a file system held free.
func (w *world) alike(got []byte) bool {
	if !w.losesUnused || len(got) != len(w.before) {
		return false
	}
	at := int64(0)
	for _, r := range append(slices.Clone(w.changes.unused), byteRange{int64(len(got)), int64(len(got))}) {
		if !bytes.Equal(got[at:r.off], w.before[at:r.off]) {
			return false
		}
		at = r.end
	}
	return true
}

// share is which part of its cut points a world gets of those that a disk of a few sectors gets.
func (w *world) share() float64 { return min(1, 64*sec/float64(len(w.before))) }

func diff(got, before, after []byte) string {
	text := fmt.Sprintf("%d sectors (before %d, after %d);", len(got)/sec, len(before)/sec, len(after)/sec)
	for i := 0; i+sec <= len(got); i += sec {
		is := func(b []byte) bool { return i+sec <= len(b) && bytes.Equal(got[i:i+sec], b[i:i+sec]) }
		switch {
		case is(before) && is(after):
		case is(before):
			text += fmt.Sprintf(" %db", i/sec)
		case is(after):
			text += fmt.Sprintf(" %da", i/sec)
		default:
			text += fmt.Sprintf(" %d?", i/sec)
		}
	}
	return text
}

// exposed reports whether the target, as a crash left it, shows partitions that are not whole: the table in force is the
// old one and the data are not, or it is the planned one and the data are not. Under the fence anything may be.
func (w *world) exposed(m *Machine) (shows bool) {
	m.look(func(b []byte) { shows = w.shows(b) })
	return shows
}

func (w *world) shows(got []byte) bool {
	if w.real != nil {
		return w.real.exposed(got) != ""
	}
	same := func(image []byte) bool {
		end := int64(min(len(got), len(image))) - sec // the last sector holds the copy of the table
		for _, r := range w.content(image) {
			if r.off < end && !bytes.Equal(got[r.off:min(r.end, end)], image[r.off:min(r.end, end)]) {
				return false
			}
		}
		return true
	}
	switch {
	case bytes.Equal(got[:sec], w.before[:sec]) && !bytes.Equal(w.before[:sec], w.after[:sec]):
		return !same(w.before)
	case bytes.Equal(got[:sec], w.after[:sec]):
		return !same(w.after)
	}
	return false
}

// content is where partitions lie, before or as planned: everything that is moved, or new content.
func (w *world) content(image []byte) []byteRange {
	var runs []byteRange
	for _, m := range w.changes.moves {
		if &image[0] == &w.before[0] {
			runs = append(runs, m.from())
		} else {
			runs = append(runs, m.to())
		}
	}
	if &image[0] == &w.after[0] {
		for _, p := range w.changes.places {
			runs = append(runs, p.to())
		}
	}
	return runs
}

// complete reports whether the journal says that nothing is left to do.
func complete(m *Machine) bool {
	s, err := Inspect(m.Store())
	return err == nil && s.Complete
}
