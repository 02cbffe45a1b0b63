package txn

import (
	"context"
	"errors"
	"testing"

	"shunt/ops/journal"
	"shunt/ops/target"
)

// accounted is a target of zeroes with an account of its changes.
type accounted struct {
	Device
	size   int64
	state  target.State
	shared int64
	loose  bool
	read   int64
	odd    int64 // the offset of a byte that is not zero, -1 for none
}

func (d *accounted) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	if d.odd >= off && d.odd < off+int64(len(p)) {
		p[d.odd-off] = 1
	}
	d.read += int64(len(p))
	return len(p), nil
}

func (d *accounted) Size() int64                          { return d.size }
func (d *accounted) State() (target.State, error)         { return d.state, nil }
func (d *accounted) Loose() bool                          { return d.loose }
func (d *accounted) Shared() int64                        { return d.shared }
func (d *accounted) Forget(int64, int64)                  {}
func (d *accounted) Data(off int64) (int64, int64, error) { return d.size, d.size, nil }

// TestSealAndAccount seals a target after a large copy and says what an undo makes of what happens to it then.
func TestSealAndAccount(t *testing.T) {
	const moved = 4 * sampled
	p := journal.Program{SizeAfter: 2 * moved, Units: []journal.Unit{
		{Stage: journal.StageCopy, Ops: []journal.Op{{Kind: journal.OpCopy, Off: moved, Len: moved}}},
	}}
	at := target.State{Modified: 5, Changed: 6, Born: 1, Inode: 7}
	changed := func(f func(s *target.State)) target.State {
		s := at
		f(&s)
		return s
	}
	later := changed(func(s *target.State) { s.Modified, s.Changed = 8, 8 })
	chmod := changed(func(s *target.State) { s.Changed = 8 })
	copied := changed(func(s *target.State) { s.Changed, s.Born, s.Inode = 8, 8, 9 })
	const between = moved + sampleSize + 1 // in no sample
	for _, c := range []struct {
		name         string
		shared       int64
		then, now    target.State
		loose, fails bool
		odd          int64
		reads        int64 // of the undo, at least
	}{
		{name: "shared, nothing happened", shared: moved, then: at, now: at, odd: -1, reads: sampled / 2},
		{name: "shared, chmod", shared: moved, then: at, now: chmod, odd: -1, fails: true},
		{name: "shared, nobody knows", shared: moved, odd: -1, reads: moved},
		{name: "shared in part", shared: moved / 4, then: at, now: chmod, odd: -1, reads: moved},
		{name: "copied, chmod", then: at, now: chmod, odd: -1, reads: moved},
		{name: "copied, another file", then: at, now: copied, odd: -1, reads: moved},
		{name: "copied, the time put back", then: at, now: chmod, odd: between, fails: true},
		{name: "copied, written to", then: at, now: later, odd: -1, fails: true},
		{name: "a device, written to elsewhere", then: at, now: later, loose: true, odd: -1, reads: moved},
		{name: "a device, written to here", then: at, now: later, loose: true, odd: between, fails: true},
		{name: "nobody keeps account", odd: -1, reads: moved},
		{name: "nobody keeps account of a change", odd: between, fails: true},
		{name: "nobody keeps account any more", then: at, odd: -1, reads: moved},
	} {
		d := &accounted{size: p.SizeAfter, state: c.then, shared: c.shared, odd: -1}
		seal, err := takeSeal(context.Background(), d, p, noWatch)
		if err != nil {
			t.Fatal(err)
		}
		d.state, d.odd, d.loose, d.read = c.now, c.odd, c.loose, 0
		_, err = checkSeal(context.Background(), d, p, seal, noWatch)
		if c.fails != errors.As(err, new(*ChangedError)) || !c.fails && err != nil || d.read < c.reads {
			t.Errorf("%s: %v, %d bytes were read", c.name, err, d.read)
		}
	}
}

// TestWholeSeconds trusts no times that change once a second.
func TestWholeSeconds(t *testing.T) {
	const second = 1_000_000_000
	for now, want := range map[target.State]bool{
		{Modified: 5 * second, Changed: 6 * second, Born: 1, Inode: 7}:     false,
		{Modified: 5*second + 1, Changed: 6 * second, Born: 1, Inode: 7}:   true,
		{Modified: 5 * second, Changed: 6*second + 100, Born: 1, Inode: 7}: true,
	} {
		seal := journal.Seal{Modified: now.Modified, Changed: now.Changed, Born: now.Born, Inode: now.Inode}
		if unchanged(seal, now) != want {
			t.Errorf("%+v: proves %v", now, !want)
		}
	}
}

// TestOldSeal goes by what a seal of version 1 has.
func TestOldSeal(t *testing.T) {
	if !unchanged(journal.Seal{Modified: 5}, target.State{Modified: 5, Changed: 9, Inode: 3}) ||
		unchanged(journal.Seal{Modified: 5}, target.State{Modified: 6, Changed: 9, Inode: 3}) || unchanged(journal.Seal{}, target.State{}) {
		t.Error("the time of modification is what counts in an old seal")
	}
}
