package scan

import (
	"slices"

	"shunt/model"
)

// prober recognises one family of contents in a window.
type prober struct {
	layer layer
	probe func(w *window) (model.Filesystem, bool)
	kinds []model.FSKind
	// stale reports that what was found is clearly what is left of older contents. nil goes by the size, which must
	// fit into the window.
	stale func(w *window) bool
}

// layer says when a prober is asked: what a layer finds ends the search.
type layer int

const (
	// container: it holds other contents, whose signatures may show through. The first that is found counts.
	container layer = iota
	// content: all are asked, and more than one may be found.
	content
	// lastResort: its signature often outlives it. The first that is found counts.
	lastResort
)

// probers are the contents that are recognised, in the order in which they win when stale signatures are left. What lies
// behind the first kilobyte comes first: its makers leave old boot sectors alone, while the makers of file systems that
// begin with a boot sector write over it. To recognise another kind, add its line here.
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

// left reports whether fs, which the prober found in the window, is clearly what is left of older contents.
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
