package txn

import (
	"context"
	"fmt"
	"slices"

	"shunt/ops/journal"
)

// MismatchError is content that was written to the target and came back different when it was read again.
type MismatchError struct {
	Off, Len int64  // of the target, bytes
	Where    string // the same in sectors, with the partition
}

func (e *MismatchError) Error() string {
	place := e.Where
	if place == "" {
		place = fmt.Sprintf("%d bytes at offset %d of the target", e.Len, e.Off)
	}
	return fmt.Sprintf("verify: what was read back of %s is not what was written", place)
}

// readBack reads everything that the units left on the target from the storage, as far as the host lets go of what it
// has cached, and compares. A crash here leaves the transaction at its end, to be read back again.
func readBack(ctx context.Context, dev Device, p journal.Program, watch Watch) error {
	list := append(moved(p), placed(p)...)
	var total, done int64
	for _, probe := range list {
		total += probe.Len
	}
	for _, probe := range list {
		if ctx.Err() != nil {
			return ErrStopped
		}
		watch(journal.StageVerify, done, total)
		dev.Forget(probe.Off, probe.Len)
		sum, err := sumOf(dev, probe.Off, probe.Len)
		if err != nil {
			return asPlanned(err)
		}
		if sum != probe.Sum {
			return &MismatchError{Off: probe.Off, Len: probe.Len}
		}
		done += probe.Len
	}
	for _, r := range cleared(p) {
		if ctx.Err() != nil {
			return ErrStopped
		}
		if err := readsAsZero(dev, r); err != nil {
			return err
		}
	}
	return nil
}

// moved lists where the copies of a program lead. Their sums are there if the program has the option Verify.
func moved(p journal.Program) []journal.Probe {
	var list []journal.Probe
	for _, u := range p.Units {
		for _, op := range u.Ops {
			if op.Kind == journal.OpCopy || op.Kind == journal.OpUnstage {
				list = append(list, journal.Probe{Off: op.Off, Len: op.Len, Sum: op.Check})
			}
		}
	}
	return list
}

// placed lists the new content and the table that are on the target after the last unit.
func placed(p journal.Program) []journal.Probe {
	var list, tables []journal.Probe
	for _, u := range p.Units {
		for _, op := range u.Ops {
			switch {
			case u.Stage == journal.StagePlace && op.Kind == journal.OpPlace:
				list = append(list, journal.Probe{Off: op.Off, Len: op.Len, Sum: op.Sum})
			case u.Stage == journal.StageTable:
				tables = append(tables, journal.Probe{Off: op.Off, Len: op.Len, Sum: op.Sum})
			}
		}
	}
	// A structure of the table that another one overwrites is not there any more.
	var last []journal.Probe
	for _, t := range slices.Backward(tables) {
		if !slices.ContainsFunc(last, func(l journal.Probe) bool { return t.Off < l.Off+l.Len && l.Off < t.Off+t.Len }) {
			last = append(last, t)
		}
	}
	return append(list, last...)
}

// cleared lists what must read as zero after the last unit.
func cleared(p journal.Program) ranges {
	var runs []byteRange
	for _, u := range p.Units {
		for _, op := range u.Ops {
			if op.Kind == journal.OpZero {
				runs = append(runs, byteRange{op.Off, min(op.Off+op.Len, p.SizeAfter)})
			}
		}
	}
	return newRanges(runs)
}

// readsAsZero looks at the data in a range; holes need no looking at.
func readsAsZero(dev Device, r byteRange) error {
	for off := r.off; off < r.end; {
		start, end, err := dev.Data(off)
		if err != nil {
			return &FaultError{Stage: journal.StageVerify, What: "find the holes in", Off: off, Len: r.end - off, Err: err}
		}
		start, end = min(start, r.end), min(end, r.end)
		if start >= end {
			return nil
		}
		dev.Forget(start, end-start)
		err = eachBlock(end-start, func(buf []byte, at int64) error {
			if _, err := dev.ReadAt(buf, start+at); err != nil {
				return asPlanned(readFault(dev, start+at, int64(len(buf)), err))
			}
			for _, b := range buf {
				if b != 0 {
					return &MismatchError{Off: start + at, Len: int64(len(buf))}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		off = end
	}
	return nil
}
