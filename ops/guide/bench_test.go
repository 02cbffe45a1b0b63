package guide

import (
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/internal/testdisk"
)

// packed is a GPT of n partitions of 10 MiB without a gap, with free space at its end.
func packed(n int) model.Disk {
	var parts []model.Partition
	for i := range n {
		p := model.Partition{ID: model.PartID(i + 1), Number: i + 1, Span: geometry.SpanOf(geometry.Sector(1+10*i)*mib, 10*mib)}
		p.FS = model.Filesystem{Kind: model.Ext4, Size: 10 * geometry.MiB, Used: geometry.Bytes(i%8+1) * geometry.MiB, BlockSize: 4096}
		p.Type = model.DefaultType(model.TableGPT, model.Primary, p.FS.Kind)
		parts = append(parts, p)
	}
	return testdisk.Disk(model.TableGPT, geometry.Sector(10*n+1000)*mib, parts...)
}

// gapped is packed with a gap of 1 MiB behind every partition.
func gapped(n int) model.Disk {
	d := packed(n)
	parts := d.Partitions()
	for i := range parts {
		parts[i].Span.End -= mib
		parts[i].FS.Size -= geometry.MiB
	}
	return d.WithPartitions(parts)
}

// BenchmarkPlans is to stay under 100 ms with 128 partitions, as one waits for it, and well under 5 ms with Few, as they
// are found between a key and its frame.
func BenchmarkPlans(b *testing.B) {
	for _, c := range []struct {
		name string
		disk model.Disk
		wish Wish
	}{
		{"6, first", packed(6), Wish{Part: 1, Size: 50 * mib}},
		{"12, middle", gapped(12), Wish{Part: 6, Size: 50 * mib}},
		{"packed, first", packed(128), Wish{Part: 1, Size: 50 * mib}},
		{"packed, middle", packed(128), Wish{Part: 64, Size: 50 * mib}},
		{"gapped, middle", gapped(128), Wish{Part: 64, Size: 50 * mib}},
		{"gapped, most", gapped(128), Wish{Part: 64, Most: true}},
		{"gapped, image", gapped(128), Wish{Shrink: true}},
	} {
		q := ops.NewQueue(c.disk, env())
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if plans, _ := Plans(q, c.wish, geometry.AlignMiB); len(plans) == 0 {
					b.Fatal("no plans")
				}
			}
		})
	}
}
