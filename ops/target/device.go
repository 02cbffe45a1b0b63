package target

import "io"

// Device is the only way in which bytes reach or leave a target. All offsets and lengths are in bytes from the
// target's start; a range must lie within [0, Size()), and a range of length 0 does nothing.
//
// Errors: every error names the target, the offset and what was tried, and wraps the system's own (unix.ENOSPC,
// unix.EIO, …). After an error in WriteAt, Punch or Copy the destination range holds any mixture of old and new
// bytes and everything outside it is untouched; the operation may be tried again. A failed Sync is different, see
// there.
//
// ReadAt, WriteAt, Punch, Copy and Data may be called from several goroutines at once as long as their ranges do not
// overlap. Sync covers the calls that returned before it began. Truncate must be alone.
type Device interface {
	// ReadAt reads exactly len(p) bytes at off. Holes read as zeroes; fewer bytes than asked for, the end of the
	// target included, is an error and never io.EOF with a full read.
	io.ReaderAt

	// WriteAt writes exactly len(p) bytes at off. It never makes the target longer.
	io.WriterAt

	// Sync returns once everything written, punched, copied and truncated before is on stable storage.
	// After a failed Sync nobody knows which writes since the last good one are there: the system may have dropped
	// them and would report success if asked again. So the failure stays: every later write and Sync fails with it.
	Sync() error

	// Size is the length of the target in bytes.
	Size() int64

	// Truncate makes the target exactly n bytes long, n > 0; what is added reads as zero. After an error the length
	// is what it was. Targets of a fixed size answer with an error.
	Truncate(n int64) error

	// Punch makes [off, off+n) read as zero and gives its space back where the target can. Where it cannot, zeroes
	// are written.
	Punch(off, n int64) error

	// Copy makes [dst, dst+n) hold the bytes of [src, src+n). The ranges must not overlap. The cheapest way the
	// target knows is used: sharing the blocks, copying inside the kernel, reading and writing.
	Copy(dst, src, n int64) error

	// Data finds the next run [start, end) at or after off, 0 <= off <= Size(), that may hold anything but zeroes;
	// everything between off and start reads as zero. When there is none, start and end are both Size().
	// A target that keeps no account of its holes returns all that is left.
	Data(off int64) (start, end int64, err error)

	// Forget drops what the host has cached of [off, off+n), so that reading it again asks the storage. It is
	// advice: what is not durable yet stays, and a host may keep what it likes.
	Forget(off, n int64)

	// State shows whether anybody has written to the target. It is the zero State where the host keeps no account of that,
	// as with most block devices. After a good Sync it stays the same until the next write by anybody, or until its
	// name, owner or mode changes.
	State() (State, error)

	// Loose reports that others may rightly write to parts of the target while it is held, so that a later time of
	// modification alone means nothing.
	Loose() bool

	// Shared is how many bytes Copy has copied by sharing blocks, which cost nothing, since the target was opened.
	Shared() int64
}
