package fsys

import (
	"encoding/binary"
	"fmt"

	"shunt/model"
	"shunt/model/scan/fatfs"
)

// writeBoot writes the new geometry into the boot sector. For FAT32 it also writes the backup and both FSInfo sectors.
func (m *fatMove) writeBoot() error {
	if err := m.bootAt(0); err != nil {
		return fmt.Errorf("write the boot sector: %w", err)
	}
	if m.old.Kind != model.FAT32 {
		return nil
	}
	infos := []int64{m.old.Info}
	if backup := m.old.Backup; backup > 0 {
		b, sector, ok, err := boot(m.f, backup*m.old.SectorSize)
		if err != nil {
			return err
		}
		if v, same := fatfs.Parse(b); ok && same && sector == m.old.SectorSize && v.Kind == model.FAT32 {
			if err := m.bootAt(backup); err != nil {
				return fmt.Errorf("write the backup boot sector: %w", err)
			}
			if m.old.Info > 0 && backup+m.old.Info < m.old.Reserved {
				infos = append(infos, backup+m.old.Info)
			}
		}
	}
	for _, at := range infos {
		if err := m.infoAt(at); err != nil {
			return fmt.Errorf("write the FSInfo sector: %w", err)
		}
	}
	return nil
}

// bootAt corrects the boot sector, or its backup, in a sector. It keeps everything that a resize does not change.
func (m *fatMove) bootAt(sector int64) error {
	off := sector * m.old.SectorSize
	b := make([]byte, fatfs.BootSize)
	if err := readFull(m.f, b, off); err != nil {
		return err
	}
	le, count := binary.LittleEndian, uint32(m.to.Sectors)
	wide := m.old.Kind == model.FAT32
	short, extended := le.Uint16(b[19:]) != 0, wide || b[38] == 0x28 || b[38] == 0x29
	switch {
	case wide || count > 0xFFFF:
		if short && !extended {
			return fmt.Errorf("it is of a kind that cannot tell of more than 65535 sectors")
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

// infoAt writes the count of free clusters into an FSInfo sector. The place of the next free one is not known any more.
func (m *fatMove) infoAt(sector int64) error {
	if sector == 0 {
		return nil
	}
	off := sector * m.old.SectorSize
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
