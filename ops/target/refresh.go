package target

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Refresh is Target.Refresh.
func (r *Raw) Refresh() error {
	var st unix.Stat_t
	if err := retry(func() error { return unix.Fstat(int(r.read.Fd()), &st) }); err != nil {
		return fmt.Errorf("stat %s: %w", r.path, err)
	}
	r.size.Store(st.Size)
	return nil
}
