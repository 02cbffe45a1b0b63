package fsys

import (
	"encoding/binary"
	"errors"
	"io"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/tried"
)

// Window is the bytes of one partition.
type Window interface {
	io.ReaderAt
	io.WriterAt
}

// errNoBoot means that there is no boot sector where one must be.
var errNoBoot = errors.New("there is no boot sector of this kind")

// Moved writes the new position into a file system that stores its own position: into its boot sectors and their backups,
// where boot loaders read it. w is the partition, n its length in bytes, start its first sector on the target and z the
// sector size. After an error some copies may have been changed.
func Moved(w Window, kind model.FSKind, n int64, start geometry.Sector, z geometry.SectorSize) error {
	d := Of(kind)
	if d.moved == nil {
		return nil
	}
	if err := d.moved(w, n, start, z); err != nil {
		return tried.Errorf("correct the position in the boot sectors of %s: %w", kind, err)
	}
	return nil
}

// StoredStart returns the first sector of the partition according to the file system in r. ok is false if file systems of
// this kind do not store it.
func StoredStart(r io.ReaderAt, kind model.FSKind) (start uint64, ok bool) {
	d, head := Of(kind), make([]byte, bootSize)
	if d.moved == nil || readFull(r, head, 0) != nil {
		return 0, false
	}
	return d.storedStart(head), true
}

// hiddenIn returns the position of the partition from a boot sector, where most kinds store it.
func hiddenIn(head []byte) uint64 { return uint64(binary.LittleEndian.Uint32(head[hiddenAt:])) }

const (
	hiddenAt     = 28 // sectors before the partition, in most boot sectors (4 bytes)
	sectorSizeAt = 11 // bytes per sector there (2 bytes)
	bootSize     = 512
)

// boot reads 512 bytes of the boot sector at off, and returns them with the sector size that they hold. It returns
// errNoBoot if there is no boot sector.
func boot(w Window, off int64) (b []byte, sector int64, err error) {
	b = make([]byte, bootSize)
	if err := readFull(w, b, off); err != nil {
		return nil, 0, tried.Errorf("read the boot sector: %w", err)
	}
	sector = int64(binary.LittleEndian.Uint16(b[sectorSizeAt:]))
	if b[510] != 0x55 || b[511] != 0xAA || sector < 512 || sector > 4096 || sector&(sector-1) != 0 {
		return nil, 0, errNoBoot
	}
	return b, sector, nil
}

// setHidden writes the position of the partition into the boot sector at off. The unit is the volume's own sector size.
func setHidden(w Window, off, sector int64, start geometry.Sector, z geometry.SectorSize) error {
	var b [4]byte
	at := int64(z.Bytes(start)) / sector
	binary.LittleEndian.PutUint32(b[:], hiddenSectors(geometry.Sector(at)))
	_, err := w.WriteAt(b[:], off+hiddenAt)
	return err
}
