package txn

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"shunt/ops/journal"
)

// MismatchError is returned when content that was written to the target reads back different.
type MismatchError struct {
	Off, Len int64  // of the target, bytes
	Where    string // the same in sectors, with the partition
}

func (e *MismatchError) Error() string {
	place := e.Where
	if place == "" {
		place = fmt.Sprintf("%d bytes at offset %d of the target", e.Len, e.Off)
	}
	return fmt.Sprintf("%s read back different from what was written", place)
}

// An uncached is a target that reads from the storage, as far as the host drops its cache when asked.
type uncached struct{ Device }

func (u uncached) ReadAt(b []byte, off int64) (int, error) {
	u.Forget(off, int64(len(b)))
	return u.Device.ReadAt(b, off)
}

// readBack reads everything that the units left on the target back from the storage and compares it. After a crash here,
// recovery reads everything back again.
func readBack(ctx context.Context, dev Device, p journal.Program, watch Watch) error {
	list := append(moved(p), placed(p)...)
	err := readProbes(ctx, uncached{dev}, list, journal.StageVerify, watch, func(probe *journal.Probe, sum uint32) error {
		if sum != probe.Sum {
			return &MismatchError{Off: probe.Off, Len: probe.Len}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return checkCleared(ctx, dev, p)
}

// readProbes calls do with each probe and the checksum of the bytes that the target holds there.
func readProbes(
	ctx context.Context, dev Device, list []journal.Probe, stage journal.Stage, watch Watch,
	do func(probe *journal.Probe, sum uint32) error,
) error {
	total, done := probedLen(list), int64(0)
	for i := range list {
		if ctx.Err() != nil {
			return ErrStopped
		}
		probe := &list[i]
		watch(stage, done, total)
		sum, err := sumOf(dev, probe.Off, probe.Len)
		if err != nil {
			return asPlanned(err)
		}
		if err := do(probe, sum); err != nil {
			return err
		}
		done += probe.Len
	}
	return nil
}

func probedLen(list []journal.Probe) int64 {
	var n int64
	for _, probe := range list {
		n += probe.Len
	}
	return n
}

// checkCleared checks that everything the units cleared reads as zero. If not, the error is a *MismatchError.
func checkCleared(ctx context.Context, dev Device, p journal.Program) error {
	for _, r := range cleared(p) {
		if ctx.Err() != nil {
			return ErrStopped
		}
		if err := readsAsZero(uncached{dev}, r); err != nil {
			return err
		}
	}
	return nil
}

// moved lists the destinations of a program's copies. Their sums are 0 without the option Verify.
func moved(p journal.Program) []journal.Probe {
	var list []journal.Probe
	for _, op := range p.Writes() {
		if op.Kind == journal.OpCopy || op.Kind == journal.OpUnstage {
			list = append(list, journal.Probe{Off: op.Off, Len: op.Len, Sum: op.Check})
		}
	}
	return list
}

// placed lists the new content and the table that are on the target after the last unit.
func placed(p journal.Program) []journal.Probe {
	var list, tables []journal.Probe
	for stage, op := range p.Writes() {
		probe := journal.Probe{Off: op.Off, Len: op.Len, Sum: op.Sum}
		switch {
		case stage == journal.StagePlace && op.Kind == journal.OpPlace:
			list = append(list, probe)
		case stage == journal.StageTable:
			tables = append(tables, probe)
		}
	}
	// A structure of the table may have been overwritten by a later one.
	var last []journal.Probe
	for _, t := range slices.Backward(tables) {
		if !slices.ContainsFunc(last, func(l journal.Probe) bool { return t.Off < l.Off+l.Len && l.Off < t.Off+t.Len }) {
			last = append(last, t)
		}
	}
	return append(list, last...)
}

// cleared lists the bytes that must read as zero after the last unit.
func cleared(p journal.Program) ranges {
	var runs []byteRange
	for _, op := range p.Writes() {
		if op.Kind == journal.OpZero {
			runs = append(runs, byteRange{op.Off, min(op.Off+op.Len, p.SizeAfter)})
		}
	}
	return newRanges(runs)
}

// readsAsZero returns a *MismatchError if a byte in a range is not zero. It skips holes.
func readsAsZero(dev Device, r byteRange) error {
	for off := r.off; off < r.end; {
		start, end, err := dev.Data(off)
		if err != nil {
			return &FaultError{What: "find the holes in", Off: off, Len: r.end - off, Err: err}
		}
		start, end = min(start, r.end), min(end, r.end)
		if start >= end {
			return nil
		}
		err = eachBlock(end-start, func(buf []byte, at int64) error {
			if _, err := dev.ReadAt(buf, start+at); err != nil {
				return asPlanned(readFault(dev, start+at, int64(len(buf)), err))
			}
			if !allZero(buf) {
				return &MismatchError{Off: start + at, Len: int64(len(buf))}
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

func allZero(b []byte) bool { return len(b) == 0 || b[0] == 0 && bytes.Equal(b[1:], b[:len(b)-1]) }
