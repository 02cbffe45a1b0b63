package txn

import (
	"bytes"
	"errors"
	"math/rand"
	"slices"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/journal"
	"shunt/ops/target"
)

// TestUndoWithoutRuns undoes a commit above one that freed no clusters. The file has holes, which moving clusters could fill, but
// the undo that is left needs the header as it is. After the last undo the file is as short as its content allows.
func TestUndoWithoutRuns(t *testing.T) {
	for _, k := range imageKinds() {
		if k.snapshot && !testneed.Has(t, "qemu-img") {
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			tw := imagedTower(t, k, rand.New(rand.NewSource(testneed.Seed(t))))
			m := tw.start.Clone()
			if err := tw.commit(m, 0); err != nil {
				t.Fatal(err)
			}
			disk, n := tw.states[1], int64(len(tw.states[1]))
			above := slices.Clone(disk)
			above[0]++
			commit := func(to []byte, pieces ...target.Piece) (freed int) {
				t.Helper()
				i := &imaged{world: &world{limits: Limits{Most: 2, Room: stacked.Room}}, kind: k, below: tw.below}
				dev, err := i.open(m)
				if err != nil {
					t.Fatal(err)
				}
				next := target.Next{Size: n, Pieces: slices.Values(pieces), Content: bytes.NewReader(to)}
				tx, err := i.commit(m, dev, next, journal.KeepUndo)
				if err != nil {
					t.Fatal(err)
				}
				return len(tx.program.Heads)
			}
			if freed := commit(disk, target.Piece{Len: n}); freed > 0 {
				t.Fatalf("a commit that changes nothing has freed %d runs", freed)
			}
			if freed := commit(above, target.Piece{Len: sec, Kind: target.Write}, target.Piece{Off: sec, Len: n - sec}); freed == 0 {
				t.Fatal("a commit that writes has freed nothing")
			}
			long := m.Target().Size()
			for left := 1; left >= 0; left-- {
				if err := tw.undo(m); err != nil {
					t.Fatalf("undo with %d below: %v", left, err)
				}
				if at, err := tw.at(m); err != nil || at != 1 {
					t.Fatalf("undone with %d below, the disk has state %d: %v", left, at, err)
				}
				list, err := Undoable(m.Store())
				if len(list) != left || left > 0 && err != nil || left == 0 && !errors.Is(err, ErrNoUndo) {
					t.Fatalf("%d can be undone, not %d: %v", len(list), left, err)
				}
			}
			if now := m.Target().Size(); now >= long && !k.snapshot {
				t.Errorf("the file still has %d bytes, with %d before the undos", now, long)
			}
		})
	}
}
