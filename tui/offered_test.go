package tui_test

import (
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
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

// The keys for a selected operation are offered only where they do something, and say why where they do not.
func TestOfferedForOperations(t *testing.T) {
	d := open(t, Founding())
	d.Press("x", "l")
	d.Type("new")
	d.Press("enter", "j", "x") // a check, a label, another check
	for _, c := range []struct {
		keys          []string
		offers, lacks string
		presses, says string
	}{
		{[]string{"home"}, "J", "K enter", "K", "It is the first operation already"},
		{[]string{"home", "down"}, "enter J K", "", "enter", "Label"},
		{[]string{"end"}, "K", "J enter", "J", "It is the last operation already"},
	} {
		d.Press("P")
		d.Press(c.keys...)
		keys := offered(d)
		for _, key := range strings.Fields(c.offers) {
			if !slices.Contains(keys, key) {
				t.Errorf("%v: %s is not offered: %v", c.keys, key, keys)
			}
		}
		for _, key := range strings.Fields(c.lacks) {
			if slices.Contains(keys, key) {
				t.Errorf("%v: %s is offered: %v", c.keys, key, keys)
			}
		}
		d.Press(c.presses)
		d.Contains(c.says)
		if d.Press("esc"); !strings.Contains(d.Frame(), "Pending (P)") {
			d.Press("P")
		}
	}
}

// New is not offered on free space in which no partition can be made.
func TestOfferedInFullTable(t *testing.T) {
	target := Founding()
	parts := target.Layout.Partitions()
	const mib = 2048
	for i := range 4 {
		p := parts[i%2]
		p.ID, p.Number, p.Span, p.FS = model.PartID(i+1), i+1, geometry.SpanOf(geometry.Sector(mib*(1+10*i)), mib*10), model.Filesystem{}
		parts = append(parts[:i:i], append([]model.Partition{p}, parts[min(i+1, len(parts)):]...)...)
	}
	target.Layout = model.New(target.Layout, parts, nil)
	d := open(t, target)
	d.Press("end")
	d.Contains("▸ unallocated")
	if keys := offered(d); slices.Contains(keys, "n") {
		t.Errorf("n is offered: %v", keys)
	}
}
