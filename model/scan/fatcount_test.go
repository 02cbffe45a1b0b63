package scan

import (
	"slices"
	"testing"
)

// TestFATCount: the FAT itself says how much of a FAT32 is used, whatever its FSInfo sector says.
func TestFATCount(t *testing.T) {
	p := golden(t, "fat32")
	want := Probe(p, 0, p.n)
	for _, stored := range []uint32{0, 7, 1234, 1 << 31, 1<<32 - 1} {
		page := slices.Clone(p.data[0])
		le.PutUint32(page[512+488:], stored)
		p.data[0] = page
		if got := Probe(p, 0, p.n); got.Used != want.Used || got.Min != want.Min {
			t.Errorf("with a stored count of %d: %s, want %s", stored, summary(got), summary(want))
		}
	}
}
