package scan

import (
	"fmt"

	"shunt/model"
	"shunt/model/scan/extfs"
)

// A proof is what else speaks for contents whose superblock was found.
type proof struct {
	trust model.Trust
	why   string
	none  bool // it is a chance hit
}

var (
	chance  = proof{none: true}
	alone   = proof{model.Likely, "its superblock is plausible", false}
	noFiles = proof{model.Doubtful, "its superblock is there, but not what it leads to: its contents were overwritten, at least in part", false}
)

func sure(why string) proof { return proof{trust: model.Sure, why: why} }

func likely(why string) proof { return proof{trust: model.Likely, why: why} }

// proofs holds, for each kind that can be looked for, what is checked besides its superblock. w begins where the contents
// begin, and goes on to the end of the disk.
var proofs = map[model.FSKind]func(w *window, fs model.Filesystem) proof{
	model.Ext2: extProof, model.Ext3: extProof, model.Ext4: extProof,
	model.XFS: xfsProof, model.Btrfs: btrfsProof, model.NTFS: ntfsProof, model.ExFAT: exfatProof, model.F2FS: f2fsProof,
	model.FAT12: fatProof, model.FAT16: fatProof, model.FAT32: fatProof, model.Swap: swapProof, model.SwSuspend: swapProof,
	model.LVM2: checked, model.NILFS2: nilfsProof, model.LUKS: luksProof, model.JFS: jfsProof, model.ReiserFS: plain,
	model.HFSPlus: hfsProof, model.APFS: plain, model.SquashFS: plain, model.EROFS: plain, model.UDF: plain,
	model.ISO9660: plain, model.Bcachefs: plain, model.BitLocker: plain, model.RAID: plain,
}

// checked is for kinds whose readers accept only a superblock with the right checksum.
func checked(*window, model.Filesystem) proof { return sure("the checksum of its superblock matches") }

func nilfsProof(w *window, _ model.Filesystem) proof {
	if !nilfsSegment(w, w.at(NILFSAt, NILFSSize)) {
		return chance // it could be the second superblock
	}
	return sure("the checksum of its superblock matches, and its first segment is there")
}

func swapProof(*window, model.Filesystem) proof {
	return sure("its header is there, and the signature at the end of its first page")
}

// plain is for kinds whose superblock alone is checked.
func plain(_ *window, fs model.Filesystem) proof {
	if fs.Dirty == badSum {
		return proof{trust: model.Doubtful, why: "the checksum of its superblock does not match"}
	}
	return alone
}

// copies judges the copies of a superblock.
func copies(there, of int, otherwise proof) proof {
	switch {
	case of > 0 && there == of:
		return sure(fmt.Sprintf("copies of its superblock are where they have to be (%d looked at)", of))
	case there > 0:
		return likely(fmt.Sprintf("only %d of %d copies of its superblock are there: a part of it was overwritten", there, of))
	}
	return otherwise
}

// mostCopies is how many copies of a superblock are looked at.
const mostCopies = 8

// extProof looks for the copies of the superblock, and for the root directory.
func extProof(w *window, _ model.Filesystem) proof {
	sb, err := extfs.Parse(w.at(extfs.SuperblockOffset, extfs.SuperblockSize))
	if err != nil {
		return chance
	}
	root := extRoot(w, sb)
	if there, of := extCopies(w, sb); of > 0 && (there > 0 || root) {
		return copies(there, of, proof{trust: model.Doubtful, why: "its root directory is there, but no copy of its superblock: most of it was overwritten"})
	}
	if !root {
		return chance
	}
	if sb.HasMetadataCsum() && sb.SumOK() {
		return sure("the checksum of its superblock matches, and its root directory is there")
	}
	return likely("its root directory is there; it is too small for copies of its superblock")
}

// extCopies counts the copies of a superblock that are there, of those that were looked at.
func extCopies(w *window, sb extfs.Superblock) (there, of int) {
	for group := uint64(1); group < sb.Groups() && of < mostCopies; group++ {
		if !sb.HasSuper(group) {
			continue
		}
		at := int64(sb.GroupStart(group)) * sb.BlockSize
		if !w.holds(at, extfs.SuperblockSize) {
			return there, of + 1 // the disk is cut off
		}
		of++
		if other, err := extfs.Parse(w.at(at, extfs.SuperblockSize)); err == nil && other.UUID == sb.UUID {
			there++
		}
	}
	return there, of
}

// extRoot reports whether inode 2 is a directory.
func extRoot(w *window, sb extfs.Superblock) bool {
	d, err := sb.Descriptor(0, w.at(int64(sb.DescBlock(0))*sb.BlockSize, sb.DescSize))
	if err != nil {
		return false
	}
	const kinds, directory = 0xF000, 0x4000
	inode := w.at(int64(d.InodeTable)*sb.BlockSize+int64(sb.InodeSize), 128)
	return inode != nil && le.Uint16(inode)&kinds == directory
}

// xfsProof looks for the superblocks of the other allocation groups.
func xfsProof(w *window, fs model.Filesystem) proof {
	there, of := 0, 0
	for at := int64(fs.Group); fs.Group > 0 && at+512 <= int64(fs.Size) && of < mostCopies; at += int64(fs.Group) {
		of++
		if b := w.at(at, 512); b != nil && string(b[:4]) == "XFSB" && uuidText(b[32:48]) == fs.UUID {
			there++
		}
	}
	return copies(there, of, noFiles)
}

func btrfsProof(w *window, fs model.Filesystem) proof {
	if fs.Dirty == badSum {
		return proof{trust: model.Doubtful, why: "the checksum of its superblock does not match"}
	}
	const second = 64 << 20
	if int64(fs.Size) >= second+4096 {
		if b := w.at(second, 4096); b == nil || uuidText(b[32:48]) != fs.UUID {
			return likely("the checksum of its superblock matches, but the copy of it was overwritten")
		}
	}
	return sure("the checksum of its superblock matches")
}

func ntfsProof(w *window, fs model.Filesystem) proof {
	v, ok := ntfsShape(&superblock{w: w, b: w.at(0, ntfsStride), order: le})
	if !ok || !ntfsFiles(w, v) {
		return noFiles
	}
	end := w.at(int64(fs.Size)-v.sector, ntfsStride)
	if end != nil && string(end) == string(w.at(0, ntfsStride)) {
		return sure("its file table is there, and the copy of its boot sector at its end")
	}
	return likely("its file table is there, but not the copy of its boot sector at its end")
}

func exfatProof(w *window, fs model.Filesystem) proof {
	b := w.at(0, 512)
	sector := int64(1) << b[108]
	switch {
	case string(w.at(int64(le.Uint32(b[80:]))*sector, 4)) != "\xf8\xff\xff\xff":
		return noFiles
	case string(w.at((exfatSumSectors+1)*sector+3, 8)) == "EXFAT   " && fs.Dirty != badBootSum:
		return sure("the checksum of its boot sectors matches, and the copy of them is there")
	}
	return likely("its allocation table is there, but not the copy of its boot sectors")
}

func fatProof(w *window, fs model.Filesystem) proof {
	f, ok := newFAT(w)
	if !ok || string(w.at(510, 2)) != bootMark {
		return chance
	}
	for i := range f.Copies {
		if !f.tableMarked(i) {
			return fatRest(w, fs)
		}
	}
	if f.Kind == model.FAT32 && fatBackup(w, f) {
		return sure("its allocation tables are there, and the copy of its boot sector")
	}
	if f.Copies > 1 {
		return sure("its allocation tables are there")
	}
	return likely("its allocation table is there")
}

// fatRest judges a boot sector without its tables. Only FAT32 has a second one, and the sector alone could be anything.
func fatRest(w *window, fs model.Filesystem) proof {
	if f, ok := newFAT(w); ok && fs.Kind == model.FAT32 && fatBackup(w, f) {
		return noFiles
	}
	return chance
}

// fatBackup reports whether the second boot sector is like the first one.
func fatBackup(w *window, f fat) bool {
	const backup = 50
	at := int64(le.Uint16(w.at(backup, 2))) * f.SectorSize
	return at > 0 && string(w.at(at, 90)) == string(w.at(0, 90))
}

func f2fsProof(_ *window, fs model.Filesystem) proof {
	if fs.Dirty == noCheckpoint {
		return chance
	}
	return sure("its checkpoint is there, with the right checksum")
}

// luksProof looks for the key slots of LUKS1, or the second header of LUKS2, which is as far from the first as that is long.
func luksProof(w *window, _ model.Filesystem) proof {
	b := w.at(0, 512)
	if b == nil {
		return alone
	}
	if be.Uint16(b[6:]) == 1 {
		const active, unused = 0x00AC71F3, 0x0000DEAD
		if state := be.Uint32(b[208:]); state != active && state != unused {
			return chance
		}
		return sure("its key slots are there")
	}
	if string(b[:6]) != "LUKS\xba\xbe" {
		return likely("its second header is there, but the first one is gone")
	}
	size := be.Uint64(b[8:])
	if size > 4<<20 || string(w.at(int64(size), 6)) != "SKUL\xba\xbe" {
		return likely("its second header is not there")
	}
	return sure("its second header is there")
}

// jfsProof looks for the second superblock.
func jfsProof(w *window, _ model.Filesystem) proof {
	const second = 60 << 10
	if string(w.at(second, 4)) == "JFS1" {
		return sure("the copy of its superblock is there")
	}
	return chance // it could be that copy
}

// hfsProof looks for the second volume header, 1 KiB before the end.
func hfsProof(w *window, fs model.Filesystem) proof {
	if b := w.at(int64(fs.Size)-1024, 2); string(b) == "H+" || string(b) == "HX" {
		return sure("the copy of its volume header is there")
	}
	if string(w.at(1024, 2)) == "BD" {
		return alone
	}
	return proof{trust: model.Doubtful, why: "the copy of its volume header is not there"}
}

// lostLen returns how many bytes contents have whose superblock was found. open says that nothing tells it.
func lostLen(w *window, fs model.Filesystem) (n int64, open bool) {
	const raidAt, raidData, raidLen = 4096, 128, 136 // of the superblock that begins a member: start and sectors of its data
	switch fs.Kind {
	case model.LUKS, model.BitLocker:
		return 0, true
	case model.RAID:
		b := w.at(raidAt, 256)
		if b == nil || string(b[:4]) != mdMagic {
			return 0, true
		}
		n = int64(min(le.Uint64(b[raidData:]), 1<<50)+min(le.Uint64(b[raidLen:]), 1<<50)) * 512
		return n, n == 0
	}
	return int64(fs.Size), fs.Size == 0
}
