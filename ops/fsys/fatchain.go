package fsys

import (
	"encoding/binary"
	"errors"

	"shunt/model"
)

var errCyclic = errors.New("a chain of clusters leads back into itself")

// fatAcyclic makes sure that every chain in a FAT of n bytes at off ends: go-diskfs would follow one that does not until
// all memory is taken. It takes a few bytes of memory for each entry.
func fatAcyclic(src Files, off, n int64) error {
	b := make([]byte, n)
	if got, err := src.Base.ReadAt(b, src.Off+off); got < len(b) {
		return err
	}
	next := fatEntries(b, src.Kind)
	const walking, done = 1, 2
	state := make([]byte, next.len)
	for start := 2; start < next.len; start++ {
		at := start
		for at >= 2 && at < next.len && state[at] == 0 {
			state[at] = walking
			at = next.of(at)
		}
		if at >= 2 && at < next.len && state[at] == walking {
			return errCyclic
		}
		for at = start; at >= 2 && at < next.len && state[at] == walking; at = next.of(at) {
			state[at] = done
		}
	}
	return nil
}

// fatTable tells which cluster follows another one. Numbers that are no cluster end a chain.
type fatTable struct {
	of  func(cluster int) int
	len int
}

func fatEntries(b []byte, kind model.FSKind) fatTable {
	switch kind {
	case model.FAT12:
		return fatTable{func(c int) int {
			pair := binary.LittleEndian.Uint16(b[c*3/2:])
			if c%2 == 1 {
				return int(pair >> 4)
			}
			return int(pair & 0xFFF)
		}, len(b) * 2 / 3}
	case model.FAT16:
		return fatTable{func(c int) int { return int(binary.LittleEndian.Uint16(b[c*2:])) }, len(b) / 2}
	default:
		return fatTable{func(c int) int { return int(binary.LittleEndian.Uint32(b[c*4:]) & 0x0FFFFFFF) }, len(b) / 4}
	}
}
