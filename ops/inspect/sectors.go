package inspect

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/model/scan"
	"shunt/ops/report"
)

// Sectors reads n sectors of a disk from first on, as many as there are, and says what lies in each. d was scanned from r. A
// sector that cannot be read is named, and the others are there.
func Sectors(r io.ReaderAt, d model.Disk, first geometry.Sector, n int) []report.Sector {
	z := int64(d.SectorSize)
	n = int(min(int64(n), int64(d.Sectors-first)))
	if n <= 0 || first < 0 {
		return nil
	}
	known := knownPlaces(r, d)
	list := make([]report.Sector, n)
	data := make([]byte, int64(n)*z)
	_, err := r.ReadAt(data, int64(first)*z)
	whole := err == nil
	for i := range list {
		at := first + geometry.Sector(i)
		list[i] = report.Sector{At: at, Data: data[int64(i)*z : int64(i+1)*z], Means: meaning(d, known, at)}
		if whole {
			continue
		}
		if _, err := r.ReadAt(list[i].Data, int64(at)*z); err != nil {
			list[i].Data, list[i].Err = nil, safetext.Printable(err.Error())
		}
	}
	return list
}

// A known place is a run of sectors with a name.
type knownPlace struct {
	geometry.Span
	name string
}

// meaning says what a sector is, and where it is.
func meaning(d model.Disk, known []knownPlace, at geometry.Sector) string {
	name := ""
	for _, k := range known {
		if k.Contains(at) {
			name = k.name + ", "
			if k.Len() > 1 {
				name = k.name + " (" + nth(k.Span, at) + "), "
			}
			break
		}
	}
	where := "outside of all partitions"
	if d.Table.Kind == model.TableNone {
		where = nth(d.Span(), at)
	}
	for p := range d.Each() {
		if p.Span.Contains(at) {
			where = nth(p.Span, at) + " in " + p.Ref()
			if p.Role != model.Extended {
				break // it can lie in an extended one
			}
		}
	}
	return name + where
}

// nth counts the sectors of a span: "2 of 1,024".
func nth(s geometry.Span, at geometry.Sector) string {
	return geometry.Grouped(at-s.Start+1) + " of " + geometry.Grouped(s.Len())
}

// knownPlaces lists the sectors of the table and the superblocks, the most special first.
func knownPlaces(r io.ReaderAt, d model.Disk) (list []knownPlace) {
	add := func(at, n geometry.Sector, name string) {
		list = append(list, knownPlace{geometry.Span{Start: at, End: at + n}, name})
	}
	switch d.Table.Kind {
	case model.TableMBR:
		add(0, 1, "MBR")
	case model.TableGPT:
		add(0, 1, "protective MBR")
		list = append(list, gptPlaces(r, d)...)
	case model.TableNone:
	}
	for p := range d.Each() {
		if p.EBR > 0 {
			add(p.EBR, 1, "EBR of "+p.Ref())
		}
	}
	parts := slices.Collect(d.Each())
	if d.Table.Kind == model.TableNone {
		parts = []model.Partition{{Span: d.Span(), FS: d.Whole}}
	}
	for _, p := range parts {
		if p.Role == model.Extended {
			add(p.Span.Start, 1, "first EBR")
			continue
		}
		z := d.SectorSize
		for _, s := range scan.Superblocks(p.FS.Kind, z.Bytes(p.Span.Len())) {
			start := p.Span.Start + z.Down(s.Off)
			add(start, z.Up(s.Off+s.Len)-z.Down(s.Off), superblock(p.FS.Kind))
		}
	}
	return list
}

// superblock names the sectors in which a file system describes itself.
func superblock(kind model.FSKind) string {
	switch kind {
	case model.FAT12, model.FAT16, model.FAT32, model.ExFAT, model.NTFS:
		return "boot sector of " + string(kind)
	case model.Swap, model.SwSuspend, model.LUKS, model.LVM2:
		return "header of " + string(kind)
	}
	return "superblock of " + string(kind)
}

// gptPlaces follows the headers of a GPT to its two copies. Damaged headers lead nowhere.
func gptPlaces(r io.ReaderAt, d model.Disk) (list []knownPlace) {
	at, name := geometry.Sector(1), "GPT"
	for range 2 {
		header := make([]byte, d.SectorSize)
		if _, err := r.ReadAt(header, int64(d.SectorSize.Bytes(at))); err != nil || !bytes.HasPrefix(header, []byte("EFI PART")) {
			return list
		}
		entries := geometry.Sector(binary.LittleEndian.Uint64(header[72:]))
		room := geometry.Bytes(binary.LittleEndian.Uint32(header[80:])) * geometry.Bytes(binary.LittleEndian.Uint32(header[84:]))
		n := d.SectorSize.Up(room)
		list = append(list, knownPlace{geometry.Span{Start: at, End: at + 1}, name + " header"})
		if entries > 0 && n > 0 && entries <= d.Sectors && n <= d.Sectors-entries {
			list = append(list, knownPlace{geometry.Span{Start: entries, End: entries + n}, name + " entries"})
		}
		at, name = geometry.Sector(binary.LittleEndian.Uint64(header[32:])), "backup GPT"
		if at <= 1 || at >= d.Sectors {
			return list
		}
	}
	return list
}
