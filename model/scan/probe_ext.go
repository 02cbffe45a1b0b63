package scan

import (
	"errors"
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan/extfs"
)

// probeExt recognises ext2, ext3 and ext4, and their external journals ("jbd"). A superblock with the right
// magic and impossible contents is not taken for one of them.
func probeExt(w *window) (model.Filesystem, bool) {
	b := w.at(extfs.SuperblockOffset, extfs.SuperblockSize)
	if b == nil {
		return model.Filesystem{}, false
	}
	sb, err := extfs.Parse(b)
	if errors.Is(err, extfs.ErrNotExt) {
		return model.Filesystem{}, false
	}
	if sb.Version() == "jbd" {
		return model.Filesystem{
			Kind: "jbd", Label: text(sb.Label[:]), UUID: uuidText(sb.UUID[:]), Used: -1, Elsewhere: model.JournalOfOthers,
		}, true
	}
	if err != nil {
		return model.Filesystem{}, false
	}
	fs := model.Filesystem{
		Kind:      model.FSKind(sb.Version()),
		Label:     text(sb.Label[:]),
		UUID:      uuidText(sb.UUID[:]),
		Size:      geometry.Bytes(sb.Size()),
		Used:      geometry.Bytes(sb.Used()),
		Min:       geometry.Bytes(sb.MinSize()),
		BlockSize: geometry.Bytes(sb.BlockSize),
		Dirty:     model.Reason(sb.Dirty()),
	}
	if sb.ExternalJournal() {
		fs.Elsewhere = model.JournalElsewhere
	}
	// Nothing tells a boot sector that was left behind from one that is in use, so it is only mentioned.
	if head := w.at(0, 512); slices.Equal(head[510:], bootMark) && fatShape(head).ok {
		fs.Notes = "an old FAT boot sector is in front of it"
	}
	return fs, true
}
