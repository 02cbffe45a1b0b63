package fsys

import (
	"context"
	"encoding/binary"
	"strings"

	"shunt/model"
	"shunt/model/scan/fatfs"
)

// mendFAT takes away the marks of an unclean unmount and corrects the count of free clusters. Nothing else is written, so
// no file can be lost by it.
func (j job) mendFAT(ctx context.Context, _ string) (did string, err error) {
	var parts []string
	err = j.edit(func(f File) error {
		v, err := readFATVolume(f)
		if err != nil {
			return err
		}
		unmarked, err := unmarkFAT(f, v)
		if err != nil {
			return err
		}
		counted, err := countFAT(ctx, f, v)
		if unmarked {
			parts = append(parts, "the mark of an unclean unmount was removed")
		}
		if counted {
			parts = append(parts, "the count of free clusters was corrected")
		}
		return err
	})
	return strings.Join(parts, ", and "), err
}

// unmarkFAT removes the marks in the boot sector and in entry 1 of each FAT.
func unmarkFAT(f Window, v fatfs.Volume) (changed bool, err error) {
	b := make([]byte, fatfs.BootSize)
	if err := readFull(f, b, 0); err != nil {
		return false, err
	}
	at, clean := 37, uint32(0) // FAT12 has no mark in its FAT
	switch v.Kind {
	case model.FAT32:
		at, clean = 65, 0x0C000000
	case model.FAT16:
		clean = 0xC000
	}
	const dirty = 0x03 // in use, and a read error was met
	if b[at]&dirty != 0 {
		b[at] &^= dirty
		if _, err := f.WriteAt(b[at:at+1], int64(at)); err != nil {
			return true, err
		}
		changed = true
	}
	if clean == 0 {
		return changed, nil
	}
	for i := range v.Copies {
		head := make([]byte, 8)
		if err := readFull(f, head, v.FATAt(i)); err != nil {
			return changed, err
		}
		e := entryOf(head, v.Kind, 1)
		if e.value&clean == clean {
			continue
		}
		e.value |= clean
		setEntry(head, v.Kind, 1, e)
		if _, err := f.WriteAt(head, v.FATAt(i)); err != nil {
			return true, err
		}
		changed = true
	}
	return changed, nil
}

// countFAT corrects the count of free clusters in the FSInfo sector, if there is one.
func countFAT(ctx context.Context, f Window, v fatfs.Volume) (changed bool, err error) {
	if v.Info == 0 {
		return false, nil
	}
	info := make([]byte, fatfs.BootSize)
	if err := readFull(f, info, v.Info*v.SectorSize); err != nil {
		return false, err
	}
	if string(info[:4]) != "RRaA" || string(info[484:488]) != "rrAa" {
		return false, nil
	}
	free, table := uint32(0), newFATReader(f, v)
	for c := int64(fatfs.FirstCluster); c < table.n; c++ {
		if c%fatPiece == 0 && ctx.Err() != nil {
			return false, ctx.Err()
		}
		e, err := table.get(c)
		if err != nil {
			return false, err
		}
		if e.free() {
			free++
		}
	}
	if binary.LittleEndian.Uint32(info[488:]) == free {
		return false, nil
	}
	binary.LittleEndian.PutUint32(info[488:], free)
	_, err = f.WriteAt(info[488:492], v.Info*v.SectorSize+488)
	return true, err
}
