// Package served finds the file systems on targets that processes of shunt show at directories, with FUSE. It only looks.
package served

import (
	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/internal/kernel"
)

// All lists them, as far as they are mounted in the mount namespace of this process.
func All() []target.Served { return kernel.Host().Served() }

// On lists those on the file or device at path, also if it was mounted under another name.
func On(path string) ([]target.Served, error) {
	id, err := kernel.FileAt(path)
	if err != nil {
		return nil, tried.Errorf("open %s: %w", path, err)
	}
	return kernel.Host().ServedOn(id), nil
}

// Processes returns those that show a file system and belong to this user, or for root to anybody.
func Processes(s target.Served) []int { return kernel.Host().Serving(s) }
