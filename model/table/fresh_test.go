package table

import (
	"bytes"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/oracle"
)

func TestNewTables(t *testing.T) {
	t.Parallel()
	boot := bytes.Repeat([]byte{0xB7}, 440)
	for _, c := range []struct {
		name   string
		make   func(img image)
		kind   model.TableKind
		grown  int64
		remain bool // the boot code
	}{
		{"GPT on a blank disk", func(image) {}, model.TableGPT, 0, false},
		{"MBR on a blank disk", func(image) {}, model.TableMBR, 0, false},
		{"GPT over MBR", func(img image) { img.sfdisk("label: dos\nsize=8M\ntype=5\nsize=8M\n") }, model.TableGPT, 0, true},
		{"MBR over GPT", func(img image) { img.sfdisk("label: gpt\nsize=8M\n") }, model.TableMBR, 0, true},
		{"MBR over MBR", func(img image) { img.sfdisk("label: dos\nsize=8M\ntype=5\nsize=8M\n") }, model.TableMBR, 0, true},
		{"GPT over GPT of 256 entries", func(img image) { img.sgdisk("-o", "-S", "256", "-n1:0:+8M") }, model.TableGPT, 0, true},
		{"MBR over a GPT that grew", func(img image) { img.sfdisk("label: gpt\nsize=8M\n"); img.truncate(100 * mib) }, model.TableMBR, 0, true},
		{"GPT over a GPT that grew, and more", func(img image) { img.sfdisk("label: gpt\nsize=8M\n"); img.truncate(100 * mib) }, model.TableGPT, 1000, true},
		{"GPT over a FAT", func(img image) { run(t, "", "mkfs.fat", img.path) }, model.TableGPT, 0, false},
		{"MBR over a FAT", func(img image) { run(t, "", "mkfs.fat", img.path) }, model.TableMBR, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			img := newImage(t, 64*mib)
			c.make(img)
			if c.remain {
				img.write(0, boot)
			}
			d := img.read(s512)
			want := model.New(model.Disk{
				SectorSize: s512, Sectors: d.Sectors + geometry.Sector(c.grown), Table: model.Table{Kind: c.kind},
			}, nil, nil)
			patches := img.encode(d, want)
			got := img.read(s512)
			if got.Table.Kind != c.kind || len(got.Partitions()) != 0 || worst(got) != -1 {
				t.Fatalf("%v, problems %+v", got.Table, got.Problems())
			}
			sfdiskAgrees(t, img.path, got)
			if c.kind == model.TableGPT {
				oracle.SGDiskClean(t, img.path)
				if got.Table.Slots != 128 || got.Table.Usable != (geometry.Span{Start: 2048, End: got.Sectors - 33}) {
					t.Errorf("%+v", got.Table)
				}
			}
			if c.kind == model.TableMBR && (got.Table.ID == "0x00000000" || got.Table.ID == d.Table.ID) {
				t.Errorf("disk signature %s", got.Table.ID)
			}
			if c.remain != bytes.Equal(img.head(440), boot) {
				t.Errorf("boot code % x", img.head(16))
			}
			if len(patches) == 0 {
				t.Error("no patches")
			}
			if c.kind == model.TableMBR && bytes.Contains(img.bytes(), []byte(gptSignature)) {
				t.Error("there is still a GPT header")
			}
		})
	}
}

func TestNewTableWithPartitions(t *testing.T) {
	t.Parallel()
	img := newImage(t, 64*mib)
	d := img.read(s512)
	linux, _ := model.TypeByAlias(model.TableGPT, "linux")
	after := d
	after.Table = model.Table{Kind: model.TableGPT, ID: "12345678-9abc-4def-8123-456789abcdef"}
	after = after.With(model.Partition{ID: 1, Number: 1, Span: geometry.SpanOf(2048, 4096), Type: linux, Name: "données"})
	after = after.With(model.Partition{ID: 2, Number: 5, Span: geometry.SpanOf(8192, 4096), Type: linux, UUID: "12345678-9abc-4def-8123-000000000005"})
	img.encode(d, after)
	got := img.read(s512)
	if diff := difference(got, withDefaults(d, after)); diff != "" {
		t.Error(diff)
	}
	sfdiskAgrees(t, img.path, got)
	oracle.SGDiskClean(t, img.path)

	over := model.New(model.Disk{SectorSize: s512, Sectors: d.Sectors, Table: model.Table{Kind: model.TableMBR, ID: "0x00c0ffee"}}, []model.Partition{
		{ID: 1, Number: 1, Span: geometry.SpanOf(1, 4096), Type: "0x83", Active: true}, // over the old GPT header
		{ID: 2, Number: 2, Role: model.Extended, Span: geometry.SpanOf(8192, 65536), Type: "0x0f"},
		{ID: 3, Number: 5, Role: model.Logical, Span: geometry.SpanOf(10240, 2048), Type: "0x83"},
	}, nil)
	over = rechained(t, over)
	patches := img.encode(got, over)
	last := img.read(s512)
	if diff := difference(last, withDefaults(got, over)); diff != "" {
		t.Error(diff)
	}
	for _, p := range patches {
		if p.Off == 512 {
			t.Error("a sector inside p1 was written")
		}
	}
	sfdiskAgrees(t, img.path, last)
	if id := numbered(t, last, 5).UUID; id != "00c0ffee-05" {
		t.Errorf("PARTUUID %s", id)
	}
}

func TestNewTableOnTooSmallADisk(t *testing.T) {
	t.Parallel()
	for _, sectors := range []geometry.Sector{1, 2, 3, 34, 67} {
		d := model.New(model.Disk{SectorSize: s512, Sectors: sectors}, nil, nil)
		after := d
		after.Table.Kind = model.TableGPT
		if _, err := Encode(bytes.NewReader(make([]byte, sectors*512)), d, after, newUUIDs()); err == nil {
			t.Errorf("a GPT was made on %d sectors", sectors)
		}
	}
}
