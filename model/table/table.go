// Package table decodes and encodes partition tables with sectors of 512 and 4096 bytes: GPT, and MBR with its chain of
// logical partitions. It writes nothing: Encode returns the patches to be written.
//
// This package decides which table a disk has, beginning with sector 0 (verdict.go). It checks the headers of a GPT and
// follows the chain of an MBR. go-diskfs decodes the entries (library.go).
//
// Invariants: bytes that no edit is meant to change stay as they are. That includes boot code, reserved fields, the CHS
// bytes of ends that do not move, and the slots of entries. A changed table is read back from the patches and compared
// with the model before the patches are returned. A number from a header is checked against a limit before it decides how
// much memory is allocated.
//
// # MBR
//
// From util-linux's include/pt-mbr.h. Sector 0, numbers little-endian; sectors of 4096 bytes use the first
// 512 the same way:
//
//	  0                                  440   444 446     462     478     494     510
//	  +----------------------------------+-----+---+-------+-------+-------+-------+-----+
//	  | boot code                        | sig |   | slot0 | slot1 | slot2 | slot3 |55 AA|
//	  +----------------------------------+-----+---+-------+-------+-------+-------+-----+
//
//	slot  0      1         4    5         8             12
//	      +------+---------+----+---------+-------------+-------------+
//	      |status|CHS first|type| CHS last| first LBA   | sectors     |   in use if sectors is not 0
//	      +------+---------+----+---------+-------------+-------------+
//
// A slot of type 05, 0F or 85 is the extended partition. Its first sector is a boot record (EBR) of the same
// shape, which holds one logical partition and a link to the next EBR:
//
//	extended                                                         first LBA counts from
//	+-----+------+--------+-----+------+--------+-----------+
//	|EBR 1|      | p5     |EBR 2|      | p6     |           |        data: this EBR
//	+-----+------+--------+-----+------+--------+-----------+        link: start of the extended partition
//	  data ------^          data ------^
//	  link ---------------^
//
// # GPT
//
// From the UEFI specification, section 5.3:
//
//	LBA 0      1       A           first usable      last usable  B              alternate
//	+---------+-------+-----------+-----------------+------------+--------------+-------+
//	|PMBR     |header |entry array| partitions      |            |backup array  |backup |
//	+---------+-------+-----------+-----------------+------------+--------------+-------+
//
//	header  0          8        12     16    20  24      32         40     48    56         72
//	        +----------+--------+------+-----+---+-------+----------+------+-----+----------+
//	        |"EFI PART"|revision|size S|CRC32| 0 |my LBA |other LBA |first |last |disk GUID |
//	        +----------+--------+------+-----+---+-------+----------+------+-----+----------+
//	        72       80     84         88         92
//	        +--------+------+----------+----------+------------------+
//	        |array A |count |entry size|array CRC | kept as it is    |   CRC32 covers S bytes, its own field as 0
//	        +--------+------+----------+----------+------------------+
//
//	entry   0          16              32         40        48          56                       128
//	        +----------+---------------+----------+---------+-----------+------------------------+----
//	        |type GUID |partition GUID |first LBA |last LBA |attributes |name, 36 UTF-16LE units |
//	        +----------+---------------+----------+---------+-----------+------------------------+----
//
// A, B, the number of entries and their size are read from the header and never assumed.
package table

import (
	"fmt"
	"io"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/tried"
)

// Patch is one write of whole sectors.
type Patch struct {
	Off  int64 // in bytes from the start of the disk
	Data []byte
	What string // for logs and reports: "backup GPT header"
}

// Range is a run of bytes on the disk.
type Range struct{ Off, Len int64 }

// Read decides which table is on r, a disk of size bytes with sectors of size z, and decodes it. Bytes behind the last
// whole sector are ignored. Partitions get the identities 1, 2, … in the order of their numbers. Their file systems stay
// empty.
//
// Damage is never an error. It is added to the problems of the disk, as a fatal one if editing would lose something. An
// error means that r cannot be read or that z is not a sector size.
func Read(r io.ReaderAt, size int64, z geometry.SectorSize) (d model.Disk, err error) {
	defer func() {
		if err != nil {
			d, err = model.Disk{}, tried.Errorf("read partition table: %w", err)
		}
	}()
	if !z.Valid() {
		return d, fmt.Errorf("sector size %d is neither 512 nor 4096", z)
	}
	d = model.Disk{SectorSize: z, Sectors: z.Down(geometry.Bytes(size))}
	if d.Sectors < 1 {
		return d, nil
	}
	src, err := newSource(r, z, d.Sectors)
	if err != nil {
		return d, err
	}
	found, err := judge(src)
	if err != nil {
		return d, err
	}
	var parts []model.Partition
	switch found.kind {
	case model.TableGPT:
		d.Table, parts = readGPT(&found.gpt, &found.problems)
	case model.TableMBR:
		if d.Table, parts, err = readMBR(src, &found.problems); err != nil {
			return d, err
		}
	case model.TableNone:
		d.Table.Foreign = found.label
	}
	for i := range parts {
		parts[i].ID = model.PartID(i + 1)
	}
	found.problems.check(d, parts)
	return model.New(d, parts, found.problems), nil
}
