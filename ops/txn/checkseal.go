package txn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"shunt/ops/journal"
	"shunt/ops/target"
)

// checkSeal checks that the target is as the commit left it. If the host's file times and inode are those of the seal,
// comparing the seal's probes is enough. A later time of modification counts as a change, whatever was written. In all
// other cases the times prove nothing: there are none, they are of another file, or only the time of the last status
// change differs, as after chmod, a rename, or a time of modification that was set back. Then checkSeal compares
// everything that the undo would overwrite or move.
//
// It reports whether the times prove that nobody has written to the target.
func checkSeal(ctx context.Context, dev Device, p journal.Program, seal journal.Seal, watch Watch) (same bool, err error) {
	same, err = checkTimes(dev, p, seal)
	if err != nil {
		return false, err
	}
	return same, compareSealed(ctx, dev, p, seal.Probes, same, watch)
}

// samples reports whether a seal covers only samples of what was moved.
func samples(p journal.Program, seal journal.Seal) bool {
	return probedLen(seal.Probes) < probedLen(sealed(p, false))
}

// checkTimes checks the length of a target and its times against a seal, and that the seal has enough probes for what the
// times do not prove. It reports whether they prove that nobody has written to the target. For the error see checkSeal.
func checkTimes(dev Device, p journal.Program, seal journal.Seal) (same bool, err error) {
	if n, was := dev.Size(), cmp.Or(seal.Size, p.SizeAfter); n != was {
		return false, &ChangedError{Off: -1, What: fmt.Sprintf("it is %d bytes long and was %d", n, was)}
	}
	now, err := dev.State()
	if err != nil {
		return false, err
	}
	same = unchanged(seal, now)
	if !same && !dev.Loose() && seal.Modified != 0 && now.Known() && now.Modified > seal.Modified {
		is, was := localTime(now.Modified), localTime(seal.Modified)
		if is == was {
			was = "a moment before that"
		}
		what := "its time of modification is " + is + ", and was " + was
		return false, &ChangedError{Off: -1, What: what}
	}
	if !same && samples(p, seal) {
		what := "it is not known any more whether it was changed"
		if now.Known() {
			what = "something about it was changed on " + localTime(now.Changed)
		}
		return false, &ChangedError{Off: -1, What: what + ", and only samples of the moved data were kept to compare"}
	}
	return same, nil
}

// compareSealed compares the probes of a seal with the target. If the times do not prove that nothing was written, it also looks
// for content where the commit left none. The error is a *ChangedError, or one of reading.
func compareSealed(ctx context.Context, dev Device, p journal.Program, probes []journal.Probe, same bool, watch Watch) error {
	err := readProbes(ctx, dev, probes, journal.StageVerify, watch, func(probe *journal.Probe, sum uint32) error {
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
	return located(err, p)
}

// changedAt says that n bytes at off are not as the transaction left them; how ends the sentence.
func changedAt(off, n int64, how string) error {
	return &ChangedError{Off: off, What: fmt.Sprintf("the %d bytes at offset %d %s", n, off, how)}
}

// unchanged reports whether the host's file times and inode are those of the seal, and prove something. Those of a host that
// counts whole seconds, as FAT and an ext4 with small inodes, do not: much can happen in the second of the commit. A seal of
// version 1 has only the time of modification.
func unchanged(seal journal.Seal, now target.State) bool {
	if target.Step(now.Modified, now.Changed) >= time.Second {
		return false
	}
	if seal.Changed == 0 && seal.Inode == 0 {
		return seal.Modified != 0 && seal.Modified == now.Modified
	}
	return now == target.State{Modified: seal.Modified, Changed: seal.Changed, Born: seal.Born, Inode: seal.Inode}
}

func localTime(nanoseconds int64) string {
	return time.Unix(0, nanoseconds).Format(time.DateTime)
}
