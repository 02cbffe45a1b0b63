package fsys

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"shunt/geometry"
	"shunt/model"
)

// Window is the bytes of one partition.
type Window interface {
	io.ReaderAt
	io.WriterAt
}

// errNoBoot is returned when a boot sector is not where it has to be.
var errNoBoot = errors.New("there is no boot sector of this kind")

// Moved tells a file system of this kind its new position, where it keeps a note of it: FAT and NTFS in their
// boot sectors and the backups of those, exFAT in both boot regions. Boot loaders go by the note. w is the
// partition, n its length in bytes, start its first sector on the target, of size z. Other kinds keep no note, so
// nothing is done. After an error some of the copies may have been changed.
func Moved(w Window, kind model.FSKind, n int64, start geometry.Sector, z geometry.SectorSize) error {
	d := Of(kind)
	if d.moved == nil {
		return nil
	}
	if err := d.moved(w, n, start, z); err != nil {
		return fmt.Errorf("correct the position in the boot sectors of %s: %w", kind, err)
	}
	return nil
}

const (
	hiddenAt     = 28 // sectors before the partition, in the boot sectors of FAT and NTFS (4 bytes)
	sectorSizeAt = 11 // bytes per sector there (2 bytes)
	bootSize     = 512
)

// boot reads the 512 bytes at off and the volume's sector size in them. ok tells whether they are a boot sector.
func boot(w Window, off int64) (b []byte, sector int64, ok bool, err error) {
	b = make([]byte, bootSize)
	if err := readFull(w, b, off); err != nil {
		return nil, 0, false, err
	}
	sector = int64(binary.LittleEndian.Uint16(b[sectorSizeAt:]))
	ok = b[510] == 0x55 && b[511] == 0xAA && sector >= 512 && sector <= 4096 && sector&(sector-1) == 0
	return b, sector, ok, nil
}

// setHidden writes the position into the boot sector at off, in units of the volume's own sectors.
func setHidden(w Window, off, sector int64, start geometry.Sector, z geometry.SectorSize) error {
	var b [4]byte
	at := int64(z.Bytes(start)) / sector
	binary.LittleEndian.PutUint32(b[:], hiddenSectors(geometry.Sector(at)))
	_, err := w.WriteAt(b[:], off+hiddenAt)
	return err
}

func movedFAT(w Window, _ int64, start geometry.Sector, z geometry.SectorSize) error {
	head, sector, ok, err := boot(w, 0)
	if err != nil {
		return err
	}
	if !ok {
		return errNoBoot
	}
	if err := setHidden(w, 0, sector, start, z); err != nil {
		return err
	}
	if binary.LittleEndian.Uint16(head[22:]) != 0 {
		return nil // FAT12 and FAT16 have no backup
	}
	backup, err := fatBackup(w, head, sector)
	if err != nil || backup == 0 {
		return err
	}
	return setHidden(w, backup, sector, start, z)
}

// fatBackup is where the backup of the boot sector of FAT32 lies, or 0 if there is none.
func fatBackup(w Window, head []byte, sector int64) (off int64, err error) {
	reserved, backup := int64(binary.LittleEndian.Uint16(head[14:])), int64(binary.LittleEndian.Uint16(head[50:]))
	if backup == 0 || backup >= reserved {
		return 0, nil
	}
	_, same, ok, err := boot(w, backup*sector)
	if err != nil || !ok || same != sector {
		return 0, err // FAT32 works without one
	}
	return backup * sector, nil
}

// movedNTFS corrects the boot sector and its backup: in the last sector of the partition, or right behind the volume
// if that ends earlier. A place that does not hold the backup is left alone.
func movedNTFS(w Window, n int64, start geometry.Sector, z geometry.SectorSize) error {
	head, sector, ok, err := boot(w, 0)
	if err != nil {
		return err
	}
	if !ok || string(head[3:11]) != "NTFS    " {
		return errNoBoot
	}
	if err := setHidden(w, 0, sector, start, z); err != nil {
		return err
	}
	last := n/sector*sector - sector
	places := []int64{last}
	if sectors := binary.LittleEndian.Uint64(head[40:]); sectors < uint64(last/sector) {
		places = append(places, int64(sectors)*sector)
	}
	for _, at := range places {
		if at <= 0 {
			continue
		}
		backup, _, ok, err := boot(w, at)
		if err != nil {
			return err
		}
		// Same bytes per sector, size, place of the MFT and serial number: it belongs to this volume.
		if !ok || !bytes.Equal(backup[3:13], head[3:13]) || !bytes.Equal(backup[48:80], head[48:80]) {
			continue
		}
		if err := setHidden(w, at, sector, start, z); err != nil {
			return err
		}
	}
	return nil
}

const (
	exfatOffsetAt  = 64 // the partition's first sector (8 bytes), 0 for "do not care"
	exfatShiftAt   = 108
	exfatRegion    = 12 // sectors in a boot region; the last one repeats the checksum of the others
	exfatFlagsAt   = 106
	exfatPercentAt = 112
)

// movedExFAT corrects both boot regions.
func movedExFAT(w Window, n int64, start geometry.Sector, z geometry.SectorSize) error {
	head := make([]byte, bootSize)
	if err := readFull(w, head, 0); err != nil {
		return err
	}
	shift := head[exfatShiftAt]
	if string(head[3:11]) != "EXFAT   " || shift < 9 || shift > 12 {
		return errNoBoot
	}
	sector := int64(1) << shift
	if 2*exfatRegion*sector > n {
		return errNoBoot
	}
	at := uint64(int64(z.Bytes(start)) / sector)
	for _, off := range []int64{0, exfatRegion * sector} {
		region := make([]byte, exfatRegion*sector)
		if err := readFull(w, region, off); err != nil {
			return err
		}
		if string(region[3:11]) != "EXFAT   " || binary.LittleEndian.Uint64(region[exfatOffsetAt:]) == 0 {
			continue
		}
		binary.LittleEndian.PutUint64(region[exfatOffsetAt:], at)
		sum, summed := uint32(0), (exfatRegion-1)*sector
		for i, b := range region[:summed] {
			if i != exfatFlagsAt && i != exfatFlagsAt+1 && i != exfatPercentAt { // these change without the checksum
				sum = (sum<<31 | sum>>1) + uint32(b)
			}
		}
		for i := summed; i < int64(len(region)); i += 4 {
			binary.LittleEndian.PutUint32(region[i:], sum)
		}
		if _, err := w.WriteAt(region, off); err != nil {
			return err
		}
	}
	return nil
}
