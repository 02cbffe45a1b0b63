package scan

import (
	"bytes"
	"encoding/binary"
	"slices"

	"shunt/model"
)

// A prober is one row of the registry: a kind of contents, its signature, and the function that reads its superblock.
type prober struct {
	kind model.FSKind
	also []model.FSKind // other kinds that the row can find
	// at lists the possible positions of the superblock in bytes; nil means 0. A negative position counts from the end of
	// the window and is rounded down to a multiple of grain, or of 4096 if grain is 0.
	at    []int64
	grain int64
	size  int    // how many bytes of the superblock are read, 512 if it is not set
	magic magics // the signatures; one must be there
	order binary.ByteOrder
	// uuid and label are the positions of these values in the superblock. The zero values mean that it has none.
	uuid  int
	label field
	// elsewhere marks a kind that is always one of several parts. It takes the whole window.
	elsewhere model.Elsewhere
	// read completes s.fs, which has kind, UUID and label already. It returns false if the superblock is not one of this kind.
	// If it is nil, the signature says everything.
	read func(s *superblock) bool
	// find replaces the fields from at to read. It serves contents that have no signature at a fixed position.
	find func(w *window) (model.Filesystem, bool)
	// stale reports whether the superblock is left over from older contents. If stale is nil, it is left over if the
	// contents do not fit into the window.
	stale func(w *window) bool
}

// magics lists alternative signatures: a text at an offset in the superblock.
type magics []struct {
	off  int
	text string
}

// field is a run of bytes in a superblock.
type field struct{ off, n int }

// The layers of the registry. The search ends with the first layer that finds something.
const (
	// container is for contents that hold other contents, whose signatures may show through. The first row that matches
	// wins.
	container = iota
	// content is for everything else. All rows are tried, and several may match.
	content
	// lastResort is for signatures that often outlive their contents. The first row that matches wins.
	lastResort
)

// registry lists the known contents, layer by layer. If there are several signatures, the first matching row in a layer
// is the likeliest. Rows with a superblock behind the first kilobyte come first: tools that write there leave an old boot
// sector alone, whereas tools that write a boot sector overwrite what lies behind it. To recognise another kind, add a
// row. A disk that is one of several paths to the same storage has no signature of its own: only udev knows it.
var registry = [...][]prober{
	container: slices.Concat(raidMembers, []prober{
		{kind: "ceph_bluestore", magic: magics{{0, "bluestore block device"}}, elsewhere: member},
		{
			kind: "drbd", at: []int64{-4096}, grain: 1, magic: magics{{60, drbd8}, {60, drbd84Unclean}, {60, drbd9}},
			order: be, elsewhere: member, read: readDRBD,
		},
		{kind: "drbdmanage_control_volume", magic: magics{{0, "$DRBDmgr=q"}}, elsewhere: member, read: textUUID(11, 32)},
		{kind: "drbdproxy_datalog", magic: magics{{0, "DRBDdlh*"}}, uuid: 16, elsewhere: member},
		{kind: model.LVM2, at: []int64{0, 512, 1024, 1536}, magic: magics{{0, "LABELONE"}}, read: readLVM},
		{kind: "LVM1_member", magic: magics{{0, "HM\x01\x00"}, {0, "HM\x02\x00"}}, elsewhere: member, read: readLVM1},
		{kind: "DM_snapshot_cow", magic: magics{{0, "SnAp"}}, elsewhere: member},
		{kind: "DM_verity_hash", magic: magics{{0, "verity\x00\x00\x01\x00\x00\x00"}}, uuid: 16, elsewhere: member},
		{
			kind: "DM_integrity", magic: magics{{0, "integrt\x00"}}, elsewhere: member,
			read: func(s *superblock) bool { return s.b[8] > 0 },
		},
		{kind: model.LUKS, magic: magics{{0, "LUKS\xba\xbe"}}, order: be, read: readLUKS},
		{kind: model.LUKS, at: luksSecond, magic: magics{{0, "SKUL\xba\xbe"}}, order: be, read: readLUKS},
		{
			kind: "VMFS_volume_member", at: []int64{1 << 20}, size: 1024, magic: magics{{0, "\x0d\xd0\x01\xc0"}},
			elsewhere: member, read: textUUID(532, 35),
		},
		{kind: "ubi", magic: magics{{0, "UBI#"}}, order: be, elsewhere: member, read: readUBI},
		{kind: "vdo", magic: magics{{0, "dmvdo001"}}, uuid: 40, elsewhere: member},
		{
			kind: "stratis", at: []int64{512, 9 * 512}, magic: magics{{4, "!Stra0tis\x86\xff\x02^\x41rh"}},
			elsewhere: member, read: readStratis,
		},
		{kind: model.BitLocker, magic: magics{{3, fveMagic}, {424, bitLockerToGo}}, read: readBitLocker},
		{
			kind: "cs_fvault2", magic: magics{{88, "CS\x01\x00\x00\x00"}}, uuid: 304, elsewhere: member,
			read: readCoreStorage,
		},
	}),
	content: {
		{kind: model.ZFS, find: func(w *window) (model.Filesystem, bool) { return findZFS(w, 0) }},
		// At 1 KiB and later:
		{kind: model.Swap, also: []model.FSKind{model.SwSuspend}, find: findSwap},
		{
			kind: model.Ext2, also: []model.FSKind{model.Ext3, model.Ext4, "jbd"}, at: []int64{1024}, size: 1024,
			magic: magics{{56, "\x53\xef"}}, uuid: 104, label: field{120, 16}, read: readExt,
		},
		{
			kind: model.F2FS, at: []int64{f2fsAt, f2fsAt + pageSize}, size: 3072, magic: magics{{0, f2fsMagic}}, uuid: 108,
			read: readF2FS, stale: func(w *window) bool { return !bytes.HasPrefix(w.at(f2fsAt, len(f2fsMagic)), []byte(f2fsMagic)) },
		},
		{
			kind: model.NILFS2, at: []int64{NILFSAt, -4096}, size: NILFSSize, magic: magics{{6, "\x34\x34"}},
			uuid: 152, label: field{168, 80}, read: readNILFS,
		},
		{
			kind: model.EROFS, at: []int64{1024}, magic: magics{{0, "\xe2\xe1\xf5\xe0"}}, uuid: 48, label: field{64, 16},
			read: readEROFS,
		},
		{
			kind: model.HFSPlus, at: []int64{1024}, magic: magics{{0, "H+\x00\x04"}, {0, "HX\x00\x05"}, {0, "BD"}},
			order: be, read: readHFSPlus,
		},
		{
			kind: model.Bcachefs, at: []int64{bcachefsAt}, size: bcachefsFields,
			magic: magics{{24, bcachefsMagic}, {24, bcacheMagic}}, uuid: 56, label: field{72, 32}, read: readBcachefs,
		},
		// In sector 0:
		{kind: model.XFS, magic: magics{{0, "XFSB"}}, order: be, uuid: 32, label: field{108, 12}, read: readXFS},
		{kind: model.NTFS, magic: magics{{3, "NTFS    "}}, read: readNTFS},
		{kind: model.ExFAT, magic: magics{{3, "EXFAT   "}}, read: readExFAT},
		{
			kind: model.SquashFS, also: []model.FSKind{"squashfs3"}, magic: magics{{0, "hsqs"}, {0, "sqsh"}},
			read: readSquashFS,
		},
		{kind: model.FAT12, also: []model.FSKind{model.FAT16, model.FAT32}, find: findFAT, stale: fatLeft},
		// At 32 KiB and later:
		{kind: model.JFS, at: []int64{32 << 10}, magic: magics{{0, "JFS1"}}, uuid: 136, label: field{152, 16}, read: readJFS},
		{
			kind: model.ReiserFS, at: []int64{64 << 10}, magic: magics{{52, reiserOld}, {52, "ReIsEr2Fs"}, {52, "ReIsEr3Fs"}},
			uuid: 84, label: field{100, 16}, read: readReiser,
		},
		{
			kind: model.Btrfs, at: []int64{btrfsAt}, size: 4096, magic: magics{{64, "_BHRfS_M"}}, uuid: 32,
			label: field{299, 256}, read: readBtrfs,
		},
		// In sector 0:
		{kind: model.APFS, magic: magics{{32, "NXSB"}}, uuid: 72, read: readAPFS},
		// At the end, where labels outlive what was there:
		{kind: model.ZFS, find: func(w *window) (model.Filesystem, bool) { return findZFS(w, 2) }},
	},
	lastResort: {
		{kind: model.ReFS, magic: magics{{3, "ReFS\x00\x00\x00\x00"}}},
		{kind: "exfs", magic: magics{{0, "EXFS"}}, order: be, uuid: 32, label: field{108, 12}, read: readXFS},
		{kind: "cramfs", magic: magics{{0, "\x45\x3d\xcd\x28"}, {0, "\x28\xcd\x3d\x45"}}, label: field{48, 16}},
		{kind: "romfs", magic: magics{{0, "-rom1fs-"}}, label: field{16, 16}},
		{kind: "zonefs", magic: magics{{0, "SFOZ"}}, label: field{8, 32}, uuid: 40},
		{kind: "mpool", magic: magics{{0, "mpoolDev"}}, label: field{8, 32}, uuid: 40},
		{kind: "oracleasm", magic: magics{{32, "ORCLDISK"}}, label: field{40, 24}, elsewhere: member},
		{kind: "ubifs", magic: magics{{0, "\x31\x18\x10\x06"}}, uuid: 108},
		{
			kind: "bcache", at: []int64{4096}, magic: magics{{24, bcacheMagic}}, uuid: 40, label: field{72, 32},
			read: readBcache,
		},
		{kind: "nss", at: []int64{4096}, magic: magics{{0, "SPB5"}}, uuid: 348},
		{
			kind: "ocfs2", at: []int64{1024, 2048, 4096, 8192}, magic: magics{{0, "OCFSV2"}}, uuid: 336,
			label: field{272, 64},
		},
		{kind: "ocfs", at: []int64{8 << 10}, size: 1024, magic: magics{{0, "OracleCFS"}}, uuid: 626, label: field{560, 64}},
		{
			kind: "gfs2", also: []model.FSKind{"gfs"}, at: []int64{64 << 10}, magic: magics{{0, "\x01\x16\x19\x70"}},
			order: be, uuid: 256, label: field{160, 64}, read: readGFS,
		},
		{kind: model.ReiserFS, at: []int64{8 << 10}, magic: magics{{52, reiserOld}, {20, reiserOld}}},
		{kind: "reiser4", at: []int64{64 << 10}, magic: magics{{0, "ReIsEr4"}}, uuid: 20, label: field{36, 16}},
		{
			kind: "scoutfs_meta", also: []model.FSKind{"scoutfs_data"}, at: []int64{64 << 10},
			magic: magics{{4, scoutMagic}}, uuid: 56, elsewhere: member, read: readScout,
		},
		{kind: "VMFS", at: []int64{2 << 20}, magic: magics{{0, "\x5e\xf1\xab\x2f"}}, label: field{29, 128}, read: readVMFS},
		{kind: model.UDF, find: findUDF},
		{kind: model.ISO9660, at: []int64{isoAt}, size: isoSector, magic: magics{{0, "\x01CD001"}}, read: readISO9660},
		{kind: "hsfs", at: []int64{isoAt + 8}, magic: magics{{0, "\x01CDROM"}}, label: field{40, 32}},
		{kind: "hfs", at: []int64{1024}, magic: magics{{0, "BD"}}, order: be, read: readHFS},
		{kind: "hpfs", at: []int64{8 << 10}, size: 1024, magic: magics{{0, "\x49\xe8\x95\xf9"}}, read: readHPFS},
		{
			kind: "ufs", at: []int64{0, 8 << 10, 64 << 10, 256 << 10}, size: 2048, magic: ufsMagics, read: readUFS,
		},
		{kind: "befs", at: []int64{0, 512}, magic: magics{{32, "1SFB"}, {32, "BFS1"}}, label: field{0, 32}, read: readBeFS},
		{kind: "bfs", magic: magics{{0, "\xce\xfa\xad\x1b"}}},
		{kind: "vxfs", at: []int64{1024}, magic: magics{{0, "\xf5\xfc\x01\xa5"}}},
		{kind: "vxfs", at: []int64{8 << 10}, magic: magics{{0, "\xa5\x01\xfc\xf5"}}},
		{kind: "minix", at: []int64{1024}, magic: minixMagics, read: readMinix},
		{
			kind: "sysv", at: sysvAt, magic: magics{{504, "\x20\x7e\x18\xfd"}, {504, "\xfd\x18\x7e\x20"}},
			label: field{440, 6},
		},
		{
			kind: "xenix", at: []int64{1024}, size: 2048, magic: magics{{1024, "\x2b\x55\x44"}, {1024, "\x44\x55\x2b"}},
			label: field{632, 6},
		},
		{kind: "xfs_external_log", find: findXFSLog},
	},
}

// Kinds returns the kinds that Probe can find, each once.
func Kinds() []model.FSKind {
	var list []model.FSKind
	for _, rows := range registry {
		for _, p := range rows {
			list = append(append(list, p.kind), p.also...)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
