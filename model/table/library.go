package table

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"

	"github.com/diskfs/go-diskfs/backend"
	"github.com/diskfs/go-diskfs/partition/gpt"
	"github.com/diskfs/go-diskfs/partition/mbr"
)

// memory is a disk for go-diskfs that holds only the few bytes that were checked before. The library therefore decodes
// exactly the chosen copy and cannot look for another one.
type memory struct{ *bytes.Reader }

func (memory) Stat() (fs.FileInfo, error) { return nil, errors.ErrUnsupported }
func (memory) Close() error               { return nil }

var _ backend.File = memory{}

// entriesOf returns the entries in use of a whole copy. go-diskfs decodes them behind a header that entriesOf makes for
// it at LBA 1, with entries of 128 bytes. Longer entries have no meaning beyond that.
func entriesOf(c gptCopy) ([]*gpt.Partition, error) {
	const sector = 512
	disk := make([]byte, 2*sector, 2*sector+len(c.array))
	for size := int(c.header.EntrySize); len(c.array) >= size; c.array = c.array[size:] {
		disk = append(disk, c.array[:gpt.PartitionEntrySize]...)
	}
	le.PutUint32(disk[sector+8:], gptRevision)
	header := gptHeader{
		Size: gptHeaderSize, My: 1, Array: 2, Count: c.header.Count, EntrySize: gpt.PartitionEntrySize,
		ArraySum: crc32.ChecksumIEEE(disk[2*sector:]),
	}
	copy(disk[sector:], header.sealed(disk[sector:2*sector]))
	t, err := gpt.Read(memory{bytes.NewReader(disk)}, sector, sector)
	if err != nil {
		return nil, fmt.Errorf("decode GPT: %w", err)
	}
	return t.Partitions, nil
}

// slots returns the four slots of an MBR or of a boot record, which go-diskfs decodes. The library rejects a sector
// without 55 AA and status bytes other than 00 and 80, so it gets a copy with these corrected.
func slots(sector []byte) []mbrEntry {
	b := bytes.Clone(sector[:mbrSize])
	for i := range mbrSlots {
		slotOf(b, i)[0] &= 0x80
	}
	sign(b)
	t, err := mbr.Read(memory{bytes.NewReader(b)}, mbrSize, mbrSize)
	if err != nil {
		panic(fmt.Sprintf("table: internal error: the library refuses a sound MBR: %v", err))
	}
	entries := make([]mbrEntry, 0, mbrSlots)
	for _, p := range t.Partitions {
		entries = append(entries, mbrEntry{active: p.Bootable, kind: byte(p.Type), start: p.Start, count: p.Size})
	}
	return entries
}
