package table

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/diskfs/go-diskfs/partition/gpt"
	"github.com/diskfs/go-diskfs/partition/mbr"
	"github.com/google/uuid"

	"shunt/geometry"
)

// snapshot is the disk as go-diskfs gets to see it: the few bytes that were read and judged before, and the
// end of the file everywhere else. So it decodes exactly the copy that was chosen, and cannot go looking
// for another one.
type snapshot struct {
	pieces []Patch
	pos    int64
}

func (s *snapshot) ReadAt(b []byte, off int64) (int, error) {
	for _, piece := range s.pieces {
		if off >= piece.Off && off+int64(len(b)) <= piece.Off+int64(len(piece.Data)) {
			return copy(b, piece.Data[off-piece.Off:]), nil
		}
	}
	return 0, io.EOF
}

func (s *snapshot) Read(b []byte) (int, error) {
	n, err := s.ReadAt(b, s.pos)
	s.pos += int64(n)
	return n, err
}

func (s *snapshot) Seek(off int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
		s.pos = off
	case io.SeekCurrent:
		s.pos += off
	default:
		return 0, fmt.Errorf("seek from the end of a partition table: %w", errors.ErrUnsupported)
	}
	return s.pos, nil
}

func (s *snapshot) Stat() (fs.FileInfo, error) { return snapshotInfo{}, nil }
func (s *snapshot) Close() error               { return nil }

type snapshotInfo struct{}

func (snapshotInfo) Name() string       { return "partition table" }
func (snapshotInfo) Size() int64        { return 0 }
func (snapshotInfo) Mode() fs.FileMode  { return 0o400 }
func (snapshotInfo) ModTime() time.Time { return time.Time{} }
func (snapshotInfo) IsDir() bool        { return false }
func (snapshotInfo) Sys() any           { return nil }

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
	t, err := gpt.Read(&snapshot{pieces: []Patch{
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
	t, err := mbr.Read(&snapshot{pieces: []Patch{{Data: first}}}, mbrSize, mbrSize)
	if err != nil {
		return nil, "", fmt.Errorf("decode MBR: %w", err)
	}
	entries := make([]mbrEntry, 0, mbrSlots)
	for _, p := range t.Partitions {
		entries = append(entries, mbrEntry{active: p.Bootable, kind: byte(p.Type), start: p.Start, count: p.Size})
	}
	return entries, strings.ToLower(t.UUID()), nil
}
