package txn

import (
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/ops/journal"
)

// A FaultError reports a read or a write that failed on the target or in the journal's files. A transaction whose commit
// had begun can still be finished or rolled back.
type FaultError struct {
	What  string // the action that failed: "read", "write", "sync", …
	Off   int64  // in the target, bytes; Where names the same place
	Len   int64  // in bytes; 0 if no single place is at fault
	Where string // "sectors 2,048-2,055 of the target (in p2: sectors 0-7)"
	Err   error

	planned bool // Where must name the partition that the plan puts at Off, not the one before
}

func (e *FaultError) Error() string {
	text := "cannot " + e.What
	switch {
	case e.Len == 0:
		text += " the target"
	case e.Where != "":
		text += " " + e.Where
	default:
		text += fmt.Sprintf(" %d bytes at offset %d of the target", e.Len, e.Off)
	}
	return fmt.Sprintf("%s: %v", text, e.Err)
}

func (e *FaultError) Unwrap() error { return e.Err }

// readFault describes a failed read of the target, narrowed down to the sectors that cannot be read.
func readFault(dev Device, off, n int64, err error) *FaultError {
	off, n, _ = findUnreadable(dev, off, n, err)
	return &FaultError{What: "read", Off: off, Len: n, Err: err}
}

// asPlanned makes a fault name the partition that the plan puts at its place. It leaves other errors as they are.
func asPlanned(err error) error {
	fault := new(FaultError)
	if errors.As(err, &fault) {
		fault.planned = true
	}
	return err
}

// isMediumError reports whether err says that the storage cannot return what it holds.
func isMediumError(err error) bool {
	return errors.Is(err, unix.EIO) || errors.Is(err, unix.ENODATA) || errors.Is(err, unix.EBADMSG) ||
		errors.Is(err, unix.EREMOTEIO) || errors.Is(err, io.ErrUnexpectedEOF)
}

// findUnreadable returns the first run of sectors in [off, off+n) that cannot be read. If everything can be read now, it
// returns off, n and false. A disk takes long over each bad sector, so only a few are tried.
func findUnreadable(dev Device, off, n int64, err error) (badOff, badLen int64, found bool) {
	const (
		coarse, fine = 1 << 20, 512
		most         = 64
	)
	if !isMediumError(err) {
		return off, n, false
	}
	end := min(off+n, dev.Size())
	buf := make([]byte, coarse)
	bad := func(at, n int64) bool {
		_, err := dev.ReadAt(buf[:min(n, end-at)], at)
		return err != nil
	}
	for at := off; at < end; at += coarse {
		if !bad(at, coarse) {
			continue
		}
		for first := at; first < min(at+coarse, end); first += fine {
			if !bad(first, fine) {
				continue
			}
			last := first + fine
			for last < end && last < first+most*fine && bad(last, fine) {
				last += fine
			}
			return first, min(last, end) - first, true
		}
	}
	return off, n, false
}

// located adds the sectors and the partition to the error of a fault. It leaves other errors as they are.
func located(err error, p journal.Program) error {
	fault := new(FaultError)
	if errors.As(err, &fault) && fault.Where == "" && fault.Len > 0 {
		fault.Where = where(p, fault.Off, fault.Len, fault.planned)
	}
	mismatch := new(MismatchError)
	if errors.As(err, &mismatch) && mismatch.Where == "" {
		mismatch.Where = where(p, mismatch.Off, mismatch.Len, true)
	}
	return err
}

// where names a run of bytes of the target by its sectors and its partition. planned says whether it looks first at the
// planned partitions or at those before the transaction.
func where(p journal.Program, off, n int64, planned bool) string {
	z := max(p.Sector, 512)
	text := sectors(off, off+n, z) + " of the target"
	for _, planned := range []bool{planned, !planned} {
		for _, part := range p.Parts {
			if part.Planned == planned && part.Off <= off && off+n <= part.Off+part.Len {
				return fmt.Sprintf("%s (in %s: %s)", text, part.Name, sectors(off-part.Off, off+n-part.Off, z))
			}
		}
	}
	for _, part := range p.Parts {
		if part.Planned == planned && part.Off < off+n && off < part.Off+part.Len {
			return fmt.Sprintf("%s (in part %s)", text, part.Name)
		}
	}
	return text
}

// sectors names the sectors of z bytes that hold the bytes [off, end).
func sectors(off, end, z int64) string {
	return geometry.Span{Start: geometry.Sector(off / z), End: geometry.Sector((end-1)/z + 1)}.Named()
}
