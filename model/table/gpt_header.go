package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/google/uuid"

	"shunt/geometry"
)

var le = binary.LittleEndian

const (
	gptSignature  = "EFI PART"
	gptHeaderSize = 92 // what the specification defines; headers may be longer
	gptEntrySize  = 128
	// maxArray bounds the memory a header can ask for. It is what Linux's libfdisk allows, too.
	maxArray = 4 << 20
	// maxLBA is a sector number no disk has; anything behind it would overflow as a byte offset.
	maxLBA = 1 << 50
)

// gptHeader is what a header says, checked to be in range one field at a time.
type gptHeader struct {
	size        int // bytes under the checksum
	my, other   geometry.Sector
	first, last geometry.Sector // last is inclusive, as on disk
	disk        uuid.UUID
	array       geometry.Sector
	count       int
	entrySize   int
	arrayCRC    uint32
}

// arraySectors is how many sectors the entry array takes.
func (h gptHeader) arraySectors(z geometry.SectorSize) geometry.Sector {
	return z.Up(geometry.Bytes(h.count * h.entrySize))
}

func (h gptHeader) arraySpan(z geometry.SectorSize) geometry.Span {
	return geometry.SpanOf(h.array, h.arraySectors(z))
}

// usable is the range the header gives to partitions.
func (h gptHeader) usable() geometry.Span {
	return geometry.Span{Start: h.first, End: h.last + 1}
}

// parseGPTHeader decodes the header in sector raw that was read at LBA at. The error says what is wrong with
// it, without saying where.
func parseGPTHeader(raw []byte, at geometry.Sector) (gptHeader, error) {
	if string(raw[:8]) != gptSignature {
		return gptHeader{}, errors.New("no signature \"EFI PART\"")
	}
	size := le.Uint32(raw[12:])
	if size < gptHeaderSize || size > uint32(len(raw)) {
		return gptHeader{}, fmt.Errorf("header size %d is not between %d and %d", size, gptHeaderSize, len(raw))
	}
	if le.Uint32(raw[16:]) != gptChecksum(raw[:size]) {
		return gptHeader{}, errors.New("checksum does not match")
	}
	fields := []struct {
		name string
		off  int
	}{{"own", 24}, {"alternate", 32}, {"first usable", 40}, {"last usable", 48}, {"entry array", 72}}
	lba := make([]geometry.Sector, len(fields))
	for i, f := range fields {
		value := le.Uint64(raw[f.off:])
		if value > maxLBA {
			return gptHeader{}, fmt.Errorf("%s LBA %d is beyond the end of any disk", f.name, value)
		}
		lba[i] = geometry.Sector(value)
	}
	h := gptHeader{
		size: int(size), my: lba[0], other: lba[1], first: lba[2], last: lba[3], array: lba[4],
		disk: guidFromDisk(raw[56:]), arrayCRC: le.Uint32(raw[88:]),
	}
	count, entrySize := uint64(le.Uint32(raw[80:])), uint64(le.Uint32(raw[84:]))
	switch {
	case h.my != at:
		return gptHeader{}, fmt.Errorf("it says that it lies at LBA %d", h.my)
	case entrySize < gptEntrySize || entrySize%8 != 0 || entrySize > maxArray:
		return gptHeader{}, fmt.Errorf("entry size %d is not a multiple of 8 from %d up", entrySize, gptEntrySize)
	case count == 0 || count*entrySize > maxArray:
		return gptHeader{}, fmt.Errorf("an array of %d entries of %d bytes is not between one entry and 4 MiB", count, entrySize)
	case h.first < 1 || h.last < h.first-1:
		return gptHeader{}, fmt.Errorf("usable sectors %d to %d are no range", h.first, h.last)
	}
	h.count, h.entrySize = int(count), int(entrySize)
	return h, nil
}

// gptChecksum is the checksum of a header of which b holds the bytes it covers.
func gptChecksum(b []byte) uint32 {
	sum := crc32.ChecksumIEEE(b[:16])
	sum = crc32.Update(sum, crc32.IEEETable, make([]byte, 4)) // the checksum's own field counts as zero
	return crc32.Update(sum, crc32.IEEETable, b[20:])
}

// seal writes the header's fields into raw, a header sector, and its checksum. The bytes that are no field
// of gptHeader stay.
func (h gptHeader) seal(raw []byte) {
	copy(raw, gptSignature)
	le.PutUint32(raw[12:], uint32(h.size))
	le.PutUint64(raw[24:], uint64(h.my))
	le.PutUint64(raw[32:], uint64(h.other))
	le.PutUint64(raw[40:], uint64(h.first))
	le.PutUint64(raw[48:], uint64(h.last))
	guidToDisk(raw[56:], h.disk)
	le.PutUint64(raw[72:], uint64(h.array))
	le.PutUint32(raw[80:], uint32(h.count))
	le.PutUint32(raw[84:], uint32(h.entrySize))
	le.PutUint32(raw[88:], h.arrayCRC)
	le.PutUint32(raw[16:], gptChecksum(raw[:h.size]))
}

// guidFromDisk decodes a GUID, whose first three fields are little-endian on disk.
func guidFromDisk(b []byte) uuid.UUID {
	return uuid.UUID{
		b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6],
		b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15],
	}
}

func guidToDisk(b []byte, id uuid.UUID) {
	swapped := guidFromDisk(id[:]) // swapping twice gives back the original
	copy(b[:16], swapped[:])
}
