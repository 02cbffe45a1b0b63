package scan

import (
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
	magic magics // the signatures, one of which must be there
	order binary.ByteOrder
	// uuid and label are the positions of these values in the superblock. The zero values mean that it has none.
	uuid  int
	label field
	// read completes s.fs, in which Kind, UUID and Label are already set. It returns false if the superblock is of
	// another kind. If read is nil, the signature is enough.
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
// row.
var registry = [...][]prober{
	container: {
		{kind: model.LUKS, magic: magics{{0, "LUKS\xba\xbe"}}, order: be, read: readLUKS},
		{kind: model.LVM2, at: []int64{0, 512, 1024, 1536}, magic: magics{{0, "LABELONE"}}, read: readLVM},
		{
			kind: model.RAID, at: []int64{0, 4096, -8192}, magic: magics{{0, mdMagic + "\x01\x00\x00\x00"}},
			uuid: 16, label: field{32, 32}, read: readRAID1,
		},
		{
			kind: model.RAID, at: []int64{-64 << 10}, grain: 64 << 10, magic: magics{{0, mdMagic + "\x00\x00\x00\x00"}},
			read: readRAID0,
		},
		{kind: model.BitLocker, magic: magics{{3, "-FVE-FS-"}, {424, bitLockerToGo}}, read: readBitLocker},
	},
	content: {
		// At 1 KiB and later:
		{kind: model.Swap, also: []model.FSKind{model.SwSuspend}, find: findSwap},
		{
			kind: model.Ext2, also: []model.FSKind{model.Ext3, model.Ext4, "jbd"}, at: []int64{1024}, size: 1024,
			magic: magics{{56, "\x53\xef"}}, uuid: 104, label: field{120, 16}, read: readExt,
		},
		{kind: model.F2FS, at: []int64{1024}, size: 3072, magic: magics{{0, "\x10\x20\xf5\xf2"}}, uuid: 108, read: readF2FS},
		{
			kind: model.NILFS2, at: []int64{NILFSAt, -4096}, size: NILFSSize, magic: magics{{6, "\x34\x34"}},
			uuid: 152, label: field{168, 80}, read: readNILFS,
		},
		{
			kind: model.EROFS, at: []int64{1024}, magic: magics{{0, "\xe2\xe1\xf5\xe0"}}, uuid: 48, label: field{64, 16},
			read: readEROFS,
		},
		{
			kind: model.HFSPlus, at: []int64{1024}, magic: magics{{0, "H+\x00\x04"}, {0, "HX\x00\x05"}}, order: be,
			read: readHFSPlus,
		},
		{
			kind: model.Bcachefs, at: []int64{bcachefsAt}, size: bcachefsFields,
			magic: magics{{24, bcachefsMagic}, {24, bcacheMagic}}, uuid: 56, label: field{72, 32}, read: readBcachefs,
		},
		// In sector 0:
		{kind: model.XFS, magic: magics{{0, "XFSB"}}, order: be, uuid: 32, label: field{108, 12}, read: readXFS},
		{kind: model.NTFS, magic: magics{{3, "NTFS    "}}, read: readNTFS},
		{kind: model.ExFAT, magic: magics{{3, "EXFAT   "}}, read: readExFAT},
		{kind: model.SquashFS, magic: magics{{0, "hsqs"}, {0, "sqsh"}}, read: readSquashFS},
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
	},
	lastResort: {
		{kind: model.ReFS, magic: magics{{3, "ReFS\x00\x00\x00\x00"}}},
		{kind: "cramfs", magic: magics{{0, "\x45\x3d\xcd\x28"}}},
		{kind: "romfs", magic: magics{{0, "-rom1fs-"}}},
		{kind: "bcache", at: []int64{4096}, magic: magics{{24, bcacheMagic}}, uuid: 40, read: readBcache},
		{kind: "ocfs2", at: []int64{1024, 2048, 4096, 8192}, magic: magics{{0, "OCFSV2"}}},
		{kind: "gfs2", at: []int64{64 << 10}, magic: magics{{0, "\x01\x16\x19\x70"}}},
		{kind: model.ReiserFS, at: []int64{8 << 10}, magic: magics{{52, reiserOld}}},
		{kind: "reiser4", at: []int64{64 << 10}, magic: magics{{0, "ReIsEr4"}}},
		{kind: model.ZFS, find: findZFS},
		{kind: model.UDF, find: findUDF},
		{kind: model.ISO9660, at: []int64{isoAt}, size: isoSector, magic: magics{{0, "\x01CD001"}}, read: readISO9660},
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
