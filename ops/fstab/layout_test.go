package fstab

import (
	"fmt"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
)

// TestLayout reads lists of mounts, hostile ones too.
func TestLayout(t *testing.T) {
	d := model.Disk{SectorSize: geometry.Sector512, Sectors: 1 << 20, Table: model.Table{Kind: model.TableGPT}}
	var parts []model.Partition
	for n := 1; n <= 3; n++ {
		parts = append(parts, model.Partition{
			ID: model.PartID(n), Number: n, Span: geometry.SpanOf(geometry.Sector(n)<<16, 1<<16),
			FS: model.Filesystem{Kind: model.Btrfs, UUID: fmt.Sprintf("aaaa-%d", n), Label: fmt.Sprintf("l %d", n)},
		})
	}
	d = d.WithPartitions(parts)
	for _, c := range []struct{ text, mounts, left string }{
		{"", "", ""},
		{"# UUID=aaaa-1 /\n\nUUID=AAAA-1 / btrfs defaults,ro 0 1\n", "1 / ro", ""},
		{"LABEL=l\\0402 /a\\040b ext4", "2 /a b", ""},
		{"/dev/vda3 /a/b x\n/dev/vda2 /a x\n/dev/vda1 / x\n", "1 /, 2 /a, 3 /a/b", ""},
		{"/dev/sda1 / btrfs subvol=@,x\n/dev/sda1 /home btrfs subvol=@home\n", "1 / @, 1 /home @home", ""},
		{"/dev/sda1 / ext4\n/dev/sdb1 /data ext4\n", "1 /", "/data"},
		{"/dev/sda1 / ext4\n/dev/sda2 / ext4\n/dev/sda2 //./ ext4\n", "1 /", "/,//./"},
		{"/dev/sda1 /../etc x\n/dev/sda2 ../x x\n/dev/sda2 /a/..//b x\n", "", "/../etc,/a/..//b"},
		{"/dev/sda2 none swap sw\n/dev/sda2 /x swap sw\ntmpfs /tmp tmpfs\nproc /proc proc\n/etc /bind none bind\n/dev/mapper/vg-root / ext4", "", "/bind,/"},
		{strings.Repeat("/dev/sda9 /x x\n", 5000), "", strings.TrimSuffix(strings.Repeat("/x,", mostLines), ",")},
	} {
		mounts, left := Layout(d, c.text)
		var got, not []string
		for _, m := range mounts {
			text := fmt.Sprintf("%d %s", m.Part.Number, m.Dir)
			if m.Subvolume != "" {
				text += " " + m.Subvolume
			}
			if m.ReadOnly {
				text += " ro"
			}
			got = append(got, text)
		}
		for _, l := range left {
			not = append(not, l.Dir)
		}
		if strings.Join(got, ", ") != c.mounts || strings.Join(not, ",") != c.left {
			t.Errorf("%.60q: %q, left %q", c.text, got, not)
		}
	}
}
