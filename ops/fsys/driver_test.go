package fsys

import (
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan"
	runner "shunt/ops/tool"
)

// TestDrivers walks the registry: what a driver offers it can do, and what it cannot do it explains.
func TestDrivers(t *testing.T) {
	var seen []model.FSKind
	for _, d := range drivers {
		if slices.Contains(seen, d.Kind) || !slices.Contains(scan.Kinds(), d.Kind) {
			t.Errorf("%s has two drivers or no prober", d.Kind)
		}
		seen = append(seen, d.Kind)
		for _, a := range []struct {
			name string
			ability
			does bool
		}{
			{"create", d.create, d.make != nil},
			{"grow", d.grow, d.resize != nil},
			{"shrink", d.shrink, d.resize != nil},
			{"check", d.check, d.verify != nil},
			{"label", d.label, d.setLabel != nil},
			{"uuid", d.uuid, d.setUUID != nil},
			{"online", d.online, d.growMounted != nil},
		} {
			switch offered := a.reason == ""; {
			case offered && !a.does:
				t.Errorf("%s: %s is offered and nothing does it", d.Kind, a.name)
			case !offered && a.does && a.name != "shrink":
				t.Errorf("%s: %s is not offered, and could be done", d.Kind, a.name)
			case len(a.tools) > 0 && d.Package == "":
				t.Errorf("%s: nothing tells which package brings %s", d.Kind, a.tools[0])
			}
		}
		if grows := d.resize != nil; grows != d.Kind.Grows() || (d.grow.mounts != "") != d.Kind.GrowsMounted() {
			t.Errorf("%s: the model says that it grows: %t, mounted: %t", d.Kind, d.Kind.Grows(), d.Kind.GrowsMounted())
		}
		if (d.growMounted != nil) != (d.byHand != nil) {
			t.Errorf("%s: nothing tells how it is grown by hand", d.Kind)
		}
		if (len(d.Mounts) > 0) == !d.NoFiles.OK() {
			t.Errorf("%s: it can be mounted, or else there is a reason why not: %v, %q", d.Kind, d.Mounts, d.NoFiles)
		}
		if files := (Files{Kind: d.Kind, Plain: true}); (len(d.Ways(files)) > 0) != (len(d.Mounts) > 0) {
			t.Errorf("%s: what can be mounted can be listed, and the reverse", d.Kind)
		}
		c := DiscoverWith(Machine{})[d.Kind]
		if (c.Label.OK() || d.label.tools != nil) && c.Labels.Most == 0 {
			t.Errorf("%s: nothing tells how long its labels can be", d.Kind)
		}
		if d.make != nil && c.MinSize == 0 && c.MinSectors == 0 {
			t.Errorf("%s can be made and has no least size", d.Kind)
		}
		if c.NewBlock != nil && c.NewBlock(geometry.GiB, geometry.Sector512) < 512 {
			t.Errorf("%s: a new one would have blocks of no length", d.Kind)
		}
	}
}

// TestNeeds: only what mounts, or works on what is mounted, keeps a right.
func TestNeeds(t *testing.T) {
	for line, want := range map[string]runner.Needs{
		"mount -n -i /w /m": runner.Mount | runner.Loop, "umount -n /m": runner.Mount, "losetup -f": runner.Mount | runner.Loop,
		"xfs_growfs -D 9 /m": runner.Admin, "nilfs-resize --yes /dev/loop0": runner.Admin, "btrfs filesystem resize 1:max /m": runner.Admin,
		"btrfs check --readonly /w": 0, "btrfs filesystem label /w x": 0, "btrfs": 0, "xfs_repair -n /w": 0, "e2fsck -fy /w": 0,
	} {
		if got := Needs(strings.Fields(line)); got != want {
			t.Errorf("%s needs %d, want %d", line, got, want)
		}
	}
}

// TestMounts: what is not mounted has a reason that helps, and what has a journal must not have it replayed when it is
// mounted to look inside.
func TestMounts(t *testing.T) {
	for kind, want := range map[model.FSKind]string{
		model.Unformatted: "no file system", model.Swap: "swap", model.SwSuspend: "swap", model.LUKS: "encrypted", model.BitLocker: "encrypted",
		model.LVM2: "volume group", model.RAID: "larger volume", model.ZFS: "larger volume", model.APFS: "no driver for apfs",
		model.ReFS: "no driver", "ocfs2": "no driver for ocfs2",
	} {
		if d := Of(kind); !strings.Contains(string(d.NoFiles), want) || len(d.Mounts) > 0 {
			t.Errorf("%s: %q", kind, d.NoFiles)
		}
	}
	for _, kind := range []model.FSKind{model.Ext3, model.Ext4, model.XFS, model.Btrfs, model.F2FS, model.NILFS2, model.Bcachefs} {
		for _, m := range Of(kind).Mounts {
			if m.Quiet == "" {
				t.Errorf("%s by %s would replay its journal", kind, m.FS)
			}
		}
	}
	for kind, want := range map[model.FSKind]string{
		model.Ext4: "resize2fs /dev/x", model.XFS: "xfs_growfs /mnt", model.JFS: "mount -o remount,resize /mnt",
	} {
		if got := strings.Join(GrowByHand(kind, "/dev/x", "/mnt"), " "); got != want {
			t.Errorf("%s is grown by hand with %q, want %q", kind, got, want)
		}
	}
}
