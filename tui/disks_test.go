package tui_test

import (
	"shunt/geometry"
	"shunt/model"
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
	t.What.Mountable = "the kernel reads no qcow2: convert the image with `qemu-img convert -O raw`, or serve it with qemu-nbd"
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
	t.Layout = model.New(t.Layout, t.Layout.Partitions(), []model.Problem{{
		Severity: model.Fatal, Text: "partitions p1 and p2 overlap in sectors 988033 to 990000",
		Advice: "correct the table with sfdisk first",
	}})
	return t
}

// One is a backend with a single target under the path it shows.
func One(t *Target) *Backend {
	return &Backend{Targets: map[string]*Target{t.What.Path: t}}
}
