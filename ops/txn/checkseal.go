package txn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shunt/ops/journal"
	"shunt/ops/target"
)

// checkSeal makes sure that the target is as the commit left it. An account of the host that says so is believed, and then
// the probes of the seal are enough. A later time of modification is a change, whatever was written. Where the account
// says less (it is of another file, or only the time of change is another, as after chmod, a rename, or a time of modification
// that was put back, be it further than it was) or nobody keeps one, everything is compared that the undo would overwrite or move.
func checkSeal(ctx context.Context, dev Device, p journal.Program, seal journal.Seal, watch Watch) error {
	if n := dev.Size(); n != p.SizeAfter {
		return &ChangedError{Off: -1, What: fmt.Sprintf("it is %d bytes long and was %d", n, p.SizeAfter)}
	}
	now, err := dev.State()
	if err != nil {
		return err
	}
	same := unchanged(seal, now)
	if !same && !dev.Loose() && seal.Modified != 0 && now.Known() && now.Modified > seal.Modified {
		return &ChangedError{Off: -1, What: "its time of modification is " + localTime(now.Modified) + ", and was " + localTime(seal.Modified)}
	}
	if !same && probedLen(seal.Probes) < probedLen(sealed(p, false)) {
		what := "what the system tells of its changes is not what it was"
		if now.Known() {
			what = "something of it was changed on " + localTime(now.Changed)
		}
		return &ChangedError{Off: -1, What: what + ", and of the moved data only samples were kept to compare"}
	}
	if err := checkProbes(ctx, dev, p, seal.Probes, watch); err != nil || same {
		return err
	}
	return checkCleared(ctx, dev, p)
}

// unchanged reports whether the host's account says that nothing has changed. A seal of version 1 has the time of
// modification only.
func unchanged(seal journal.Seal, now target.State) bool {
	if seal.Changed == 0 && seal.Inode == 0 {
		return seal.Modified != 0 && seal.Modified == now.Modified
	}
	return now == target.State{Modified: seal.Modified, Changed: seal.Changed, Born: seal.Born, Inode: seal.Inode}
}

func localTime(nanoseconds int64) string {
	return time.Unix(0, nanoseconds).Format(time.DateTime)
}

func checkProbes(ctx context.Context, dev Device, p journal.Program, list []journal.Probe, watch Watch) error {
	total, done := probedLen(list), int64(0)
	for _, probe := range list {
		if ctx.Err() != nil {
			return ErrStopped
		}
		watch(journal.StageVerify, done, total)
		sum, err := sumOf(dev, probe.Off, probe.Len)
		if err != nil {
			return located(asPlanned(err), 0, p)
		}
		if sum != probe.Sum {
			return &ChangedError{Off: probe.Off, What: fmt.Sprintf("the %d bytes at offset %d have other content", probe.Len, probe.Off)}
		}
		done += probe.Len
	}
	return nil
}

// checkCleared looks for what was written where the commit left nothing.
func checkCleared(ctx context.Context, dev Device, p journal.Program) error {
	for _, r := range cleared(p) {
		if ctx.Err() != nil {
			return ErrStopped
		}
		err := readsAsZero(dev, r)
		if mismatch := new(MismatchError); errors.As(err, &mismatch) {
			return &ChangedError{Off: mismatch.Off, What: fmt.Sprintf("the %d bytes at offset %d were empty", mismatch.Len, mismatch.Off)}
		}
		if err != nil {
			return located(err, 0, p)
		}
	}
	return nil
}
