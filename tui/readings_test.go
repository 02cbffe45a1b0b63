package tui_test

import (
	"testing"

	"shunt/model"
	"shunt/model/dump"
	"shunt/ops"
)

// A damaged table shows what each of its readings has, and one of them is staged.
func TestReadings(t *testing.T) {
	d := open(t, Founding())
	d.Press(":")
	d.Type("repair the")
	d.Contains("Not possible now. The table is not damaged")

	target := Founding()
	table := dump.Of(target.Layout)
	less := table
	less.Parts = table.Parts[:1]
	target.Layout = model.New(target.Layout, target.Layout.Partitions(), []model.Problem{{Severity: model.Fatal, Text: "p1 and p2 overlap", InTable: true}})
	target.World.Readings = func() []ops.Reading {
		return []ops.Reading{{Name: "lower", Text: "the partitions that fit", Table: less}, {Name: "higher", Text: "others", Table: table}}
	}
	d = open(t, target)
	d.Press(":")
	d.Type("repair the")
	d.Press("enter")
	quietly(d)
	d.Contains("Which table?", "1. The partitions that fit: p1 482 MiB at 31.5 KiB", "Take 2")
	d.Press("1")
	d.Contains("1 Restore the partition table (MBR)")
}
