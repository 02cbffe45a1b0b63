package geometry

import "testing"

func TestCHSOfBoundaries(t *testing.T) {
	const lastStorable = 1024*Heads*SectorsPerTrack - 1
	for _, c := range []struct {
		name     string
		lba      Sector
		want     CHS
		bytes    [3]byte
		overflow bool
	}{
		{"first sector", 0, CHS{0, 0, 1}, [3]byte{0x00, 0x01, 0x00}, false},
		{"start of a protective entry", 1, CHS{0, 0, 2}, [3]byte{0x00, 0x02, 0x00}, false},
		{"end of the first track", 62, CHS{0, 0, 63}, [3]byte{0x00, 0x3F, 0x00}, false},
		{"second track", 63, CHS{0, 1, 1}, [3]byte{0x01, 0x01, 0x00}, false},
		{"1 MiB", 2048, CHS{0, 32, 33}, [3]byte{0x20, 0x21, 0x00}, false},
		{"end of the first cylinder", 16064, CHS{0, 254, 63}, [3]byte{0xFE, 0x3F, 0x00}, false},
		{"second cylinder", 16065, CHS{1, 0, 1}, [3]byte{0x00, 0x01, 0x01}, false},
		{"cylinder 255", 255 * 16065, CHS{255, 0, 1}, [3]byte{0x00, 0x01, 0xFF}, false},
		{"cylinder 256 needs the high bits", 256 * 16065, CHS{256, 0, 1}, [3]byte{0x00, 0x41, 0x00}, false},
		{"last address below the mark", lastStorable - 1, CHS{1023, 254, 62}, [3]byte{0xFE, 0xFE, 0xFF}, false},
		{"last address is the mark", lastStorable, CHS{1023, 254, 63}, [3]byte{0xFE, 0xFF, 0xFF}, true},
		{"cylinder 1024", lastStorable + 1, CHS{1024, 0, 1}, [3]byte{0xFE, 0xFF, 0xFF}, true},
		{"last sector an MBR can name", 1<<32 - 1, CHS{267349, 89, 4}, [3]byte{0xFE, 0xFF, 0xFF}, true},
	} {
		got := CHSOf(c.lba)
		if got != c.want {
			t.Errorf("%s: CHSOf(%d) = %v, want %v", c.name, c.lba, got, c.want)
		}
		if got.Bytes() != c.bytes {
			t.Errorf("%s: bytes of sector %d are % X, want % X", c.name, c.lba, got.Bytes(), c.bytes)
		}
		if got.Overflow() != c.overflow {
			t.Errorf("%s: overflow of sector %d is %v", c.name, c.lba, got.Overflow())
		}
		if lba, ok := got.LBA(); ok == c.overflow || ok && lba != c.lba {
			t.Errorf("%s: sector %d comes back as %d, %v", c.name, c.lba, lba, ok)
		}
	}
}

func TestParseCHS(t *testing.T) {
	for _, c := range []struct {
		name     string
		bytes    [3]byte
		want     CHS
		overflow bool
		lba      Sector
		ok       bool
	}{
		{"empty entry", [3]byte{0, 0, 0}, CHS{0, 0, 0}, false, 0, false},
		{"mark as we store it", [3]byte{0xFE, 0xFF, 0xFF}, CHS{1023, 254, 63}, true, 0, false},
		{"mark of a protective entry", [3]byte{0xFF, 0xFF, 0xFF}, CHS{1023, 255, 63}, true, 0, false},
		{"a head too many", [3]byte{0xFF, 0x01, 0x00}, CHS{0, 255, 1}, false, 0, false},
		{"high bits of the cylinder", [3]byte{0x00, 0xC1, 0x01}, CHS{769, 0, 1}, false, 769 * 16065, true},
		{"sector 63", [3]byte{0x01, 0x3F, 0x02}, CHS{2, 1, 63}, false, 2*16065 + 63 + 62, true},
	} {
		got := ParseCHS(c.bytes)
		if got != c.want || got.Overflow() != c.overflow {
			t.Errorf("%s: ParseCHS(% X) = %v, overflow %v", c.name, c.bytes, got, got.Overflow())
		}
		if lba, ok := got.LBA(); lba != c.lba || ok != c.ok {
			t.Errorf("%s: % X is sector %d, %v; want %d, %v", c.name, c.bytes, lba, ok, c.lba, c.ok)
		}
	}
}

// Every pattern of three bytes that is an address in reach survives unpacking and packing, and agrees with its LBA.
func TestCHSBytesRoundTrip(t *testing.T) {
	for head := range 256 {
		for sector := range 64 {
			for _, cylinder := range []int{0, 1, 255, 256, 511, 512, 1022, 1023} {
				b := [3]byte{byte(head), byte(cylinder>>8<<6 | sector), byte(cylinder)}
				c := ParseCHS(b)
				if c.Bytes() != b {
					t.Fatalf("% X comes back as % X", b, c.Bytes())
				}
				if lba, ok := c.LBA(); ok && CHSOf(lba) != c {
					t.Fatalf("%v is sector %d, which is %v", c, lba, CHSOf(lba))
				}
			}
		}
	}
}

// LBA is the sector at the address. ok is false where there is none: the address has overflown, or its head or
// sector does not exist on a disk of this geometry.
func (c CHS) LBA() (lba Sector, ok bool) {
	if c.Overflow() || c.Cylinder < 0 || c.Head < 0 || c.Head >= Heads || c.Sector < 1 || c.Sector > SectorsPerTrack {
		return 0, false
	}
	return Sector(c.Cylinder*Heads+c.Head)*SectorsPerTrack + Sector(c.Sector-1), true
}
