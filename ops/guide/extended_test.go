package guide

import (
	"context"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/internal/testdisk"
)

// TestExtendedKeepsAMiB: the extended partition gives up space down to 1 MiB, and none if it is shorter. It holds one small
// logical partition at its start, the partition that should grow lies right behind it, and the image cannot grow.
func TestExtendedKeepsAMiB(t *testing.T) {
	const kib = mib / 1024
	for _, c := range []struct {
		name     string
		extended geometry.Sector // its length
		by       geometry.Sector // the wanted growth
		possible bool
	}{
		{"2 MiB give one", 2 * mib, mib, true},
		{"2 MiB give no sector more", 2 * mib, mib + 1, false},
		{"one sector over 1 MiB", mib + 1, 1, true},
		{"1 MiB gives nothing", mib, 1, false},
		{"less gives nothing", 968 * kib, 312 * kib, false},
	} {
		ext := model.Partition{ID: 50, Number: 2, Role: model.Extended, Type: model.MBRExtendedLBA, Span: geometry.SpanOf(mib, c.extended)}
		logical := model.Partition{
			ID: 51, Number: 5, Role: model.Logical, EBR: ext.Span.Start, Span: geometry.SpanOf(ext.Span.Start+kib, kib),
			FS: model.Filesystem{Kind: model.ISO9660, Used: -1, Size: geometry.KiB},
		}
		p := model.Partition{
			ID: 1, Number: 1, Span: geometry.SpanOf(ext.Span.End, 2*mib),
			FS: model.Filesystem{Kind: model.Ext4, Used: 1, Min: 1, Size: 2 * geometry.MiB},
		}
		d := testdisk.Disk(model.TableMBR, p.Span.End, p, ext, logical)
		d.Fixed = true
		if broken := model.Check(d); len(broken) > 0 {
			t.Fatal(broken)
		}
		q, w := ops.NewQueue(d, env()), Wish{Part: 1, Size: 2*mib + c.by}
		s := &solver{ctx: context.Background()}
		plans, no := s.plans(q, w, geometry.AlignNone)
		if (len(plans) > 0) != c.possible || len(s.failed) > 0 {
			t.Errorf("%s: %s\nfailed: %v", c.name, told(d, plans, no), s.failed)
		}
		for _, plan := range plans {
			replays(t, q, w, plan)
		}
	}
}
