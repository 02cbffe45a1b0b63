package image

import (
	"errors"
	"fmt"
	"os"

	"shunt/model/tried"
	"shunt/ops/session"
	"shunt/ops/target"
	"shunt/ops/target/registry"
	"shunt/ops/worker"
)

// OpenSource opens an image or a device to read all of it. Nobody can write to it, or to its backing files, until it is
// closed. It fails as registry.Open does, if a transaction of it is unfinished, and if a partition of a device is in use.
func OpenSource(path string, o session.Options) (target.Target, error) {
	t, err := registry.Open(path, target.Options{Mode: target.Read, SectorSize: o.SectorSize, Format: o.Format, NoLock: o.NoLock, AllowDisks: o.AllowDisks})
	if err != nil {
		return nil, err
	}
	if err := still(t, path, o); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// still fails if the content of an open target is not to be relied on.
func still(t target.Target, path string, o session.Options) error {
	if _, whole := t.(target.Switching); !whole { // such a target is never between two states
		if err := session.RequireFinished(t.Place(), path, o); err != nil {
			return err
		}
	}
	d, device := t.(target.KernelDisk)
	if !device {
		return nil
	}
	disk, err := worker.Scan(t)
	if err != nil {
		return tried.Errorf("read %s: %w", path, err)
	}
	for number, use := range d.Uses(worker.PartsOf(disk)) {
		if use.Busy() && !use.ReadOnly {
			return fmt.Errorf("partition %d of %s is %s, so it changes while it is read: stop that first", number, path, use)
		}
	}
	return nil
}

// files returns what identifies the files of a target, for New.
func files(t target.Target) (list []os.FileInfo, err error) {
	for _, f := range t.Files() {
		info, err := f.Stat()
		if err != nil {
			return nil, tried.Errorf("stat %s: %w", t.Path(), tried.Cause(err))
		}
		list = append(list, info)
	}
	return list, nil
}
