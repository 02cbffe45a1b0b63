package ops_test

import (
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	planfile "shunt/ops/plan"
)

// TestKnownBeforeStaging: what a tool would refuse in the rehearsal, and can be known before, cannot be staged.
func TestKnownBeforeStaging(t *testing.T) {
	big := gpt(1000*mib, part(1, 100*mib, 200*mib, model.Filesystem{}))
	big.SectorSize, big.Table.Usable = geometry.Sector4096, span(6, big.Sectors-5)
	luks := func(trait model.Trait) model.Disk {
		return gpt(1000*mib, part(1, 100*mib, 200*mib, model.Filesystem{Kind: model.LUKS, Trait: trait, Size: 100 * geometry.MiB}))
	}
	holds := func(kind model.FSKind, features model.Features, trait model.Trait) model.Disk {
		fs := model.Filesystem{Kind: kind, Features: features, Trait: trait, Size: 100 * geometry.MiB, Used: geometry.MiB, BlockSize: 4096}
		return gpt(1000*mib, part(1, 100*mib, 200*mib, fs))
	}
	world := ops.Env{Caps: ops.Capabilities{}}
	for _, kind := range []model.FSKind{model.ExFAT, model.FAT16, model.FAT32, model.LUKS, model.Ext4, model.NTFS} {
		world.Caps[kind] = known(kind, ops.Capability{})
	}
	xfs := known(model.XFS, ops.Capability{})
	xfs.Replay = "it must be mounted as xfs for that: start shunt as root"
	world.Caps[model.XFS] = xfs
	clusters, numbers := holds(model.Ext4, model.Clusters, 0), holds(model.Ext4, model.StableInodes, 0)
	windows, log := holds(model.NTFS, 0, model.OpenJournal), holds(model.XFS, model.Unreplayed, 0)
	for _, c := range []struct {
		disk       model.Disk
		line, want string
	}{
		{big, "format 1 fs=exfat", "sectors of 4096"},
		{gpt(1000*mib, part(1, 100*mib, 200*mib, model.Filesystem{})), "format 1 fs=exfat", ""},
		{big, "format 1 fs=fat32", ""},
		{big, "new 255MiB fs=fat32", "255 MiB is too small for fat32; make it 261 MiB (66,592 sectors) or more"},
		{big, "new 255MiB fs=fat16", ""},
		{luks(model.OldForm), "label 1 x", "only LUKS2 has labels"},
		{luks(model.NoTrait), "label 1 x", ""},
		{clusters, "grow 1", "bigalloc"},
		{clusters, "resize 1 min", "bigalloc"},
		{clusters, "move 1 right 5MiB", ""},
		{numbers, "grow 1", ""},
		{numbers, "resize 1 by -20MiB", "stable_inodes"},
		{windows, "label 1 x", "shut it down fully"},
		{windows, "uuid 1 new", "shut it down fully"},
		{windows, "grow 1", "shut it down fully"},
		{windows, "move 1 right 5MiB", ""},
		{log, "label 1 x", "start shunt as root"},
		{log, "check 1", "start shunt as root"},
		{log, "move 1 right 5MiB", ""},
		{log, "copy 1 at 300MiB", ""},
	} {
		_, err := planfile.Parse(strings.NewReader(c.line), ops.NewQueue(c.disk, world), geometry.AlignMiB)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.line, err, c.want)
		}
	}
}
