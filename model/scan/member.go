package scan

import (
	"fmt"
	"io"

	"shunt/geometry"
	"shunt/model"
)

// memberDisk returns what signatures say of a disk that has a partition table and is nevertheless, as a whole, a member of
// something else. The firmware of a host mirrors whole disks, and so can Linux: the table then belongs to all members, and
// an edit of one would make them differ.
func memberDisk(r io.ReaderAt, d model.Disk) []model.Problem {
	w := newWindow(r, 0, int64(d.Size()))
	for i, p := range registry[container] {
		fs, ok := p.probe(w)
		if !ok {
			continue
		}
		place := "near its start"
		certain := i < len(raidMembers) && fs.Kind != model.RAID
		for _, t := range p.atEnd(w) {
			if place = "at its end"; !certain && within(d, t) {
				return nil
			}
			certain = certain || fs.Kind == model.RAID && !ofPartition(w, t)
		}
		erase := fmt.Sprintf("if the record is left over from an older use, erase it with `wipefs --all --types %s {target}`",
			systemName(fs.Kind))
		if certain {
			return []model.Problem{{
				Severity: model.Fatal, Sound: true,
				Text: fmt.Sprintf("the disk as a whole is a member of an array, according to a record of %s %s: "+
					"an edit of it alone would damage the array", fs.Kind, place),
				Advice: "assemble the array and edit that; " + erase,
			}}
		}
		return []model.Problem{{
			Severity: model.Warning, Sound: true,
			Text: fmt.Sprintf("the disk has a partition table and also a record of %s %s: some programs take all of it for that",
				fs.Kind, place),
			Advice: erase,
		}}
	}
	return nil
}

// within reports whether a record is inside a partition in which it was found, too.
func within(d model.Disk, t Trace) bool {
	at := d.SectorSize.Down(geometry.Bytes(t.Off))
	for p := range d.Each() {
		if p.FS.Kind == t.Kind && p.Span.Contains(at) {
			return true
		}
	}
	return false
}

// ofPartition reports whether a superblock of Linux was made for a partition that ended there. Those of version 1 name
// their own place, so they are not found at all if they belong to a partition. Those of version 0.90 name the size of the
// member, which ends less than 1 MiB in front of them.
func ofPartition(w *window, t Trace) bool {
	b := w.at(t.Off, 64)
	switch {
	case b == nil || le.Uint32(b[4:]) == 1:
		return false
	case string(b[:4]) == mdMagic:
		return t.Off-int64(le.Uint32(b[32:]))<<10 >= int64(geometry.MiB)
	}
	return t.Off-int64(be.Uint32(b[32:]))<<10 >= int64(geometry.MiB)
}

// systemName returns the name that libblkid and its programs have for a kind.
func systemName(kind model.FSKind) string {
	if name, ok := systemNames[kind]; ok {
		return name
	}
	return string(kind)
}

var systemNames = map[model.FSKind]string{
	model.FAT12: "vfat", model.FAT16: "vfat", model.FAT32: "vfat", model.LUKS: "crypto_LUKS", model.LVM2: "LVM2_member",
	model.RAID: "linux_raid_member", model.ZFS: "zfs_member", model.BitLocker: "BitLocker",
}
