package txn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shunt/ops/journal"
	"shunt/ops/target"
)

// checkSeal makes sure that the target is as the commit left it. If the host's account says so, the probes of the seal are
// enough. A later time of modification is a change, whatever was written. In other cases the account says too little: there
// is none, it is of another file, or only the time of change differs, as after chmod, a rename, or a time of modification
// that was put back. Then everything is compared that the undo would overwrite or move.
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
		what := "its time of modification is " + localTime(now.Modified) + ", and was " + localTime(seal.Modified)
		return &ChangedError{Off: -1, What: what}
	}
	if !same && probedLen(seal.Probes) < probedLen(sealed(p, false)) {
		what := "the system's account of its changes is not what it was"
		if now.Known() {
			what = "something of it was changed on " + localTime(now.Changed)
		}
		return &ChangedError{Off: -1, What: what + ", and of the moved data only samples were kept to compare"}
	}
	err = readProbes(ctx, dev, seal.Probes, journal.StageVerify, watch, func(probe *journal.Probe, sum uint32) error {
		if sum != probe.Sum {
			return changedAt(probe.Off, probe.Len, "have other content")
		}
		return nil
	})
	if err == nil && !same {
		err = checkCleared(ctx, dev, p)
	}
	if mismatch := new(MismatchError); errors.As(err, &mismatch) {
		return changedAt(mismatch.Off, mismatch.Len, "were empty")
	}
	return located(err, 0, p)
}

func changedAt(off, n int64, how string) error {
	return &ChangedError{Off: off, What: fmt.Sprintf("the %d bytes at offset %d %s", n, off, how)}
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
