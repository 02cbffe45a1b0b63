package target

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Forget is Device.Forget: what the host has in its page cache of the range is dropped, as far as it is on the disk.
func (r *Raw) Forget(off, n int64) {
	// Advice that is not taken leaves the cache as it is, which is all that can be done.
	_ = unix.Fadvise(int(r.read.Fd()), off, n, unix.FADV_DONTNEED)
}

// Modified is Device.Modified: the file's time of modification, which every write to it moves, also one through a loop
// device or a virtual machine.
func (r *Raw) Modified() (int64, error) {
	var st unix.Stat_t
	if err := retry(func() error { return unix.Fstat(int(r.read.Fd()), &st) }); err != nil {
		return 0, fmt.Errorf("stat %s: %w", r.path, err)
	}
	return st.Mtim.Nano(), nil
}
