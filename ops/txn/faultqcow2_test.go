package txn

import (
	"errors"
	"math/rand"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/journal"
)

// TestFaultQcow2 makes every operation of commits to qcow2 images fail that is no reading of the image, once or for good. The
// error comes out with its cause, the disk is the old one or the new one in an image in order, and what is left can be ended.
func TestFaultQcow2(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	kinds, faults := imageKinds(), 0
	for n, w := range someWorlds(t, rng, 2, min(1, float64(*statesFlag)/200000)) {
		w.options = journal.Options(rng.Intn(4))
		i := w.imaged(t, kinds[n%len(kinds)], rng)
		for at := 0; ; at++ {
			m := i.machine.Clone()
			fault := &Fault{At: at, Err: failures[(at+n)%len(failures)], Sticky: rng.Intn(2) == 1}
			m.Inject(fault)
			err := i.run(m)
			if fault.Hits == 0 {
				break
			}
			faults++
			m.Inject(nil)
			state := i.state(m)
			switch {
			case !errors.Is(err, fault.Err):
				t.Fatalf("%s: %q failed and the commit says %v", i.name, fault.What, err)
			case state != "before" && state != "after":
				t.Fatalf("%s: %q failed, and the disk is %s", i.name, fault.What, state)
			case errors.As(err, new(*AfterError)) && state != "after":
				t.Fatalf("%s: %q failed: %v, but the disk is as %s", i.name, fault.What, err, state)
			}
			if _, _, err := i.end(m, Finish); err != nil {
				t.Fatalf("%s: %q failed, then ended: %v", i.name, fault.What, err)
			}
			if got := i.state(m); got != state && got != "after" {
				t.Fatalf("%s: %q failed, then ended: the disk was as %s and is %s", i.name, fault.What, state, got)
			}
		}
	}
	t.Logf("%d faults", faults)
}
