package enlarge

import (
	"slices"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/internal/testdisk"
)

func TestFind(t *testing.T) {
	typed := func(p model.Partition, kind model.PartType) model.Partition {
		p.Type = kind
		return p
	}
	ext := func(n int, start, end geometry.Sector, label string) model.Partition {
		p := testdisk.Full(n, start*mib, end*mib, geometry.MiB)
		p.FS.Label = label
		return p
	}
	gpt := func(parts ...model.Partition) model.Disk { return testdisk.Disk(model.TableGPT, 1000*mib, parts...) }
	ntfs := testdisk.Part(3, 500*mib, 900*mib, model.Filesystem{Kind: model.NTFS, Size: 400 * geometry.MiB})
	luks := testdisk.Part(4, 500*mib, 900*mib, model.Filesystem{Kind: model.LUKS, Size: 400 * geometry.MiB})
	whole := model.New(model.Disk{SectorSize: 512, Sectors: 100 * mib, Whole: testdisk.Ext4(100*geometry.MiB, 0)}, nil, nil)
	blank := model.New(model.Disk{SectorSize: 512, Sectors: 100 * mib}, nil, nil)
	cut := model.New(model.Disk{SectorSize: 512, Sectors: 250 * mib, Table: model.Table{Kind: model.TableMBR}},
		[]model.Partition{ext(1, 1, 100, ""), ext(2, 100, 300, "")},
		[]model.Problem{{Severity: model.Fatal, Text: "the disk was cut off", Needs: 300 * mib}})
	const x86, riscv = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", "72ec70a6-cf74-40e6-bd49-4bda08e8f224"
	for name, c := range map[string]struct {
		disk   model.Disk
		fstabs map[int]string
		rank   Rank
		want   []model.PartID
	}{
		"by type":               {gpt(ext(1, 1, 100, ""), typed(ext(2, 100, 150, ""), x86)), map[int]string{1: "/dev/sda1 /"}, ByType, []model.PartID{2}},
		"two types":             {gpt(typed(ext(1, 1, 100, ""), riscv), typed(ext(2, 100, 150, ""), x86)), nil, ByType, []model.PartID{1, 2}},
		"by fstab":              {gpt(ext(1, 1, 100, "a"), ext(2, 100, 300, "b")), map[int]string{1: "LABEL=a / ext4", 2: "LABEL=a / ext4"}, ByFstab, []model.PartID{1}},
		"a copied fstab":        {gpt(ext(1, 1, 100, "a"), ext(2, 100, 300, "b")), map[int]string{1: "LABEL=b / ext4"}, BySize, []model.PartID{2}},
		"two fstabs":            {gpt(ext(1, 1, 100, "a"), ext(2, 100, 300, "a")), map[int]string{1: "LABEL=a / ext4", 2: "LABEL=a / ext4"}, ByFstab, []model.PartID{1, 2}},
		"by size":               {gpt(ext(1, 1, 100, ""), ext(2, 100, 300, ""), luks), nil, BySize, []model.PartID{2}},
		"the same size":         {gpt(ext(1, 100, 200, ""), ext(2, 200, 300, "")), nil, BySize, []model.PartID{1, 2}},
		"recovery":              {gpt(ext(1, 1, 100, ""), typed(ntfs, "DE94BBA4-06D1-4D40-A16A-BFD50179D6AC")), nil, BySize, []model.PartID{1}},
		"recovery on MBR":       {testdisk.MBR(1000*mib, ext(1, 1, 100, ""), typed(ntfs, "0x27")), nil, BySize, []model.PartID{1}},
		"Windows":               {gpt(ext(1, 1, 100, ""), ntfs), nil, BySize, []model.PartID{3}},
		"swap is no root":       {gpt(ext(1, 1, 100, ""), swap(2, 100*mib, 900*mib)), nil, BySize, []model.PartID{1}},
		"cut off":               {cut, nil, BySize, []model.PartID{2}},
		"no table":              {whole, nil, ByCover, []model.PartID{0}},
		"nothing":               {blank, nil, 0, nil},
		"nothing that can grow": {gpt(luks), nil, 0, nil},
	} {
		got, err := Find(c.disk, env(), func(p model.Partition) []string { return []string{c.fstabs[p.Number]} })
		if (err != nil) != (c.want == nil) || got.Rank != c.rank || !slices.Equal(got.Parts, c.want) {
			t.Errorf("%s: %v %v %v", name, got.Rank, got.Parts, err)
		}
		if doubt := DoubtOf(c.disk, got); (doubt != nil) != (len(c.want) > 1) {
			t.Errorf("%s: %v", name, doubt)
		}
	}
}
