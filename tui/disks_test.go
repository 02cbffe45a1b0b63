package tui_test

import (
	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui/internal/tuitest"
)

// image is a target that is an image file.
func image(path, format string, d model.Disk) *Target {
	return &Target{What: report.Facts{Path: "/images/" + path, Format: format, Size: d.Size()}, Layout: d, World: tuitest.Env()}
}

func Founding() *Target { return image("stick.raw", "raw", tuitest.Founding()) }

func Logicals() *Target { return image("card.img", "raw", tuitest.Logicals()) }

func Many(n int) *Target { return image("many.raw", "raw", tuitest.Many(n)) }

func Varied() *Target {
	t := image("server.qcow2", "qcow2", tuitest.Varied())
	t.What.Attachable = "the kernel cannot read qcow2; `shunt mount` and `shunt shell` show its files all the same, and `shunt image convert` makes a raw image of it"
	return t
}

// Layered is a qcow2 image with a backing file and two snapshots.
func Layered() *Target {
	t := image("over.qcow2", "qcow2", tuitest.Founding())
	list := []model.ImageSnapshot{{ID: "1", Name: "before", Size: t.What.Size}, {ID: "2", Name: "after upgrade", Size: 16 * geometry.GiB}}
	t.What.Allocated = 212 * geometry.KiB
	t.What.Call.Path = t.What.Path
	t.What.Around = &model.ImageFile{
		Version: "3", Cluster: 64 * geometry.KiB, CountBits: 16, Compression: "zlib", Allocated: t.What.Allocated, Snapshots: list,
		Chain: []model.ImageLayer{{Path: "./base.raw", Format: "raw", Size: t.What.Size}},
	}
	t.World.Layers = &ops.Layers{
		Snapshots:  func() []model.ImageSnapshot { return list },
		Snapshot:   func(string) (model.Disk, error) { return tuitest.Varied(), nil },
		NoSnapshot: func() model.Reason { return "" },
		Backing:    func() string { return "base.raw" },
	}
	return t
}

// Mapped is Layered with persistent bitmaps, which any edit makes worthless.
func Mapped() *Target {
	t := Layered()
	t.What.Around.Bitmaps, t.Layout.Image.Bitmaps = 1, 1
	return t
}

// Blank is a file without a partition table.
func Blank() *Target {
	return image("blank.raw", "raw", model.New(model.Disk{SectorSize: geometry.Sector512, Sectors: 1 << 20}, nil, nil))
}

// Misfits is the founding disk after somebody cut p1 and not its file system; that of p2 does not fill it.
func Misfits() *Target {
	t := Founding()
	cut, _ := t.Layout.Partition(1)
	cut.Span.End -= 200 << 11
	short, _ := t.Layout.Partition(2)
	short.FS.Size -= 300 * geometry.MiB
	t.Layout = t.Layout.With(cut).With(short)
	return t
}

// Damaged is the founding disk with a problem that forbids editing.
func Damaged() *Target {
	t := Founding()
	first, _ := t.Layout.Partition(1)
	first.Span.End = 990_001
	t.Layout = model.New(t.Layout.With(first), t.Layout.With(first).Partitions(), []model.Problem{{
		Severity: model.Fatal, Text: "partitions p1 and p2 overlap in sectors 988,033 to 990,000",
		Advice: "correct the table with sfdisk first",
	}})
	return t
}

// Repairable has a damaged copy of its partition table.
func Repairable() *Target {
	t := Varied()
	t.Layout = model.New(t.Layout, t.Layout.Partitions(), []model.Problem{{
		Severity: model.Warning, Text: "primary GPT at LBA 1: checksum 0x0 does not match; the backup at LBA 33,554,431 is used instead",
		Plain: "The first copy of the partition table is damaged; the second is in use. The next change of the table repairs it.",
	}})
	return t
}

// One is a backend with a single target under the path it shows.
func One(t *Target) *Backend {
	return &Backend{Targets: map[string]*Target{t.What.Path: t}}
}
