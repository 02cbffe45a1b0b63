package scan

import "testing"

// TestCutMember: a member of an array whose partition was cut says how long it was.
func TestCutMember(t *testing.T) {
	disk := golden(t, "mdraid-1")
	for n, want := range map[int64]int64{10 * mib: 10 * mib, 8 * mib: 10 * mib, 12 * mib: 12 * mib} {
		if fs := Probe(disk, 0, n); int64(fs.Size) != want {
			t.Errorf("in %d bytes: %+v, want %d", n, fs, want)
		}
	}
}
