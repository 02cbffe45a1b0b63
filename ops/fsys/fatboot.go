package fsys

import (
	"encoding/binary"
	"errors"

	"shunt/model"
	"shunt/model/scan/fatfs"
	"shunt/model/tried"
)

// writeBoot writes the new geometry into the boot sector. For FAT32 it also writes the backup and both FSInfo sectors.
func (m *fatMove) writeBoot() error {
	boots, err := readFATBoots(m.f)
	if err != nil {
		return err
	}
	for _, at := range boots.at {
		b := make([]byte, fatfs.BootSize)
		if err := readFull(m.f, b, at); err != nil {
			return err
		}
		if v, ok := fatfs.Parse(b); !ok || v.Kind != m.old.Kind {
			continue // not a backup of this volume
		}
		if err := m.bootAt(at, b); err != nil {
			return tried.Errorf("write the boot sector at byte %d: %w", at, err)
		}
		info := at + m.old.Info*m.old.SectorSize
		if m.old.Info == 0 || info >= m.old.Reserved*m.old.SectorSize {
			continue
		}
		if err := m.infoAt(info); err != nil {
			return tried.Errorf("write the FSInfo sector at byte %d: %w", info, err)
		}
	}
	return nil
}

// bootAt corrects the boot sector b, or its backup, at off. It keeps everything that a resize does not change.
func (m *fatMove) bootAt(off int64, b []byte) error {
	le, count := binary.LittleEndian, uint32(m.to.Sectors)
	b[13] = byte(m.to.PerCluster)
	wide := m.old.Kind == model.FAT32
	short, extended := le.Uint16(b[19:]) != 0, wide || b[38] == 0x28 || b[38] == 0x29
	switch {
	case wide || count > 0xFFFF:
		if short && !extended {
			return errors.New("its old boot sector has no field for more than 65535 sectors")
		}
		le.PutUint16(b[19:], 0)
		le.PutUint32(b[32:], count)
	default:
		both := short && le.Uint32(b[32:]) == uint32(le.Uint16(b[19:]))
		le.PutUint16(b[19:], uint16(count))
		switch {
		case both:
			le.PutUint32(b[32:], count)
		case !short:
			le.PutUint32(b[32:], 0)
		}
	}
	if wide {
		root, err := m.number(m.old.RootCluster)
		if err != nil {
			return err
		}
		le.PutUint32(b[36:], uint32(m.to.FATSectors))
		le.PutUint32(b[44:], uint32(root))
	} else {
		le.PutUint16(b[22:], uint16(m.to.FATSectors))
	}
	return writeChanged(m.f, b, off)
}

// infoAt writes the number of free clusters into the FSInfo sector at off and marks the next free cluster as unknown.
func (m *fatMove) infoAt(off int64) error {
	b := make([]byte, fatfs.BootSize)
	if err := readFull(m.f, b, off); err != nil {
		return err
	}
	if string(b[:4]) != "RRaA" || string(b[484:488]) != "rrAa" {
		return nil
	}
	binary.LittleEndian.PutUint32(b[488:], uint32(m.to.Clusters()-m.holding-m.bad))
	binary.LittleEndian.PutUint32(b[492:], 0xFFFFFFFF)
	return writeChanged(m.f, b, off)
}
