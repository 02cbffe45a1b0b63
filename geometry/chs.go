package geometry

// CHS is the address of a sector by cylinder, head and sector, on a disk with Heads and SectorsPerTrack. MBR entries
// store it beside the LBA, but only old boot loaders still read it.
//
// It is stored in three bytes:
//
//	byte 0            byte 1                       byte 2
//	+---------------+ +------+---------------+     +---------------+
//	| head 0-255    | | 9  8 | sector 1-63   |     | cylinder 7..0 |
//	+---------------+ +------+---------------+     +---------------+
//	                    bits 9 and 8 of the cylinder, in bits 7 and 6
//
// Ten bits of cylinder reach sector 16450559, about 8 GiB with sectors of 512 bytes. Sectors behind that are stored as
// 1023/254/63 (FE FF FF). Other programs, and the protective entry of a GPT, use 1023/255/63 (FF FF FF).
type CHS struct {
	Cylinder int // from 0; numbers above 1023 cannot be stored
	Head     int // from 0
	Sector   int // from 1; 0 in an empty entry
}

const maxCylinder = 1023

// CHSOf returns the address of an absolute sector, which must not be negative. The address may be too large to be stored:
// see Overflow.
func CHSOf(lba Sector) CHS {
	return CHS{
		Cylinder: int(lba / (Heads * SectorsPerTrack)),
		Head:     int(lba / SectorsPerTrack % Heads),
		Sector:   int(lba%SectorsPerTrack) + 1,
	}
}

// ParseCHS unpacks the three bytes of an MBR entry. It accepts any bytes, although not all are an address.
func ParseCHS(b [3]byte) CHS {
	return CHS{
		Cylinder: int(b[1])&0xC0<<2 | int(b[2]),
		Head:     int(b[0]),
		Sector:   int(b[1]) & 0x3F,
	}
}

// Bytes packs the address for an MBR entry. An address that is too large becomes FE FF FF.
func (c CHS) Bytes() [3]byte {
	if c.Cylinder > maxCylinder {
		c = CHS{Cylinder: maxCylinder, Head: Heads - 1, Sector: SectorsPerTrack}
	}
	return [3]byte{byte(c.Head), byte(c.Cylinder>>2&0xC0 | c.Sector&0x3F), byte(c.Cylinder)}
}

// Overflow reports whether the address stands for sectors behind cylinder 1023. That is true for 1023/254/63, which is
// also the address of sector 16450559.
func (c CHS) Overflow() bool {
	return c.Cylinder > maxCylinder || c.Cylinder == maxCylinder && c.Head >= Heads-1 && c.Sector == SectorsPerTrack
}
