package txn

import (
	"context"
	"errors"
	"math/rand"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/journal"
)

// liar is a disk that gives back other bytes than were written, at one place, once it has been asked to forget its cache.
type liar struct {
	Device
	off   int64
	lying bool
}

func (l *liar) Forget(int64, int64) { l.lying = true }

func (l *liar) ReadAt(b []byte, off int64) (int, error) {
	n, err := l.Device.ReadAt(b, off)
	if l.lying && off <= l.off && l.off < off+int64(len(b)) {
		b[l.off-off] ^= 1
	}
	return n, err
}

// fumbler is a disk that damages one byte in the middle of what it copies to a place.
type fumbler struct {
	Device
	off int64
}

func (f *fumbler) Copy(dst, src, n int64) error {
	err := f.Device.Copy(dst, src, n)
	if err == nil && dst <= f.off && f.off < dst+n {
		b := make([]byte, 1)
		if _, err := f.ReadAt(b, f.off); err != nil {
			return err
		}
		b[0] ^= 1
		_, err = f.WriteAt(b, f.off)
	}
	return err
}

// TestVerifyNotices lets every sector that a commit writes come back different. The commit must say so and stay
// unfinished; when the disk has come to its senses, both ways out are open.
func TestVerifyNotices(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, s := range allScenarios(rng, 4) {
		s.options = journal.Verify | journal.Options(rng.Intn(4))
		w := newWorld(s, rng)
		watched := append(w.content(w.after), spans(w.tables.final)...)
		for _, r := range newRanges(watched) {
			for off := r.off + rng.Int63n(sec); off < r.end; off += 3 * sec {
				if w.hollow(off) {
					continue
				}
				m := w.machine.Clone()
				err := w.runOn(m, &liar{Device: m.Target(), off: off})
				mismatch := new(MismatchError)
				if !errors.As(err, &mismatch) || mismatch.Off > off || off >= mismatch.Off+mismatch.Len {
					t.Fatalf("%s: byte %d comes back different, and the commit says %v", s.name, off, err)
				}
				err = Recover(context.Background(), &liar{Device: m.Target(), off: off}, m.Store(), Finish, noWatch)
				if !errors.As(err, &mismatch) {
					t.Fatalf("%s: byte %d comes back different again, and the recovery says %v", s.name, off, err)
				}
				w.endFault(t, m, int(off))
			}
		}
	}
}

// TestVerifyZeroes lets a byte come back that was cleared.
func TestVerifyZeroes(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	w := newWorld(scenario{name: "clear", before: 64, after: 64, clear: ranges{{20, 40}}, tune: small, options: journal.Verify}, rng)
	m := w.machine.Clone()
	dev := &dirty{Device: m.Target(), off: 30 * sec}
	if err := w.runOn(m, dev); !errors.As(err, new(*MismatchError)) {
		t.Fatalf("a cleared sector holds something, and the commit says %v", err)
	}
}

// dirty is a disk that leaves one byte as it was when it should clear it.
type dirty struct {
	Device
	off int64
}

func (d *dirty) Punch(off, n int64) error {
	if err := d.Device.Punch(off, n); err != nil || d.off < off || off+n <= d.off {
		return err
	}
	_, err := d.WriteAt([]byte{1}, d.off)
	return err
}

// TestRollBackFromMismatch damages a byte of the moved data for good. Where its old place was not overwritten, a roll back
// leaves that alone and the target is as it was.
func TestRollBackFromMismatch(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	w := newWorld(scenario{name: "move away", before: 48, after: 48, moves: []segment{{24, 4, 12}}, tune: small, options: journal.Verify}, rng)
	for off := int64(24 * sec); off < 36*sec; off += sec {
		m := w.machine.Clone()
		if err := w.runOn(m, &fumbler{Device: m.Target(), off: off}); !errors.As(err, new(*MismatchError)) {
			t.Fatalf("byte %d was damaged, and the commit says %v", off, err)
		}
		if _, err := recoverMachine(m, RollBack); err != nil {
			t.Fatal(err)
		}
		if got := w.state(m); got != "before" {
			t.Fatalf("byte %d was damaged: after the roll back the target is %s", off, got)
		}
	}
}
