package txn

import (
	"io"

	"shunt/ops/target"
)

// Device is what a transaction needs of the target it changes.
type Device interface {
	// ReadAt and WriteAt are exact: fewer bytes than asked come with an error. Offsets are bytes. After a
	// failed write the range holds old bytes, new bytes or a mix.
	io.ReaderAt
	io.WriterAt
	// Sync makes all earlier changes durable. After an error what is durable is unknown, and the error is final.
	Sync() error
	// Size is the target's length in bytes.
	Size() int64
	// Truncate sets the length; what is added reads as zero.
	Truncate(n int64) error
	// Punch makes [off, off+n) read as zero and gives its room back where the host can.
	Punch(off, n int64) error
	// Copy copies n bytes between two ranges of the target that do not overlap.
	Copy(dst, src, n int64) error
	// Data finds the next run of bytes at or after off that may be other than zero; at the end of the target
	// start and end are both its size.
	Data(off int64) (start, end int64, err error)
	// Forget drops what the host has cached of a range, as far as it can be dropped, so that reading it again asks the
	// storage. What is not durable yet stays.
	Forget(off, n int64)
	// State is what tells whether anybody has written to the target, the zero State where nobody keeps account.
	State() (target.State, error)
	// Loose reports that a later time of modification alone means nothing.
	Loose() bool
	// Shared is how many bytes Copy has copied by sharing blocks.
	Shared() int64
}

// dataRanges are the bytes of the device that may be other than zero.
func dataRanges(dev Device) (ranges, error) {
	var runs []byteRange
	for off := int64(0); off < dev.Size(); {
		start, end, err := dev.Data(off)
		if err != nil {
			return nil, err
		}
		if start >= end {
			break
		}
		runs = append(runs, byteRange{start, end})
		off = end
	}
	return newRanges(runs), nil
}
