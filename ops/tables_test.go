package ops_test

import (
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

func TestNewTable(t *testing.T) {
	whole := model.New(model.Disk{SectorSize: 512, Sectors: 100 * mib, Whole: ext4(50*geometry.MiB, 0)}, nil, nil)
	large := gpt(model.MBRSectors + 5)
	four := gpt(1000 * mib)
	four.SectorSize = geometry.Sector4096
	for _, tt := range []struct {
		disk   model.Disk
		line   string
		text   string
		usable geometry.Span
		wiped  string
	}{
		{founding(), "table new gpt", "Make a new GPT; all 2 partitions are lost", span(34, 966*mib-33), "[0, 63)"},
		{founding(), "table new mbr", "Make a new MBR; all 2 partitions are lost", span(1, 966*mib), "[0, 63)"},
		{gpt(1000*mib, full(1, 2048, 4096, 0)), "table new mbr", "Make a new MBR; the only partition is lost", span(1, 1000*mib), "[0, 2048) [4096, 2048000)"},
		{whole, "table new gpt", "Make a new GPT; everything in the ext4 on the disk is lost", span(34, 100*mib-33), "[0, 204800)"},
		{large, "table new mbr", "Make a new MBR; it reaches the first 2.00 TiB only", span(1, model.MBRSectors), "[0, 4294967301)"},
		{four, "table new gpt", "Make a new GPT", span(6, 1000*mib-5), "[0, 2048000)"},
		{mbr(8192), "table new gpt", "Make a new GPT", span(34, 8192-33), "[0, 8192)"},
		{mbr(68), "table new gpt", "Make a new GPT", span(34, 35), "[0, 68)"},
	} {
		q := plan(t, tt.disk, tt.line)
		d := q.Preview()
		if len(d.Partitions()) != 0 || d.Table.Usable != tt.usable || d.Table.ID != "" || d.Sectors != tt.disk.Sectors || d.Whole.Known() {
			t.Errorf("%s: %+v", tt.line, d)
		}
		if got := q.Ops()[0].Describe(tt.disk).String(); got != tt.text {
			t.Errorf("%q, want %q", got, tt.text)
		}
		steps, err := q.Compile()
		if err != nil || steps[len(steps)-1].Kind != ops.StepWriteTable {
			t.Fatalf("%v, %v", steps, err)
		}
		wiped := ""
		for i, s := range withoutTable(steps) {
			if i > 0 {
				wiped += " "
			}
			wiped += s.Window.String()
		}
		if wiped != tt.wiped {
			t.Errorf("%s: wipes %s, want %s", tt.text, wiped, tt.wiped)
		}
		clean(t, d)
	}
}

func TestToGPT(t *testing.T) {
	d := chained()
	p, _ := d.Partition(1)
	p.Active, p.Type, p.UUID = true, "0x1c", "11111111-01"
	p6, _ := d.Partition(6)
	p6.Type, p6.FS = "0x82", model.Filesystem{Kind: model.Swap, Used: -1}
	d = d.With(p).With(p6)
	q := plan(t, d, "table gpt")
	got := q.Preview()
	if text := q.Ops()[0].Describe(d).String(); text != "Convert the MBR to GPT; all partitions keep their numbers, p2, the extended one, goes; PARTUUIDs become others, "+
		"and a boot loader for BIOS has to be installed again, in a BIOS boot partition" {
		t.Error(text)
	}
	if got.Table != (model.Table{Kind: model.TableGPT, Usable: span(34, 1000*mib-33), Slots: 128, EntrySize: 128}) {
		t.Errorf("%+v", got.Table)
	}
	for _, was := range d.Partitions() {
		is, ok := got.Partition(was.ID)
		if was.Role == model.Extended {
			if ok {
				t.Error("the extended partition is still there")
			}
			continue
		}
		if is.Number != was.Number || is.Span != was.Span || is.FS != was.FS || is.Role != model.Primary || is.EBR != 0 || is.Active || is.UUID != "" {
			t.Errorf("%+v becomes %+v", was, is)
		}
	}
	one, _ := got.Partition(1)
	six, _ := got.Partition(6)
	if one.Attributes != 1<<2|1<<62 || model.TypeName(model.TableGPT, one.Type) != "Basic data" || model.TypeName(model.TableGPT, six.Type) != "Linux swap" {
		t.Errorf("%+v\n%+v", one, six)
	}
	clean(t, got)
	// The sectors of boot records are free for others.
	clean(t, plan(t, d, "table gpt", "move 5 left 1MiB", "new max").Preview())
}
