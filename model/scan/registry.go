package scan

import (
	"slices"

	"shunt/model"
)

// A prober recognises one family of contents in a window.
type prober struct {
	layer layer
	probe func(w *window) (model.Filesystem, bool)
	kinds []model.FSKind // all kinds that probe can return
	// stale reports whether what probe found is only a remainder of older contents. If it is nil, that is so if the
	// contents do not fit into the window.
	stale func(w *window) bool
}

// A layer is a group of probers. The search ends with the first layer that finds something.
type layer int

const (
	// container holds other contents, whose signatures may show through. The first prober that finds something decides.
	container layer = iota
	// content is everything else. All probers are asked, and more than one may find something.
	content
	// lastResort has signatures that often outlive the contents. The first prober that finds something decides.
	lastResort
)

// probers is the registry. Within a layer the order decides which kind wins if there are several signatures. Probers that
// look behind the first kilobyte come first, because tools that make such contents keep an old boot sector, whereas tools
// that write a boot sector overwrite what was there. To recognise another kind, add a line.
var probers = []prober{
	{layer: container, probe: probeLUKS, kinds: one(model.LUKS)},
	{layer: container, probe: probeLVM, kinds: one(model.LVM2)},
	{layer: container, probe: probeRAID, kinds: one(model.RAID)},
	{layer: container, probe: probeBitLocker, kinds: one(model.BitLocker)},
	// At 1 KiB and later:
	{layer: content, probe: probeSwap, kinds: []model.FSKind{model.Swap, model.SwSuspend}},
	{layer: content, probe: probeExt, kinds: []model.FSKind{model.Ext2, model.Ext3, model.Ext4, "jbd"}},
	{layer: content, probe: probeF2FS, kinds: one(model.F2FS)},
	{layer: content, probe: probeNILFS, kinds: one(model.NILFS2)},
	{layer: content, probe: probeEROFS, kinds: one(model.EROFS)},
	{layer: content, probe: probeHFSPlus, kinds: one(model.HFSPlus)},
	{layer: content, probe: probeBcachefs, kinds: one(model.Bcachefs)},
	// In sector 0:
	{layer: content, probe: probeXFS, kinds: one(model.XFS)},
	{layer: content, probe: probeNTFS, kinds: one(model.NTFS)},
	{layer: content, probe: probeExFAT, kinds: one(model.ExFAT)},
	{layer: content, probe: probeSquashFS, kinds: one(model.SquashFS)},
	{layer: content, probe: probeFAT, kinds: []model.FSKind{model.FAT12, model.FAT16, model.FAT32}, stale: fatLeft},
	// At 32 KiB and later:
	{layer: content, probe: probeJFS, kinds: one(model.JFS)},
	{layer: content, probe: probeReiser, kinds: one(model.ReiserFS)},
	{layer: content, probe: probeBtrfs, kinds: one(model.Btrfs)},
	// In sector 0:
	{layer: content, probe: probeAPFS, kinds: one(model.APFS)},
	{layer: lastResort, probe: probeForeign, kinds: foreignKinds()},
	{layer: lastResort, probe: probeZFS, kinds: one(model.ZFS)},
	{layer: lastResort, probe: probeUDF, kinds: one(model.UDF)},
	{layer: lastResort, probe: probeISO9660, kinds: one(model.ISO9660)},
}

func one(kind model.FSKind) []model.FSKind { return []model.FSKind{kind} }

// left reports whether fs, which the prober found in the window, is only a remainder of older contents.
func (p prober) left(w *window, fs model.Filesystem) bool {
	if p.stale != nil {
		return p.stale(w)
	}
	return int64(fs.Size) > w.n
}

// Kinds lists the kinds that Probe can find, without repetition.
func Kinds() []model.FSKind {
	var list []model.FSKind
	for _, p := range probers {
		for _, kind := range p.kinds {
			if !slices.Contains(list, kind) {
				list = append(list, kind)
			}
		}
	}
	return list
}
