package fsys

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"shunt/model"
	"shunt/model/scan/fatfs"
	"shunt/model/tried"
)

// errFATDamaged is wrapped by errors about a volume that contradicts itself.
var errFATDamaged = errors.New("check it first, which repairs it")

// fatMask returns the bits of an entry that hold its value. FAT32 reserves the upper four.
func fatMask(kind model.FSKind) uint32 {
	switch kind {
	case model.FAT32:
		return 0x0FFFFFFF
	case model.FAT16:
		return 0xFFFF
	default:
		return 0xFFF
	}
}

// fatEntry is one entry of a FAT: the number of the next cluster, or one of a few marks.
type fatEntry struct {
	value, mask uint32
}

func (e fatEntry) number() int64 { return int64(e.value & e.mask) }

func (e fatEntry) free() bool { return e.number() == 0 }

// bad reports whether the cluster must not be used because the medium is damaged there.
func (e fatEntry) bad() bool { return e.value&e.mask == e.mask-8 }

// last reports whether a chain ends here.
func (e fatEntry) last() bool { return e.value&e.mask >= e.mask-7 }

// with returns the entry with its number replaced.
func (e fatEntry) with(number int64) fatEntry {
	return fatEntry{value: e.value&^e.mask | uint32(number), mask: e.mask}
}

// entryOf reads the i-th entry of a piece of a FAT. The piece must begin with an entry of even number.
func entryOf(b []byte, kind model.FSKind, i int64) fatEntry {
	mask := fatMask(kind)
	switch kind {
	case model.FAT32:
		return fatEntry{binary.LittleEndian.Uint32(b[i*4:]), mask}
	case model.FAT16:
		return fatEntry{uint32(binary.LittleEndian.Uint16(b[i*2:])), mask}
	default:
		pair := uint32(b[i*3/2]) | uint32(b[i*3/2+1])<<8
		return fatEntry{pair >> (i % 2 * 4) & mask, mask}
	}
}

// setEntry writes the i-th entry.
func setEntry(b []byte, kind model.FSKind, i int64, e fatEntry) {
	switch kind {
	case model.FAT32:
		binary.LittleEndian.PutUint32(b[i*4:], e.value)
	case model.FAT16:
		binary.LittleEndian.PutUint16(b[i*2:], uint16(e.value))
	default:
		low, high := &b[i*3/2], &b[i*3/2+1]
		if i%2 == 0 {
			*low, *high = byte(e.value), *high&0xF0|byte(e.value>>8)
			return
		}
		*low, *high = *low&0x0F|byte(e.value<<4), byte(e.value>>4)
	}
}

// fatPiece is the number of entries that are held in memory at a time. It is even, so that a piece has a whole number of
// bytes.
const fatPiece = 1 << 15

// fatReader reads the entries of a FAT by number. It loads them in pieces, so it is fast if the numbers are close
// together.
type fatReader struct {
	r     io.ReaderAt // the FAT begins at its offset 0
	v     fatfs.Volume
	n     int64
	piece []byte
	from  int64 // the first entry in piece
	count int64
}

// newFATReader returns a reader for the active FAT.
func newFATReader(f io.ReaderAt, v fatfs.Volume) *fatReader {
	return &fatReader{
		r: io.NewSectionReader(f, v.FATAt(v.Active), v.FATSectors*v.SectorSize), v: v, n: v.Clusters() + fatfs.FirstCluster,
	}
}

func (t *fatReader) get(c int64) (fatEntry, error) {
	if c < 0 || c >= t.n {
		return fatEntry{}, fmt.Errorf("cluster %d does not exist: %w", c, errFATDamaged)
	}
	if c < t.from || c >= t.from+t.count {
		from := c / fatPiece * fatPiece
		count := min(fatPiece, t.n-from)
		bits := t.v.EntryBits()
		n := (count*bits + 7) / 8
		if t.piece == nil {
			t.piece = make([]byte, (min(fatPiece, t.n)*bits+7)/8+1) // one more byte, because the last entry of FAT12 may end in it
		}
		t.count = 0
		if err := readFull(t.r, t.piece[:n], from*bits/8); err != nil {
			return fatEntry{}, tried.Errorf("read the FAT: %w", err)
		}
		t.piece[n] = 0
		t.from, t.count = from, count
	}
	return entryOf(t.piece, t.v.Kind, c-t.from), nil
}

// writeChanged writes b at off, but only the pieces that differ from what is there.
func writeChanged(f Window, b []byte, off int64) error {
	return writeOver(f, b, make([]byte, len(b)), off)
}

// writeOver is like writeChanged. It reads into old, a buffer as long as b.
func writeOver(f Window, b, old []byte, off int64) error {
	const grain = 4096
	if err := readFull(f, old, off); err != nil {
		return err
	}
	for at := 0; at < len(b); {
		end := min(len(b), at+grain)
		if bytes.Equal(b[at:end], old[at:end]) {
			at = end
			continue
		}
		for end < len(b) && !bytes.Equal(b[end:min(len(b), end+grain)], old[end:min(len(b), end+grain)]) {
			end = min(len(b), end+grain)
		}
		if _, err := f.WriteAt(b[at:end], off+int64(at)); err != nil {
			return err
		}
		at = end
	}
	return nil
}

// copyWithin copies n bytes from one place in the window to another. The two must not overlap.
func copyWithin(f Window, from, to, n int64) error {
	const most = 1 << 20
	b, old := make([]byte, min(n, most)), make([]byte, min(n, most))
	for n > 0 {
		b, old = b[:min(n, most)], old[:min(n, most)]
		if err := readFull(f, b, from); err != nil {
			return err
		}
		if err := writeOver(f, b, old, to); err != nil {
			return err
		}
		k := int64(len(b))
		from, to, n = from+k, to+k, n-k
	}
	return nil
}
