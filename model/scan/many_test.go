package scan

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
)

// TestScanManyPartitions scans the largest GPT there can be, on which every partition is a FAT volume whose table must be
// read to know what is used. Only so many are looked into, and the disk is not edited.
func TestScanManyPartitions(t *testing.T) {
	const slots, first, each = 32768, 16384, 4096
	const sectors = first + slots*each + 16384
	array, header := make([]byte, slots*128), make([]byte, 512)
	le := binary.LittleEndian
	for i := range uint64(slots) {
		entry := array[i*128:]
		entry[0], entry[16], entry[17], entry[18] = 1, byte(i), byte(i>>8), 1
		le.PutUint64(entry[32:], first+i*each)
		le.PutUint64(entry[40:], first+i*each+each-1)
	}
	copy(header, "EFI PART\x00\x00\x01\x00\x5C")
	for off, value := range map[int]uint64{24: 1, 32: sectors - 1, 40: first, 48: sectors - 16384, 56: 1, 72: 2, 80: slots | 128<<32} {
		le.PutUint64(header[off:], value)
	}
	le.PutUint32(header[88:], crc32.ChecksumIEEE(array))
	le.PutUint32(header[16:], crc32.ChecksumIEEE(header[:92]))
	protective := make([]byte, 512)
	copy(protective[446:], "\x00\x00\x02\x00\xEE\xFF\xFF\xFF\x01\x00\x00\x00\xFF\xFF\xFF\xFF")
	protective[510], protective[511] = 0x55, 0xAA
	disk := rows{
		head: append(append(protective, header...), array...), volume: golden(t, "fat16"),
		first: first * 512, last: (first + slots*each) * 512, each: each * 512,
	}
	rec := &counter{r: disk}
	d, err := Scan(rec, sectors*512, geometry.Sector512)
	if err != nil {
		t.Fatal(err)
	}
	looked, not := 0, 0
	for _, p := range d.Partitions() {
		switch {
		case p.FS.Kind == model.FAT16:
			looked++
		case strings.Contains(p.FS.Notes, "not looked at"):
			not++
		}
	}
	if looked != maxProbed || not != slots-maxProbed || d.ReadOnly() == "" {
		t.Errorf("%d partitions were looked into, %d were not; read-only: %s", looked, not, d.ReadOnly())
	}
	if rec.read > maxProbed*(256<<10+maxTable)+64<<20 {
		t.Errorf("%d MiB read", rec.read>>20)
	}
}

// rows is a disk that begins with a table and has the same volume again and again between two places.
type rows struct {
	head              []byte
	first, last, each int64
	volume            pages
}

func (r rows) ReadAt(b []byte, off int64) (int, error) {
	clear(b)
	switch {
	case off >= r.first && off < r.last:
		return r.volume.ReadAt(b[:min(int64(len(b)), r.each-(off-r.first)%r.each)], (off-r.first)%r.each)
	case off < int64(len(r.head)):
		copy(b, r.head[off:])
	}
	return len(b), nil
}
