package scan

import (
	"encoding/binary"

	"shunt/geometry"
	"shunt/model"
)

// bitLockerToGo marks the otherwise ordinary FAT boot sector of a removable volume under BitLocker.
const bitLockerToGo = "\x3b\xd6\x67\x49\x29\x2e\xd8\x4a\x83\x99\xf6\xa3\x39\xe3\xd0\x01"

// probeBitLocker recognises volumes that Windows has encrypted.
func probeBitLocker(w *window) (model.Filesystem, bool) {
	b := w.at(0, 512)
	if b == nil || string(b[3:11]) != "-FVE-FS-" && string(b[424:440]) != bitLockerToGo {
		return model.Filesystem{}, false
	}
	return model.Filesystem{Kind: "bitlocker", Size: geometry.Bytes(w.n), Used: geometry.Bytes(w.n)}, true
}

// foreign are the signatures of contents that shunt knows by name only: they can be moved, not changed.
var foreign = []struct {
	kind  model.FSKind
	at    int64
	magic string
}{
	{"refs", 3, "ReFS\x00\x00\x00\x00"},
	{"apfs", 32, "NXSB"},
	{"cramfs", 0, "\x45\x3d\xcd\x28"},
	{"romfs", 0, "-rom1fs-"},
	{"erofs", 1024, "\xe2\xe1\xf5\xe0"},
	{"hfsplus", 1024, "H+\x00\x04"},
	{"hfsplus", 1024, "HX\x00\x05"},
	{"nilfs2", 1024, "\x02\x00\x00\x00\x00\x00\x34\x34"},
	{"bcachefs", 4096 + 24, "\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef"},
	{"bcache", 4096 + 24, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81"},
	{"ocfs2", 1024, "OCFSV2"},
	{"ocfs2", 2048, "OCFSV2"},
	{"ocfs2", 4096, "OCFSV2"},
	{"ocfs2", 8192, "OCFSV2"},
	{"jfs", 32 << 10, "JFS1"},
	{"gfs2", 64 << 10, "\x01\x16\x19\x70"},
	{"reiserfs", 8<<10 + 52, "ReIsErFs"},
	{"reiserfs", 64<<10 + 52, "ReIsErFs"},
	{"reiserfs", 64<<10 + 52, "ReIsEr2Fs"},
	{"reiserfs", 64<<10 + 52, "ReIsEr3Fs"},
	{"reiser4", 64 << 10, "ReIsEr4"},
}

// probeForeign recognises contents that shunt knows by name only. Their size is not known.
func probeForeign(w *window) (model.Filesystem, bool) {
	for _, f := range foreign {
		if b := w.at(f.at, len(f.magic)); string(b) == f.magic {
			return model.Filesystem{Kind: f.kind, Used: -1}, true
		}
	}
	if isUDF(w) {
		return model.Filesystem{Kind: "udf", Used: -1}, true
	}
	if isZFS(w) {
		return model.Filesystem{Kind: "zfs", Used: -1}, true
	}
	return model.Filesystem{}, false
}

// isUDF looks for "NSR02" or "NSR03" among the volume descriptors from 32 KiB on, one in each 2 KiB.
func isUDF(w *window) bool {
	for i := range int64(isoMostDesc) {
		switch b := w.at(isoAt+i*isoSector+1, 5); string(b) {
		case "NSR02", "NSR03":
			return true
		case "BEA01", "CD001", "TEA01", "BOOT2":
		default:
			return false
		}
	}
	return false
}

// isZFS looks for an uberblock in the array at 128 KiB of the first label. Which slots are in use changes with every
// write and with the sector size, so several are tried.
func isZFS(w *window) bool {
	const magic = 0x00BAB10C
	for i := range int64(32) {
		b := w.at(128<<10+i<<12, 8)
		if b != nil && (binary.LittleEndian.Uint64(b) == magic || binary.BigEndian.Uint64(b) == magic) {
			return true
		}
	}
	return false
}
