package target

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Modified is Device.Modified: the file's time of modification, which every write to it moves, also one through a loop
// device or a virtual machine.
func (r *Raw) Modified() (int64, error) {
	var st unix.Stat_t
	if err := retry(func() error { return unix.Fstat(int(r.read.Fd()), &st) }); err != nil {
		return 0, fmt.Errorf("stat %s: %w", r.path, err)
	}
	return st.Mtim.Nano(), nil
}
