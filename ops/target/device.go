package target

import "io"

// A Device reads and writes a target. There is no other way to its bytes. All offsets and lengths are in bytes from the
// target's start. A range must lie within [0, Size()). A range of length 0 does nothing.
//
// Every error names the target, the offset and the action, and wraps the system's own (unix.ENOSPC, unix.EIO, …). After an
// error in WriteAt, Punch or Copy the destination range holds any mixture of old and new bytes, and everything outside it
// is unchanged. The operation may be tried again. This does not apply to Sync.
//
// ReadAt, WriteAt, Punch, Copy and Data may be called from several goroutines at once as long as their ranges do not
// overlap. Sync covers the calls that returned before it began. Truncate must be alone.
type Device interface {
	// ReadAt reads exactly len(p) bytes at off. Holes read as zeroes. A short read is an error, even at the end of the
	// target. A full read never returns io.EOF.
	io.ReaderAt

	// WriteAt writes exactly len(p) bytes at off. It never makes the target longer.
	io.WriterAt

	// Sync returns once all earlier writes, punches, copies and truncations are on stable storage. After a failed Sync the
	// system may have dropped any write since the last good one, and would report success if asked again. So every later
	// write and Sync fails with the same error.
	Sync() error

	// Size returns the length of the target in bytes.
	Size() int64

	// Truncate makes the target exactly n bytes long, n > 0. Added bytes read as zero. After an error the length is
	// unchanged. Targets of a fixed size return an error.
	Truncate(n int64) error

	// Punch makes [off, off+n) read as zero and gives its space back to the host. If the target cannot do that, Punch
	// writes zeroes.
	Punch(off, n int64) error

	// Copy makes [dst, dst+n) hold the bytes of [src, src+n). The ranges must not overlap. Copy uses the cheapest way that
	// works here: sharing the blocks, copying inside the kernel, or reading and writing.
	Copy(dst, src, n int64) error

	// Data finds the next run [start, end) at or after off, 0 <= off <= Size(), that may hold anything but zeroes.
	// Everything between off and start reads as zero. If there is no such run, start and end are both Size(). If the
	// target does not know its holes, the run is everything from off on.
	Data(off int64) (start, end int64, err error)

	// Forget asks the host to drop its cache of [off, off+n), so that the next read comes from the storage. The host keeps
	// bytes that are not durable yet, and may keep others.
	Forget(off, n int64)

	// State shows whether anybody has written to the target. It is the zero State if the host does not record that, as for
	// most block devices. After a good Sync it stays the same until the next write by anybody, or until its name, owner or
	// mode changes.
	State() (State, error)

	// Loose reports whether others may write to parts of the target while it is locked. Then a later time of modification
	// alone means nothing.
	Loose() bool

	// Shared returns how many bytes Copy has copied by sharing blocks, at no cost, since the target was opened.
	Shared() int64
}
