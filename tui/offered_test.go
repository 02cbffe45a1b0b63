package tui_test

import (
	"slices"
	"strings"
	"testing"

	"shunt/model"
)

// offered returns the keys in the key bar, the last line of the screen.
func offered(d *Driver) []string {
	lines := strings.Split(strings.TrimRight(d.Frame(), "\n"), "\n")
	var keys []string
	for _, item := range strings.Split(strings.TrimSpace(lines[len(lines)-1]), "  ") {
		key, _, _ := strings.Cut(strings.TrimSpace(item), " ")
		keys = append(keys, key)
	}
	return keys
}

// TestOfferedKeysWork shows partitions with every kind of contents. No key in the key bar is refused there.
func TestOfferedKeysWork(t *testing.T) {
	kinds := []model.FSKind{
		model.Unformatted, model.Ext4, model.FAT32, model.NTFS, model.XFS, model.Btrfs, model.F2FS, model.ExFAT, model.Swap,
		model.LUKS, model.LVM2, model.RAID, model.ZFS, model.BitLocker, model.ISO9660, model.SquashFS, model.SwSuspend, "vmfs",
	}
	uses := []model.Use{{}, {Kind: model.Mounted, Place: "/mnt"}, {Kind: model.Held, Place: "device mapper vg0-root"}}
	for _, kind := range kinds {
		for _, use := range uses {
			target := device()
			p, _ := target.Layout.Partition(1)
			p.FS, p.Use = model.Filesystem{Kind: kind, Used: -1}, use
			target.Layout = target.Layout.With(p)
			target.What.NoMount = map[model.PartID]model.Reason{1: "it is no file system"}
			if use.Kind == model.Mounted {
				target.What.Mounts = map[model.PartID][]string{1: {use.Place}}
			}
			d := open(t, target)
			d.Blind()
			d.Resize(160, 40)
			keys := offered(d)
			for _, key := range keys {
				if strings.Contains("o q ? i z", key) { // they are not about the partition
					continue
				}
				d := open(t, target)
				d.Blind()
				d.Press(key)
				if kind == model.SwSuspend && strings.Contains(d.Frame(), "Discard it") || strings.Contains(d.Frame(), "y Unmount") {
					continue // it leads to a question
				}
				if strings.Contains(d.Frame(), "Cannot ") || strings.Contains(d.Frame(), "Not possible") {
					t.Errorf("%s, %v: %q is offered and refused:\n%s", kind, use, key, d.Frame())
				}
			}
			if offers := slices.Contains(keys, "M"); use.Busy() && offers != (use.Kind == model.Mounted || use.Kind == model.SwapSpace) {
				t.Errorf("%s, %v: M is offered: %v", kind, use, offers)
			}
		}
	}
}
