package txn

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/journal"
)

// A world with a partition in use: its file system writes into it before every operation of the transaction. What it wrote
// must be there, whatever becomes of the transaction, and its entry must be in the table all the time.

// TestCrashInUse cuts the power as TestCrashEveryOp and TestCrashRecovery do, on the disks with a partition in use alone.
func TestCrashInUse(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	count := newTally()
	part := portion(400000)
	for _, p := range plans() {
		if p.busy == 0 {
			continue
		}
		w := p.world(t, rng)
		w.options = journal.Options(rng.Intn(4))
		crashWorld(t, w, part, rng, count)
		if !t.Failed() {
			w.crashRecoveries(t, part, rng, count)
		}
	}
	count.log(t)
}

// live writes one sector of every partition in use, another one and something else each time.
func (w *world) live(m *Machine) {
	for _, r := range w.changes.busy {
		at, content := lifeOf(r, m.Ops())
		m.Scribble(content, at)
	}
}

// lifeOf is what is written before operation n, and where.
func lifeOf(r byteRange, n int) (off int64, content []byte) {
	content = make([]byte, sec)
	binary.LittleEndian.PutUint64(content[sec/2:], uint64(n)+1)
	return r.off + int64(n)*7*sec%(r.end-r.off), content
}

// lived says what is wrong with the partitions in use on a machine that has run for as long as it counts, "" if nothing.
func (w *world) lived(m *Machine) string {
	got := m.TargetBytes()
	for _, r := range w.changes.busy {
		want := bytes.Clone(w.before[r.off:r.end])
		for n := range m.Ops() {
			at, content := lifeOf(r, n)
			copy(want[at-r.off:], content)
		}
		if !bytes.Equal(got[r.off:r.end], want) {
			return fmt.Sprintf("the partition in use at %d does not hold what was written there", r.off)
		}
	}
	return ""
}

// untouched reports whether two machines hold the same in the partitions in use.
func (w *world) untouched(a, b *Machine) bool {
	if len(w.changes.busy) == 0 {
		return true
	}
	x, y := a.TargetBytes(), b.TargetBytes()
	for _, r := range w.changes.busy {
		if !bytes.Equal(x[r.off:r.end], y[r.off:r.end]) {
			return false
		}
	}
	return true
}

// quiet is the content of a target with the partitions in use as they were.
func (w *world) quiet(got []byte) []byte {
	for _, r := range w.changes.busy {
		if r.end <= int64(len(got)) {
			copy(got[r.off:r.end], w.before[r.off:r.end])
		}
	}
	return got
}
