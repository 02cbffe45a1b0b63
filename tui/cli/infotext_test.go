package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops"
	"shunt/ops/report"
)

// fit makes sure that text for people fits its width and holds nothing that a terminal obeys.
func fit(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n"); ansi.StringWidth(line) > textWidth || safetext.Printable(line) != line {
			t.Errorf("%d columns: %q", ansi.StringWidth(line), line)
		}
	}
}

const sectorsOfMiB = 2048

func part(n int, start, end geometry.Sector, fs model.Filesystem) model.Partition {
	return model.Partition{ID: model.PartID(n), Number: n, Span: geometry.Span{Start: start, End: end}, Type: "0x83", FS: fs}
}

func mbrDisk(size geometry.Sector, problems []model.Problem, parts ...model.Partition) model.Disk {
	return model.New(model.Disk{
		SectorSize: geometry.Sector512, Sectors: size,
		Table: model.Table{Kind: model.TableMBR, Usable: geometry.Span{Start: 1, End: size}, Slots: 4, ID: "0x53485554"},
	}, parts, problems)
}

func memoryStick(problems ...model.Problem) model.Disk {
	p1 := part(1, 63, 989184, model.Filesystem{Kind: model.Ext4, Label: "docs", Size: 506429440, Used: 27000000, BlockSize: 4096})
	p1.Active = true
	p2 := part(2, 989184, 1978368, model.Filesystem{Kind: model.Ext4, Label: "esc\x1b[31m", Size: 506460160, Used: 30000000})
	return mbrDisk(966*sectorsOfMiB, problems, p1, p2)
}

func cloud() model.Disk {
	size := geometry.Sector(8192 * sectorsOfMiB)
	parts := []model.Partition{
		part(14, 2048, 10240, model.Filesystem{Used: -1}),
		part(15, 10240, 227328, model.Filesystem{Kind: model.FAT32, Label: "UEFI", Size: 111149056, Used: 6391296}),
		part(1, 227328, 4612063, model.Filesystem{Kind: model.Ext4, Label: "cloudimg-rootfs", Size: 2244983296, Used: 1503238553}),
	}
	for i, t := range []model.PartType{
		model.BIOSBoot, "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709",
	} {
		parts[i].Type = t
	}
	parts[2].Name, parts[2].Attributes = "root", 1<<2|1<<60
	return model.New(model.Disk{
		SectorSize: geometry.Sector512, Sectors: size,
		Table: model.Table{Kind: model.TableGPT, Usable: geometry.Span{Start: 34, End: size - 33}, Slots: 128, ID: "0F4E5A12-9A5C-4B8D-8E66-2B6C0B1D7A31"},
	}, parts, []model.Problem{{
		Severity: model.Note, Text: "the backup GPT is not at the end of the disk: it was grown since",
		Advice: "the first change that shunt applies moves it there",
	}})
}

func logicals() model.Disk {
	ext := part(2, 206848, 1843200, model.Filesystem{Used: -1})
	ext.Role, ext.Type = model.Extended, model.MBRExtendedLBA
	p5 := part(5, 208896, 411648, model.Filesystem{Kind: model.XFS, Size: 103809024, Used: -1})
	p5.Role, p5.EBR = model.Logical, 206848
	p1 := part(1, 2048, 206848, model.Filesystem{Kind: model.FAT16, Label: "DATA", Size: 104857600, Used: 1048576})
	p1.Type = "0x0e"
	return mbrDisk(1000*sectorsOfMiB, nil, p1, ext, p5)
}

func TestInfoText(t *testing.T) {
	facts := func(path string, d model.Disk) report.Facts {
		return report.Facts{Path: path, Call: ops.Call{Path: path}, Format: "raw", Size: d.Size()}
	}
	whole := model.New(model.Disk{
		SectorSize: geometry.Sector512, Sectors: 32768, Whole: model.Filesystem{Kind: model.Ext4, Label: "backup", Size: 16777216, Used: 2386944},
	}, nil, nil)
	busy := facts("/images/web01.raw", cloud())
	busy.InUse = "qemu-system-x86_64 (process 4711, started by libvirt-qemu)"
	undo := facts("/images/stick.raw", memoryStick())
	undo.Undos = []report.Applied{{When: time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC), Room: 40 << 20}}
	for _, c := range []struct {
		name  string
		disk  model.Disk
		facts report.Facts
		left  *report.Unfinished
	}{
		{"founding", memoryStick(), undo, nil},
		{"cloud", cloud(), facts("/images/cloud.raw", cloud()), nil},
		{"whole", whole, facts("/images/backup.img", whole), nil},
		{"busy", cloud(), busy, nil},
		{"unfinished", memoryStick(model.Problem{
			Severity: model.Fatal, Text: "partition p2 is hidden as long as it is moved", Advice: "finish the transaction or roll it back",
		}), facts("/images/stick.raw", memoryStick()), &report.Unfinished{Stage: "copy", Next: 12, Units: 40}},
		{"logical", logicals(), facts("/images/old.img", logicals()), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := infoText(c.disk, c.facts, c.left)
			fit(t, text)
			golden.RequireEqual(t, []byte(text))
		})
	}
}

func TestSupportText(t *testing.T) {
	caps := ops.Capabilities{
		model.Ext4: {Package: "e2fsprogs"},
		model.XFS:  {Shrink: "XFS cannot be shrunk", Package: "xfsprogs"},
		model.NTFS: {
			Create: "mkfs.ntfs is not installed: apt install ntfs-3g", Grow: "ntfsresize is not installed: apt install ntfs-3g",
			Online: "NTFS cannot grow while it is mounted, because no program can resize a mounted NTFS file system", Package: "ntfs-3g",
			Missing: []string{"ntfs-3g"}, Brings: map[ops.Ability]string{ops.CanCreate: "ntfs-3g", ops.CanGrow: "ntfs-3g"},
		},
		"zfs": {Create: "shunt has no tool for zfs", Shrink: "XFS cannot be shrunk"},
	}
	text := supportText(caps.Matrix(), "")
	fit(t, text)
	golden.RequireEqual(t, []byte(text))
}

func TestSheetText(t *testing.T) {
	s := report.SheetSection{Title: "Partition"}
	s.Add("Number", "2")
	s.Add("Name", "evil\x1b]0;title\x07 \u202efdp.exe")
	s.Warn("Features", strings.Repeat("has_journal metadata_csum ", 8), report.Plain)
	sheet := report.Sheet{
		Title: "p2 of stick.raw", Sections: []report.SheetSection{s},
		Said: []report.Said{
			{Command: "dumpe2fs -h p2", Output: "Filesystem volume name:   docs\n\nBlock size: 4096\n"},
			{Command: "xfs_db -r p2", Err: "xfs_db is not installed: apt install xfsprogs"},
		},
	}
	text := sheetText(sheet)
	fit(t, text)
	golden.RequireEqual(t, []byte(text))
}

func TestListingText(t *testing.T) {
	day := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	link := report.NewFileEntry("vmlinuz", report.FileSymlink, -1, day)
	link.Target = "boot/vmlinuz-6.1"
	list := report.Listing{Path: "/", By: "debugfs", More: true, Entries: []report.FileEntry{
		report.NewFileEntry("etc", report.FileDirectory, -1, day), report.NewFileEntry("a\nb\x9b", report.FileRegular, 1536, time.Time{}),
		report.NewFileEntry("big", report.FileRegular, 5<<30, day), link, report.NewFileEntry("null", report.FileOther, -1, day),
	}}
	text := listingText(list)
	fit(t, text)
	golden.RequireEqual(t, []byte(text))
}
