package worker

import (
	"errors"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/ops/overlay"
	"shunt/ops/target"
)

// holed is a target of 100 bytes with data in [10, 20) and [50, 100).
type holed struct {
	target.Target
	wrote int
}

func (h *holed) Data(off int64) (start, end int64, err error) {
	switch {
	case off < 20:
		return max(off, 10), 20, nil
	case off < 100:
		return max(off, 50), 100, nil
	}
	return 100, 100, nil
}

func (h *holed) WriteAt(p []byte, _ int64) (int, error) {
	h.wrote += len(p)
	return len(p), nil
}

// TestPlainDisk: what is mounted read-only cannot be written through a window, and holes are seen.
func TestPlainDisk(t *testing.T) {
	h := &holed{}
	d := &plainDisk{Target: h, readOnly: true}
	if _, err := d.WriteAt(make([]byte, 5), 0); !errors.Is(err, unix.EROFS) || !errors.Is(d.Zero(0, 5), unix.EROFS) || d.Sync() != nil || h.wrote != 0 {
		t.Errorf("%v, wrote %d bytes", err, h.wrote)
	}
	d.readOnly = false
	if n, err := d.WriteAt(make([]byte, 5), 0); n != 5 || err != nil || h.wrote != 5 {
		t.Errorf("%d, %v", n, err)
	}
	want := []overlay.Extent{
		{Off: 5, Len: 5, Kind: overlay.Zero},
		{Off: 10, Len: 10, Kind: overlay.Base, Src: 10},
		{Off: 20, Len: 30, Kind: overlay.Zero},
		{Off: 50, Len: 10, Kind: overlay.Base, Src: 50},
	}
	if got := slices.Collect(d.Extents(5, 55)); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}
