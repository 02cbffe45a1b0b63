package ops_test

import (
	"errors"
	"slices"
	"testing"

	"shunt/model"
	"shunt/ops"
	"shunt/ops/internal/testdisk"
)

// A refusal names the partitions whose use is in the way, if the edit is possible without that, and no others.
func TestRefusalNamesWhatIsInTheWay(t *testing.T) {
	t.Parallel()
	use := func(d model.Disk, uses map[model.PartID]model.Use) model.Disk {
		for id, u := range uses {
			p, _ := d.Partition(id)
			p.Use = u
			d = d.With(p)
		}
		return d
	}
	mounted, swap := model.Use{Kind: model.Mounted, Place: "/mnt"}, model.Use{Kind: model.SwapSpace}
	d := testdisk.Founding()
	for name, c := range map[string]struct {
		disk model.Disk
		op   ops.Operation
		want []model.PartID
	}{
		"delete":             {use(d, map[model.PartID]model.Use{1: mounted}), ops.Delete{ID: 1}, []model.PartID{1}},
		"format":             {use(d, map[model.PartID]model.Use{2: swap}), ops.Format{ID: 2, FS: model.Ext4}, []model.PartID{2}},
		"the other is used":  {use(d, map[model.PartID]model.Use{1: mounted, 2: swap}), ops.Delete{ID: 1}, []model.PartID{1}},
		"all of a new table": {use(d, map[model.PartID]model.Use{1: mounted, 2: swap}), ops.NewTable{Kind: model.TableGPT}, []model.PartID{1, 2}},
		"impossible anyway":  {use(d, map[model.PartID]model.Use{1: mounted}), ops.MoveResize{ID: 1, Shift: 1 << 30}, nil},
		"not used at all":    {d, ops.MoveResize{ID: 1, Shift: 1 << 30}, nil},
	} {
		_, err := ops.NewQueue(c.disk, env()).Stage(c.op)
		r := new(ops.Refusal)
		if !errors.As(err, &r) || !slices.Equal(r.InUse, c.want) {
			t.Errorf("%s: %v, in the way %v, want %v", name, err, r.InUse, c.want)
		}
	}
}
