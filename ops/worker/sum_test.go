package worker_test

import (
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/worker"
)

// The identities of new partitions are a queue's own: the same plan read from text may give others.
func TestSumLeavesIdentitiesAway(t *testing.T) {
	disk := func(id model.PartID, label string) model.Disk {
		return model.New(model.Disk{
			SectorSize: geometry.Sector512, Sectors: 10000,
			Table: model.Table{Kind: model.TableGPT, Usable: geometry.Span{Start: 34, End: 9967}, Slots: 128},
		}, []model.Partition{
			{ID: 1, Number: 1, Span: geometry.Span{Start: 2048, End: 4096}},
			{ID: id, Number: 2, Span: geometry.Span{Start: 4096, End: 8192}, FS: model.Filesystem{Kind: model.Ext4, Label: label}},
		}, nil)
	}
	if worker.Sum(disk(2, "a")) != worker.Sum(disk(7, "a")) {
		t.Error("a partition's identity counts")
	}
	if worker.Sum(disk(2, "a")) == worker.Sum(disk(2, "b")) {
		t.Error("a label does not count")
	}
}
