package table

import (
	"slices"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

// verdict says which table a disk has.
type verdict struct {
	kind     model.TableKind
	label    string // the name of a table that is left alone
	gpt      gptDisk
	problems report
}

// judge decides which table a disk has. The first rule that applies wins:
//
//   - a table that shunt knows by name and that comes before an MBR: no table, and read-only;
//   - a protective entry (type EE from LBA 1) in sector 0: GPT, even if no copy of it is whole;
//   - the boot sector of a file system: no table;
//   - a single entry that covers the disk from sector 0 on: no table;
//   - entries in sector 0: MBR, even if an old GPT is still there, because firmware and kernel obey sector 0;
//   - any other table that shunt knows by name: no table, and read-only;
//   - a whole GPT without a protective entry: GPT, and read-only, because no other program would see it;
//   - an empty MBR, or no table.
func judge(src source) (v verdict, err error) {
	first := src.first
	if v.foreign(foreignLabel(src, true)) {
		return v, nil
	}
	if v.gpt, err = loadGPT(src); err != nil {
		return v, err
	}
	var entries []mbrEntry
	if hasSignature(first) {
		entries = slots(first)
	}
	whole := v.gpt.primary.fault == nil
	fsKind := bootSector(first)
	used := slices.ContainsFunc(entries, mbrEntry.used)
	sane := used && saneEntries(entries, src.sectors)
	isProtective := func(e mbrEntry) bool { return e.protective() && e.start == 1 }
	switch {
	case slices.ContainsFunc(entries, isProtective) && (whole || fsKind == "" || v.gpt.backup.fault == nil):
		v.kind = model.TableGPT
	case fsKind != "" && !sane:
		v.staleGPT("the disk holds a " + fsKind + " file system and no partition table")
	case goodStatus(first) && covered(entries, src.sectors):
		v.staleGPT("the only entry of the MBR covers the whole disk, itself included, so it is no partition table")
	case used && (sane || goodStatus(first)):
		v.kind = model.TableMBR
		v.staleGPT("the disk has an MBR")
	case v.foreign(foreignLabel(src, false)):
	case whole || v.gpt.backup.fault == nil && v.gpt.startIsBlank:
		v.kind = model.TableGPT
		v.problems.fatal("write the protective MBR with `gdisk` (command w) if the GPT is the table you want",
			"sector 0: no protective MBR, so that no other program sees the GPT that lies on this disk")
		v.problems.plainly("Other programs do not see the partition table of this disk: the first sector does not announce it.")
	case hasSignature(first) && !used && goodStatus(first):
		v.kind = model.TableMBR
		v.staleGPT("the disk has an empty MBR")
	default:
		v.staleGPT("the disk has no partition table")
	}
	return v, nil
}

// foreign makes the disk read-only if it has a label with this name, and reports whether it has one.
func (v *verdict) foreign(name string) bool {
	if v.label = name; name == "" {
		return false
	}
	v.problems.sound(model.Fatal, "edit it with the system that it comes from; if nothing on the disk is needed, erase the table with "+
		"`dd if=/dev/zero of={target} bs=1M count=1 conv=notrunc`",
		"the disk has a table that shunt knows by name and does not edit, %s: it and all that it divides are left alone",
		withArticle(name))
	return true
}

// withArticle returns a name behind "a" or "an".
func withArticle(name string) string {
	if strings.ContainsRune("AEIOU", rune(name[0])) || strings.HasPrefix(name, "SGI") {
		return "an " + name
	}
	return "a " + name
}

// staleGPT warns about a GPT that is whole but is not the table of the disk.
func (v *verdict) staleGPT(instead string) {
	if c := v.gpt.chosen(); c != nil {
		v.problems.sound(model.Warning, "some programs take the old GPT for the table; erase it with `wipefs --types gpt --all {target}`, "+
			"or restore its protective MBR with `gdisk {target}` if it is the one you want",
			"%s, but an old GPT is left at LBA %s", instead, c.at)
		v.problems.plainly("An old partition table, a GPT, is left on the disk. Some programs may take it for the one that counts.")
	}
}

// bootSector returns the name of the file system whose boot sector this is, or "". Boot sectors of FAT, NTFS and exFAT
// end in 55 AA like an MBR, but their fields identify them.
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

// covered reports whether the only entry in use covers the whole disk, including sector 0. Tools that put a file system on
// a whole disk write such an entry, because some systems only show disks with an MBR.
func covered(entries []mbrEntry, sectors geometry.Sector) bool {
	used := slices.DeleteFunc(slices.Clone(entries), func(e mbrEntry) bool { return !e.used() })
	return len(used) == 1 && used[0].start == 0 && used[0].span(0).End >= sectors
}

func hasSignature(first []byte) bool { return first[510] == 0x55 && first[511] == 0xAA }

// goodStatus reports whether every slot has a valid status byte.
func goodStatus(first []byte) bool {
	for i := range mbrSlots {
		if s := slotOf(first, i)[0]; s != 0x00 && s != 0x80 {
			return false
		}
	}
	return true
}

// saneEntries reports whether all entries in use could be partitions of this disk. In other boot sectors these bytes are
// code or text, which does not pass.
func saneEntries(entries []mbrEntry, sectors geometry.Sector) bool {
	var spans []geometry.Span
	for _, e := range entries {
		span := e.span(0)
		if !e.used() {
			continue
		}
		if span.Start < 1 || span.End > sectors || slices.ContainsFunc(spans, span.Overlaps) {
			return false
		}
		spans = append(spans, span)
	}
	return true
}
