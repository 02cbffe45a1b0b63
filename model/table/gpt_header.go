package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/google/uuid"

	"shunt/geometry"
)

var (
	le = binary.LittleEndian
	be = binary.BigEndian
)

const (
	gptSignature  = "EFI PART"
	gptRevision   = 0x00010000 // 1.0
	gptHeaderSize = 92         // what the specification defines; headers may be longer
	gptEntrySize  = 128
	// maxArray limits the memory that a header can ask for, in bytes. Linux's libfdisk has the same limit.
	maxArray = 4 << 20
	// maxLBA is a sector number beyond every disk. Larger ones would overflow as byte offsets.
	maxLBA = 1 << 50
)

// gptHeader is a header as it is on the disk. parseGPTHeader checks the range of every number.
type gptHeader struct {
	Signature   [8]byte
	Revision    uint32
	Size        uint32 // bytes that the checksum covers
	Sum         uint32
	Reserved    uint32
	My, Other   geometry.Sector
	First, Last geometry.Sector // Last is inclusive
	Disk        [16]byte
	Array       geometry.Sector
	Count       uint32
	EntrySize   uint32
	ArraySum    uint32
}

// arrayBytes returns the length of the entry array in bytes.
func (h gptHeader) arrayBytes() int { return int(h.Count) * int(h.EntrySize) }

// arraySectors returns the number of sectors that the entry array needs.
func (h gptHeader) arraySectors(z geometry.SectorSize) geometry.Sector {
	return z.Up(geometry.Bytes(h.arrayBytes()))
}

func (h gptHeader) arraySpan(z geometry.SectorSize) geometry.Span {
	return geometry.SpanOf(h.Array, h.arraySectors(z))
}

// usable returns the range for partitions according to the header.
func (h gptHeader) usable() geometry.Span { return geometry.Span{Start: h.First, End: h.Last + 1} }

// parseGPTHeader decodes the header in the sector raw, which was read at LBA at. The error says what is wrong with the
// header and leaves its place to the caller.
func parseGPTHeader(raw []byte, at geometry.Sector) (h gptHeader, err error) {
	if string(raw[:8]) != gptSignature {
		return h, errors.New("no signature \"EFI PART\"")
	}
	if _, err := binary.Decode(raw, le, &h); err != nil {
		return h, err
	}
	if h.Size < gptHeaderSize || int64(h.Size) > int64(len(raw)) {
		return h, fmt.Errorf("header size %d is not between %d and %d", h.Size, gptHeaderSize, len(raw))
	}
	if h.Sum != gptChecksum(raw[:h.Size]) {
		return h, errors.New("checksum does not match")
	}
	for _, f := range []struct {
		name string
		lba  geometry.Sector
	}{{"own", h.My}, {"alternate", h.Other}, {"first usable", h.First}, {"last usable", h.Last}, {"entry array", h.Array}} {
		if f.lba < 0 || f.lba > maxLBA {
			return h, fmt.Errorf("%s LBA %d is beyond the end of any disk", f.name, uint64(f.lba))
		}
	}
	switch {
	case h.My != at:
		return h, fmt.Errorf("it claims to be at LBA %d", h.My)
	case h.EntrySize < gptEntrySize || h.EntrySize%8 != 0 || h.EntrySize > maxArray:
		return h, fmt.Errorf("entry size %d is not a multiple of 8 from %d up", h.EntrySize, gptEntrySize)
	case h.Count == 0 || h.arrayBytes() > maxArray:
		return h, fmt.Errorf("an array of %d entries of %d bytes is not between one entry and 4 MiB", h.Count, h.EntrySize)
	case h.First < 1 || h.Last < h.First-1:
		return h, fmt.Errorf("usable sectors %s to %s are not a valid range", h.First, h.Last)
	}
	return h, nil
}

// gptChecksum returns the checksum of a header. b holds the bytes that it covers. The field of the checksum counts as
// zero.
func gptChecksum(b []byte) uint32 {
	b = slices.Clone(b)
	clear(b[16:20])
	return crc32.ChecksumIEEE(b)
}

// sealed returns the header sector raw with the fields of h and a new checksum. Signature, revision and the bytes behind
// the fields stay as they are in raw.
func (h gptHeader) sealed(raw []byte) []byte {
	out := slices.Clone(raw)
	copy(h.Signature[:], gptSignature)
	h.Revision, h.Reserved = le.Uint32(raw[8:]), le.Uint32(raw[20:])
	_, _ = binary.Encode(out, le, h) // fails only if out is too short
	le.PutUint32(out[16:], gptChecksum(out[:h.Size]))
	return out
}

// guidFromDisk decodes a GUID, whose first three fields are little-endian on disk.
func guidFromDisk(b []byte) uuid.UUID {
	return uuid.UUID{
		b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6],
		b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15],
	}
}

// guidToDisk encodes a GUID. Swapping bytes twice restores them, so it can use guidFromDisk.
func guidToDisk(id uuid.UUID) [16]byte { return guidFromDisk(id[:]) }
