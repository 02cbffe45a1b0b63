package table

import (
	"bytes"
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// verdict is what a disk carries, judged from sector 0 first and from the GPT copies second.
type verdict struct {
	kind     model.TableKind
	first    []byte // sector 0
	gpt      gptDisk
	problems []model.Problem
}

// judge decides what table a disk carries. In this order:
//
//   - the magic of a table shunt does not know: none, and read-only;
//   - a protective entry (type EE from LBA 1) in sector 0: GPT, even if no copy of it is whole;
//   - the boot sector of a file system: none;
//   - entries in sector 0: MBR, even if an old GPT is still there, for firmware and kernel obey sector 0;
//   - a whole GPT without a protective entry: GPT, and read-only, as no other program would see it;
//   - an empty MBR, or none.
func judge(src source) (verdict, error) {
	first, err := src.sector(0)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{first: first}
	if label := foreignLabel(first); label != "" {
		v.problems = []model.Problem{{
			Severity: model.Fatal,
			Text:     "the disk has " + label + " partition table, which shunt does not read",
			Advice:   "edit it on the system it comes from",
		}}
		return v, nil
	}
	if v.gpt, err = loadGPT(src, first); err != nil {
		return verdict{}, err
	}
	whole := v.gpt.primary.fault == nil
	fsKind := bootSector(first)
	sane := saneEntries(first, src.sectors)
	switch {
	case hasProtective(first) && (whole || fsKind == "" || v.gpt.backup.fault == nil):
		v.kind = model.TableGPT
	case fsKind != "" && !sane:
		v.problems = staleGPT(v.gpt, "the disk holds a "+fsKind+" file system and no partition table")
	case hasSignature(first) && usedEntries(first) > 0 && (sane || goodStatus(first)):
		v.kind = model.TableMBR
		v.problems = staleGPT(v.gpt, "the disk has an MBR")
	case whole || v.gpt.backup.fault == nil && v.gpt.startIsBlank:
		v.kind = model.TableGPT
		v.problems = []model.Problem{{
			Severity: model.Fatal,
			Text:     "sector 0: no protective MBR, so that no other program sees the GPT that lies on this disk",
			Advice:   "write the protective MBR with `gdisk` (command w) if the GPT is the table you want",
		}}
	case hasSignature(first) && usedEntries(first) == 0 && goodStatus(first):
		v.kind = model.TableMBR
		v.problems = staleGPT(v.gpt, "the disk has an empty MBR")
	default:
		v.problems = staleGPT(v.gpt, "the disk has no partition table")
	}
	return v, nil
}

// staleGPT warns of a GPT that is whole but not in force.
func staleGPT(g gptDisk, instead string) []model.Problem {
	var at geometry.Sector
	switch {
	case g.primary.fault == nil:
		at = g.primary.at
	case g.backup.fault == nil:
		at = g.backup.at
	default:
		return nil
	}
	return []model.Problem{{
		Severity: model.Warning,
		Text:     fmt.Sprintf("%s, but an old GPT is left at LBA %d", instead, at),
		Advice: "some programs take the old GPT for the table; erase it with `wipefs --types gpt --all {target}`, " +
			"or restore its protective MBR with `gdisk {target}` if it is the one you want",
	}}
}

// foreignLabel names the table whose magic number is in sector 0, or is "".
func foreignLabel(first []byte) string {
	at := func(off int, magic ...byte) bool { return bytes.Equal(first[off:off+len(magic)], magic) }
	switch {
	case at(0, 0xC9, 0xC2, 0xD4, 0xC1): // "IBMA" in EBCDIC; such a sector may end in 55 AA as well
		return "an AIX"
	case hasSignature(first):
		return ""
	case at(0, 'E', 'R', 0x02, 0x00), at(0, 'E', 'R', 0x08, 0x00), at(0, 'E', 'R', 0x10, 0x00):
		return "an Apple"
	case at(0, 0x0B, 0xE5, 0xA9, 0x41):
		return "an SGI"
	case at(508, 0xDA, 0xBE):
		return "a Sun"
	}
	return ""
}

// bootSector names the file system whose boot sector this is, or is "". FAT, NTFS and exFAT boot sectors end
// in 55 AA as an MBR does; their fields say what they are.
func bootSector(first []byte) string {
	if !hasSignature(first) {
		return ""
	}
	switch string(first[3:11]) {
	case "NTFS    ":
		return "NTFS"
	case "EXFAT   ":
		return "exFAT"
	}
	jump := first[0] == 0xE9 || first[0] == 0xEB
	size, cluster, media := le.Uint16(first[11:]), first[13], first[21]
	reserved, fats := le.Uint16(first[14:]), first[16]
	if !jump || size < 512 || size > 4096 || size&(size-1) != 0 || cluster == 0 || cluster&(cluster-1) != 0 ||
		reserved == 0 || fats == 0 || fats > 4 || (media != 0xF0 && media < 0xF8) {
		return ""
	}
	return "FAT"
}

func hasSignature(first []byte) bool { return first[510] == 0x55 && first[511] == 0xAA }

// hasProtective reports whether sector 0 says that the disk has a GPT.
func hasProtective(first []byte) bool {
	if !hasSignature(first) {
		return false
	}
	for i := range mbrSlots {
		if e := parseMBREntry(slotOf(first, i)); e.protective() && e.start == 1 {
			return true
		}
	}
	return false
}

func usedEntries(first []byte) int {
	n := 0
	for i := range mbrSlots {
		if parseMBREntry(slotOf(first, i)).count != 0 {
			n++
		}
	}
	return n
}

// goodStatus reports whether every slot has one of the two status bytes there are.
func goodStatus(first []byte) bool {
	for i := range mbrSlots {
		if s := slotOf(first, i)[0]; s != 0x00 && s != 0x80 {
			return false
		}
	}
	return true
}

// saneEntries reports whether sector 0 has entries and all of them could be partitions of this disk. The
// code or text that other boot sectors hold there does not pass.
func saneEntries(first []byte, sectors geometry.Sector) bool {
	if !hasSignature(first) {
		return false
	}
	var spans []geometry.Span
	for i := range mbrSlots {
		e := parseMBREntry(slotOf(first, i))
		if e.count == 0 {
			continue
		}
		span := e.span(0)
		if span.Start < 1 || span.End > sectors {
			return false
		}
		if slices.ContainsFunc(spans, span.Overlaps) {
			return false
		}
		spans = append(spans, span)
	}
	return len(spans) > 0
}

// otherSectorSize is the sector size at which a disk without a GPT at this one does have one.
func otherSectorSize(src source) (geometry.SectorSize, bool, error) {
	other := geometry.Sector4096
	if src.z == geometry.Sector4096 {
		other = geometry.Sector512
	}
	there := source{r: src.r, z: other, sectors: other.Down(src.z.Bytes(src.sectors))}
	if there.sectors < 2 {
		return 0, false, nil
	}
	raw, err := there.sector(1)
	if err != nil {
		return 0, false, err
	}
	_, fault := parseGPTHeader(raw, 1)
	return other, fault == nil, nil
}
