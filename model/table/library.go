package table

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/diskfs/go-diskfs/backend"
	"github.com/diskfs/go-diskfs/partition/gpt"
	"github.com/diskfs/go-diskfs/partition/mbr"
	"github.com/google/uuid"

	"shunt/geometry"
)

// snapshot is the disk as go-diskfs gets to see it: the few bytes that were read and judged before, and the
// end of the file everywhere else. So it decodes exactly the copy that was chosen, and cannot go looking
// for another one. It takes a whole file, but uses ReadAt only.
type snapshot struct{ pieces []Patch }

func (s snapshot) ReadAt(b []byte, off int64) (int, error) {
	for _, piece := range s.pieces {
		if off >= piece.Off && off+int64(len(b)) <= piece.Off+int64(len(piece.Data)) {
			return copy(b, piece.Data[off-piece.Off:]), nil
		}
	}
	return 0, io.EOF
}

func (snapshot) Read([]byte) (int, error)       { return 0, errors.ErrUnsupported }
func (snapshot) Seek(int64, int) (int64, error) { return 0, errors.ErrUnsupported }
func (snapshot) Stat() (fs.FileInfo, error)     { return nil, errors.ErrUnsupported }
func (snapshot) Close() error                   { return nil }

var _ backend.File = snapshot{}

// libraryReadsGPT reports whether go-diskfs decodes a copy: it refuses headers and entries of any other
// shape. The header has been checked before, checksums and limits included.
func libraryReadsGPT(c gptCopy) bool {
	return c.header.size == gptHeaderSize && c.header.entrySize == gpt.PartitionEntrySize &&
		le.Uint32(c.raw[8:]) == 0x00010000 && le.Uint32(c.raw[20:]) == 0
}

// libraryGPT lists the entries in use of one copy, decoded by go-diskfs.
func libraryGPT(c gptCopy, z geometry.SectorSize) ([]gptEntry, error) {
	// The library looks for the header at LBA 1 only, and it does not ask the header where it came from.
	start := append(make([]byte, z), c.raw...)
	t, err := gpt.Read(snapshot{pieces: []Patch{
		{Off: 0, Data: start},
		{Off: int64(z.Bytes(c.header.array)), Data: c.array},
	}}, int(z), int(z))
	if err != nil {
		return nil, fmt.Errorf("decode GPT: %w", err)
	}
	entries := make([]gptEntry, 0, len(t.Partitions))
	for _, p := range t.Partitions {
		id, err := uuid.Parse(p.GUID)
		if err != nil {
			return nil, fmt.Errorf("decode GPT entry %d: %w", p.Index, err)
		}
		kind, err := uuid.Parse(string(p.Type))
		if err != nil {
			return nil, fmt.Errorf("decode GPT entry %d: %w", p.Index, err)
		}
		entries = append(entries, gptEntry{
			slot: p.Index - 1, kind: kind, id: id, first: p.Start, last: p.End,
			attributes: p.Attributes, name: p.Name,
		})
	}
	return entries, nil
}

// libraryMBR lists the four slots of an MBR decoded by go-diskfs, and its signature. It refuses a sector in
// which a slot has a status byte other than 00 and 80.
func libraryMBR(first []byte) ([]mbrEntry, string, error) {
	t, err := mbr.Read(snapshot{pieces: []Patch{{Data: first}}}, mbrSize, mbrSize)
	if err != nil {
		return nil, "", fmt.Errorf("decode MBR: %w", err)
	}
	entries := make([]mbrEntry, 0, mbrSlots)
	for _, p := range t.Partitions {
		entries = append(entries, mbrEntry{active: p.Bootable, kind: byte(p.Type), start: p.Start, count: p.Size})
	}
	return entries, strings.ToLower(t.UUID()), nil
}
