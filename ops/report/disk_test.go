package report

import (
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
)

func TestAlignment(t *testing.T) {
	for _, c := range []struct {
		start geometry.Sector
		z     geometry.SectorSize
		look  Attention
		word  string
	}{
		{2048, 512, Plain, "whole MiB"},
		{2047, 512, Odd, "not on a multiple of 4 KiB"},
		{2056, 512, Plain, "multiple of 4.00 KiB"},
		{63, 512, Odd, "not on a multiple of 4 KiB"},
		{1024, 512, Plain, "multiple of 512 KiB"},
		{255, 4096, Plain, "multiple of 4.00 KiB"},
		{256, 4096, Plain, "whole MiB"},
	} {
		if text, look := alignment(c.start, c.z); look != c.look || !strings.HasPrefix(text, c.word) {
			t.Errorf("%d of %d bytes: %q, %q", c.start, c.z, text, look)
		}
	}
}

// What the hybrid MBR says of a partition stands with its entry.
func TestEntryInHybridMBR(t *testing.T) {
	d := model.Disk{SectorSize: 512, Sectors: 1 << 20, Table: model.Table{Kind: model.TableGPT}}
	for _, c := range []struct {
		mirror model.Mirror
		want   string
	}{
		{model.Mirror{}, ""},
		{model.Mirror{Slot: 2, Type: "0xef"}, "entry 2, type EFI system (0xef)"},
		{model.Mirror{Slot: 4, Type: "0x83", Active: true}, "entry 4, type Linux file system (0x83), active"},
	} {
		got := ""
		p := model.Partition{ID: 1, Number: 1, Span: geometry.Span{Start: 2048, End: 4096}, Mirror: c.mirror}
		for _, l := range entry(d, p, Exact).Lines {
			if l.Name == "Hybrid MBR" {
				got = l.Value
			}
		}
		if got != c.want {
			t.Errorf("%+v: %q, wanted %q", c.mirror, got, c.want)
		}
	}
}
