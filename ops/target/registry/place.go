package registry

import (
	"fmt"

	"golang.org/x/sys/unix"

	"shunt/ops/target"
	"shunt/ops/target/internal/kernel"
)

// FindPlace finds, without opening or locking anything, what target.PlaceOf the target at path is.
func FindPlace(path string) (target.Place, error) {
	c, _, err := candidate(path, target.Options{})
	if err != nil {
		return target.Place{}, fmt.Errorf("open %s: %w", path, err)
	}
	var st unix.Stat_t
	if err := kernel.Retry(func() error { return unix.Stat(c.Real, &st) }); err != nil {
		return target.Place{}, fmt.Errorf("open %s: %w", path, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFBLK {
		return target.Place{Beside: c.Real, Image: kernel.ImageFile(st)}, nil
	}
	d, err := kernel.Host().Disk(st.Rdev)
	if err != nil {
		return target.Place{}, err
	}
	_, image := kernel.Host().Image(d)
	return target.Place{Beside: kernel.Host().Beside(d), Image: image}, nil
}
