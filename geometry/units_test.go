package geometry

import "testing"

func TestSectorSizeRounds(t *testing.T) {
	for _, c := range []struct {
		z        SectorSize
		b        Bytes
		down, up Sector
	}{
		{Sector512, 0, 0, 0},
		{Sector512, 1, 0, 1},
		{Sector512, 511, 0, 1},
		{Sector512, 512, 1, 1},
		{Sector512, 513, 1, 2},
		{Sector4096, 4095, 0, 1},
		{Sector4096, 4096, 1, 1},
		{Sector4096, 4097, 1, 2},
		{Sector512, 16 * TiB, 1 << 35, 1 << 35},
		{Sector512, -1, -1, 0},
		{Sector512, -512, -1, -1},
		{Sector512, -513, -2, -1},
	} {
		if got := c.z.Down(c.b); got != c.down {
			t.Errorf("%d bytes hold %d sectors of %d, want %d", c.b, got, c.z, c.down)
		}
		if got := c.z.Up(c.b); got != c.up {
			t.Errorf("%d bytes need %d sectors of %d, want %d", c.b, got, c.z, c.up)
		}
		if got := c.z.Bytes(c.up); got < c.b || got-c.b >= Bytes(c.z) {
			t.Errorf("%d sectors of %d are %d bytes", c.up, c.z, got)
		}
	}
}

func TestSectorSizeValid(t *testing.T) {
	for z, want := range map[SectorSize]bool{
		-512: false, 0: false, 1: false, 511: false, 512: true, 513: false, 520: false, 2048: false, 4096: true, 8192: false,
	} {
		if z.Valid() != want {
			t.Errorf("sector size %d: valid is %v", z, !want)
		}
	}
}
