package model_test

import (
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
)

// Partitions are apart if they share no sector, their file systems fit, and all lies on the disk.
func TestApart(t *testing.T) {
	const z = geometry.SectorSize(512)
	part := func(id model.PartID, role model.Role, from, to, fsLen geometry.Sector) model.Partition {
		return model.Partition{
			ID: id, Number: int(id), Role: role, Span: geometry.Span{Start: from, End: to},
			FS: model.Filesystem{Kind: model.Ext4, Size: z.Bytes(fsLen)},
		}
	}
	for name, c := range map[string]struct {
		parts []model.Partition
		why   [2]string // what Intruded says about each, or a part of it
		apart [2]bool
	}{
		"side by side": {
			parts: []model.Partition{part(1, model.Primary, 100, 200, 100), part(2, model.Primary, 200, 300, 100)},
			apart: [2]bool{true, true},
		},
		"one shared sector": {
			parts: []model.Partition{part(1, model.Primary, 100, 201, 100), part(2, model.Primary, 200, 300, 100)},
			why:   [2]string{"overlaps p2 in sector", "overlaps p1 in sector"},
		},
		"one in the other": {
			parts: []model.Partition{part(1, model.Primary, 100, 400, 100), part(2, model.Primary, 200, 300, 100)},
			why:   [2]string{"overlaps p2 in sectors 200-299", "overlaps p1 in sectors 200-299"},
		},
		"extended and logical": {
			parts: []model.Partition{part(1, model.Extended, 100, 400, 0), part(5, model.Logical, 200, 300, 100)},
			apart: [2]bool{true, true},
		},
		"cut, with free space behind": {
			parts: []model.Partition{part(1, model.Primary, 100, 200, 150), part(2, model.Primary, 250, 300, 50)},
			apart: [2]bool{false, true},
		},
		"cut, and reaching into the next": {
			parts: []model.Partition{part(1, model.Primary, 100, 200, 151), part(2, model.Primary, 250, 300, 50)},
			why:   [2]string{"", "the ext4 of p1 reaches into it"},
		},
		"behind the end of the disk": {
			parts: []model.Partition{part(1, model.Primary, 100, 200, 100), part(2, model.Primary, 900, 1001, 100)},
			apart: [2]bool{true, false},
		},
	} {
		table := model.Table{Kind: model.TableMBR, Usable: geometry.Span{Start: 1, End: 1000}}
		d := model.New(model.Disk{SectorSize: z, Sectors: 1000, Table: table}, c.parts, nil)
		for i, p := range c.parts {
			got := d.Intruded(p)
			if !strings.Contains(got, c.why[i]) || (got == "") != (c.why[i] == "") {
				t.Errorf("%s: %s: %q, want %q", name, p.Ref(), got, c.why[i])
			}
			if d.Apart(p) != c.apart[i] {
				t.Errorf("%s: %s: apart %v", name, p.Ref(), d.Apart(p))
			}
		}
	}
}
