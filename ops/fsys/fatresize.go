package fsys

import (
	"context"
	"errors"
	"fmt"

	"shunt/model"
	"shunt/model/scan/fatfs"
	"shunt/model/tried"
)

// resizeFAT changes the length of the FAT volume in f to at most size bytes. The kind, boot code, serial number, label and hidden
// sectors stay the same, and so does the cluster size unless the volume needs larger clusters to be that long. If it fails, the volume must be considered destroyed, except
// after a *fatfs.SizeError.
func resizeFAT(ctx context.Context, f Window, kind model.FSKind, size int64) error {
	old, err := readFATVolume(f)
	if err != nil {
		return err
	}
	if old.Kind != kind {
		return fmt.Errorf("it is %s and not %s", old.Kind, kind)
	}
	to, err := old.Resized(size / old.SectorSize)
	if coarse, ok := old.Coarser(size / old.SectorSize); err != nil && ok && size > old.MaxSize() {
		return coarsenFAT(ctx, f, old, coarse)
	}
	if wrong := (*fatfs.SizeError)(nil); errors.As(err, &wrong) && wrong.Want < wrong.Nearest {
		// What was just made has no known smallest size. So a size that shunt chose can be below it.
		return &TooSmallError{Least: wrong.Nearest, Err: err}
	}
	if err != nil {
		return err
	}
	if to == old {
		return nil
	}
	m, err := planFATMove(ctx, f, old, to)
	if err != nil {
		return err
	}
	for _, do := range []func(context.Context) error{m.renumber, m.moveData, m.moveTables} {
		if err := do(ctx); err != nil {
			return err
		}
	}
	if err := m.writeBoot(); err != nil {
		return err
	}
	after, err := readFATVolume(f)
	if err != nil {
		return tried.Errorf("look at the result: %w", err)
	}
	to.RootCluster = after.RootCluster
	if after != to {
		return fmt.Errorf("internal error: the volume became %+v instead of %+v; nothing was changed on the disk, "+
			"please report this", after, to)
	}
	return nil
}

// readFATVolume reads the geometry of a volume. It fails if the volume cannot be resized.
func readFATVolume(f Window) (fatfs.Volume, error) {
	b, _, err := boot(f, 0)
	if err != nil {
		return fatfs.Volume{}, err
	}
	v, ok := fatfs.Parse(b)
	switch {
	case !ok:
		return v, errNoBoot
	case v.Version != 0:
		return v, fmt.Errorf("it has the unknown version %d.%d", v.Version>>8, v.Version&0xFF)
	case v.Active >= v.Copies:
		return v, fmt.Errorf("its boot sector says that FAT %d is the active one, but there are only %d: %w",
			v.Active+1, v.Copies, errFATDamaged)
	}
	return v, nil
}
