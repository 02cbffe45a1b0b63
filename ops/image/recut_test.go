package image

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"shunt/model/table"
)

// islands is a disk with some bytes that are not zero.
type islands []byte

func (b islands) Size() int64 { return int64(len(b)) }

func (b islands) ReadAt(p []byte, off int64) (int, error) { return copy(p, b[off:]), nil }

func (b islands) Data(off int64) (start, end int64, err error) {
	start = off + int64(bytes.IndexFunc(b[off:], func(r rune) bool { return r != 0 }))
	if start < off {
		return b.Size(), b.Size(), nil
	}
	return start, start + 1, nil
}

// TestRecutData reads a disk with edits by its runs alone: the rest is zero. The disk is longer than what it is made from.
func TestRecutData(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		from := make(islands, 40)
		for range rng.IntN(4) {
			from[rng.IntN(len(from))] = 'x'
		}
		d := recut{from: from, size: 60}
		want := append(bytes.Clone(from), make([]byte, 20)...)
		for range rng.IntN(4) {
			off := rng.IntN(50)
			data := bytes.Repeat([]byte{byte(rng.IntN(2))}, 1+rng.IntN(10))
			d.edits = append(d.edits, table.Patch{Off: int64(off), Data: data})
			copy(want[off:], data)
		}
		got := make([]byte, d.size)
		for at := int64(0); at < d.size; {
			start, end, err := d.Data(at)
			require(t, err)
			if start < at || end < start || end > d.size || start == end && start < d.size {
				t.Fatalf("seed %d: from %d on: %d to %d", seed, at, start, end)
			}
			_, err = d.ReadAt(got[start:end], start)
			require(t, err)
			at = end
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("seed %d, %v: %q, want %q", seed, d.edits, got, want)
		}
	}
}
