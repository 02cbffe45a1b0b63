package fsys

import (
	"fmt"
	"io"
	"strings"

	"shunt/ops"
)

// fatFacts are the fields of a FAT boot sector. Source: Microsoft's "FAT: General Overview of On-Disk Format", 1.03.
func fatFacts(s *ops.SheetSection, r io.ReaderAt) {
	b := piece(r, 0, 512)
	if b == nil {
		return
	}
	s.Add("Made by", strings.TrimSpace(b.text(3, 8)))
	s.Add("Sector size", fmt.Sprintf("%d bytes", b.u16(11)))
	s.Add("Cluster size", fmt.Sprintf("%d bytes", int(b.u16(11))*int(b[13])))
	s.Add("Reserved", fmt.Sprintf("%d sectors", b.u16(14)))
	s.Add("FATs", fmt.Sprint(b[16]))
	if n := b.u16(17); n > 0 {
		s.Add("Root entries", fmt.Sprint(n))
	}
	s.Add("Media", fmt.Sprintf("0x%02x", b[21]))
	s.Add("Geometry", fmt.Sprintf("%d heads, %d sectors a track", b.u16(26), b.u16(24)))
	s.Add("Hidden sectors", fmt.Sprintf("%d (where the partition starts, as it believes)", b.u32(28)))
}

// exfatFacts are the fields of an exFAT boot sector. Source: Microsoft's "exFAT file system specification", section 3.1.
func exfatFacts(s *ops.SheetSection, r io.ReaderAt) {
	b := piece(r, 0, 512)
	if b == nil || b[108] > 12 || b[109] > 25 {
		return
	}
	s.Add("Revision", fmt.Sprintf("%d.%02d", b[105], b[104]))
	s.Add("Sector size", fmt.Sprintf("%d bytes", 1<<b[108]))
	s.Add("Cluster size", fmt.Sprintf("%d bytes", int64(1)<<(b[108]+b[109])))
	s.Add("Clusters", fmt.Sprint(b.u32(92)))
	s.Add("FATs", fmt.Sprint(b[110]))
	s.Add("Partition offset", fmt.Sprintf("sector %d (where the partition starts, as it believes)", b.u64(64)))
	if b[112] <= 100 {
		s.Add("In use", fmt.Sprintf("%d %%", b[112]))
	}
	s.Add("Flags", strings.Join(named(uint64(b.u16(106)), []bit{{1, "second FAT"}, {2, "dirty"}, {4, "media failure"}, {8, "clear to zero"}}), ", "))
}

// ntfsFacts are the fields of an NTFS boot sector.
func ntfsFacts(s *ops.SheetSection, r io.ReaderAt) {
	b := piece(r, 0, 512)
	if b == nil {
		return
	}
	cluster := int64(b[13])
	if b[13] > 0x80 { // a power of two, written as a negative number
		cluster = 1 << min(-int8(b[13]), 30)
	}
	s.Add("Sector size", fmt.Sprintf("%d bytes", b.u16(11)))
	s.Add("Cluster size", fmt.Sprintf("%d bytes", cluster*int64(b.u16(11))))
	s.Add("Serial number", fmt.Sprintf("%016X", b.u64(72)))
	s.Add("Hidden sectors", fmt.Sprintf("%d (where the partition starts, as it believes)", b.u32(28)))
	s.Add("MFT", fmt.Sprintf("cluster %d, mirrored at %d", b.u64(48), b.u64(56)))
}
