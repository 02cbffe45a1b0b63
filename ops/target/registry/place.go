package registry

import (
	"fmt"

	"shunt/ops/target"
	"shunt/ops/target/internal/kernel"
)

// Beside finds, without opening or locking anything, what Target.Beside of the target at path is.
func Beside(path string) (string, error) {
	c, _, err := candidate(path, target.Options{})
	if err != nil {
		return "", fmt.Errorf("open %s: %w", path, err)
	}
	if !kernel.IsBlock(c.Info) {
		return c.Real, nil
	}
	d, err := kernel.Host().Disk(kernel.RdevOf(c.Info))
	if err != nil {
		return "", err
	}
	return kernel.Host().Beside(d), nil
}
