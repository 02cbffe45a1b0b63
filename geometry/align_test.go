package geometry

import "testing"

func TestAlign(t *testing.T) {
	for _, c := range []struct {
		a                    Alignment
		z                    SectorSize
		x, up, down, nearest Sector
	}{
		{AlignMiB, Sector512, 0, 0, 0, 0},
		{AlignMiB, Sector512, 1, 2048, 0, 0},
		{AlignMiB, Sector512, 63, 2048, 0, 0},
		{AlignMiB, Sector512, 1023, 2048, 0, 0},
		{AlignMiB, Sector512, 1024, 2048, 0, 0},
		{AlignMiB, Sector512, 1025, 2048, 0, 2048},
		{AlignMiB, Sector512, 2047, 2048, 0, 2048},
		{AlignMiB, Sector512, 2048, 2048, 2048, 2048},
		{AlignMiB, Sector512, 2049, 4096, 2048, 2048},
		{AlignMiB, Sector4096, 255, 256, 0, 256},
		{AlignMiB, Sector4096, 256, 256, 256, 256},
		{AlignMiB, Sector4096, 257, 512, 256, 256},
		{AlignCylinder, Sector512, 63, 16065, 0, 0},
		{AlignCylinder, Sector512, 8032, 16065, 0, 0},
		{AlignCylinder, Sector512, 8033, 16065, 0, 16065},
		{AlignCylinder, Sector512, 16064, 16065, 0, 16065},
		{AlignCylinder, Sector512, 16065, 16065, 16065, 16065},
		{AlignCylinder, Sector512, 16066, 32130, 16065, 16065},
		{AlignTwoMiB, Sector512, 4097, 8192, 4096, 4096},
		{AlignTwoMiB, Sector4096, 513, 1024, 512, 512},
		// A cylinder counts sectors, however large they are.
		{AlignCylinder, Sector4096, 16066, 32130, 16065, 16065},
		{AlignNone, Sector512, 63, 63, 63, 63},
		// The end of the largest size that can be typed.
		{AlignMiB, Sector512, Sector(maxSize/512) - 1, Sector(maxSize / 512), Sector(maxSize/512) - 2048, Sector(maxSize / 512)},
		// A position that is being typed may lie before the disk for a moment.
		{AlignMiB, Sector512, -1, 0, -2048, 0},
		{AlignMiB, Sector512, -2048, -2048, -2048, -2048},
	} {
		if got := c.a.Up(c.x, c.z); got != c.up {
			t.Errorf("%v, %d: up of %d is %d, want %d", c.a, c.z, c.x, got, c.up)
		}
		if got := c.a.Down(c.x, c.z); got != c.down {
			t.Errorf("%v, %d: down of %d is %d, want %d", c.a, c.z, c.x, got, c.down)
		}
		if got := c.a.Nearest(c.x, c.z); got != c.nearest {
			t.Errorf("%v, %d: nearest of %d is %d, want %d", c.a, c.z, c.x, got, c.nearest)
		}
	}
}

func TestParseAlignment(t *testing.T) {
	for _, a := range []Alignment{AlignMiB, AlignCylinder, AlignNone} {
		if got, err := ParseAlignment(a.String()); err != nil || got != a {
			t.Errorf("%v is read as %v, %v", a, got, err)
		}
	}
	for _, word := range []string{"", "MiB", "cyl", "Alignment(7)"} {
		if got, err := ParseAlignment(word); err == nil {
			t.Errorf("%q is read as %v", word, got)
		}
	}
	if got := Alignment(7).String(); got != "Alignment(7)" {
		t.Error(got)
	}
	if got := Alignment(7).Grain(Sector512); got != 1 {
		t.Errorf("an unknown alignment has a grain of %d", got)
	}
}
