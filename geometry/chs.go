package geometry

// CHS is the address of a sector as cylinder, head and sector of a disk with Heads and SectorsPerTrack. MBR entries have it
// beside the LBA. Only old boot loaders still read it.
//
// It is stored in three bytes:
//
//	byte 0            byte 1                       byte 2
//	+---------------+ +------+---------------+     +---------------+
//	| head 0-255    | | 9  8 | sector 1-63   |     | cylinder 7..0 |
//	+---------------+ +------+---------------+     +---------------+
//	                    bits 9 and 8 of the cylinder, in bits 7 and 6
//
// Ten bits of cylinder reach sector 16450559, about 8 GiB at 512 bytes. Any sector behind that is stored as
// 1023/254/63 (FE FF FF); others write 1023/255/63 (FF FF FF), as does the protective entry of a GPT.
type CHS struct {
	Cylinder int // from 0; above 1023 it cannot be stored
	Head     int // from 0
	Sector   int // from 1; 0 is no sector, as in an empty entry
}

const maxCylinder = 1023

// CHSOf returns the address of an absolute sector, which is not negative. It may be too large to be stored, see Overflow.
func CHSOf(lba Sector) CHS {
	return CHS{
		Cylinder: int(lba / (Heads * SectorsPerTrack)),
		Head:     int(lba / SectorsPerTrack % Heads),
		Sector:   int(lba%SectorsPerTrack) + 1,
	}
}

// ParseCHS unpacks the three bytes of an MBR entry. Every input has a meaning, though it need not be an address.
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

// Overflow reports whether the address only means "behind cylinder 1023". 1023/254/63 does, although it is also the address
// of sector 16450559.
func (c CHS) Overflow() bool {
	return c.Cylinder > maxCylinder || c.Cylinder == maxCylinder && c.Head >= Heads-1 && c.Sector == SectorsPerTrack
}
