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
	world := ops.Env{Caps: ops.Capabilities{}}
	for _, kind := range []model.FSKind{model.ExFAT, model.FAT16, model.FAT32, model.LUKS} {
		world.Caps[kind] = known(kind, ops.Capability{})
	}
	for _, c := range []struct {
		disk       model.Disk
		line, want string
	}{
		{big, "format 1 fs=exfat", "sectors of 4096"},
		{gpt(1000*mib, part(1, 100*mib, 200*mib, model.Filesystem{})), "format 1 fs=exfat", ""},
		{big, "format 1 fs=fat32", ""},
		{big, "new 255MiB fs=fat32", "255 MiB is too small for fat32; make it 261 MiB (66592s) or more"},
		{big, "new 255MiB fs=fat16", ""},
		{luks(model.OldForm), "label 1 x", "only LUKS2 has labels"},
		{luks(model.NoTrait), "label 1 x", ""},
	} {
		_, err := planfile.Parse(strings.NewReader(c.line), ops.NewQueue(c.disk, world), geometry.AlignMiB)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.line, err, c.want)
		}
	}
}
