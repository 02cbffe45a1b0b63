package dump_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/dump"
	"shunt/model/table"
	"shunt/model/testneed"
)

const (
	linux = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
	one   = "48FE7262-1111-4A02-B4ED-777EA4EA8B6A"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       dump.Table
	}{
		{
			"gpt", "# a comment\nlabel: gpt\r\nlabel-id: " + one + "\ndevice: /dev/sdb\nunit: sectors\nfirst-lba: 34\nlast-lba: 204766\n" +
				"table-length: 256\nsector-size: 4096\ngrain: 2048\n\n/dev/sdb1 : start= 40, size= 8, type=" + strings.ToLower(linux) + ", uuid=" + one +
				`, name="a\x22b, =:ü\xc3\xbc", attrs="RequiredPartition LegacyBIOSBootable GUID:48,63"` + "\n" +
				"/dev/sdb12 :start=50,size=8,type=" + linux + `,attrs="GUID:60"`,
			dump.Table{
				Kind: model.TableGPT, ID: strings.ToLower(one), SectorSize: 4096, First: 34, Last: 204766, Slots: 256,
				Parts: []model.Partition{
					{
						Number: 1, Span: geometry.SpanOf(40, 8), Type: linux, UUID: strings.ToLower(one), Name: "a\"b, =:üü",
						Attributes: 1<<63 | 1<<48 | 5,
					},
					{Number: 12, Span: geometry.SpanOf(50, 8), Type: linux, Attributes: 1 << 60},
				},
			},
		},
		{
			"mbr", "label: dos\nlabel-id: 0xA0b\n\nd2p1 : start=63, size=9, type=f\nd2p5: start=65, size=1, type=0, bootable\nd2p3 : bootable, type=5, size=2,start=80",
			dump.Table{Kind: model.TableMBR, ID: "0x00000a0b", Parts: []model.Partition{
				{Number: 1, Role: model.Extended, Span: geometry.SpanOf(63, 9), Type: "0x0f"},
				{Number: 5, Role: model.Logical, Span: geometry.SpanOf(65, 1), Type: "0x00", Active: true},
				{Number: 3, Span: geometry.SpanOf(80, 2), Type: "0x05", Active: true},
			}},
		},
		{
			"of an old version", "# partition table of /dev/sda\nunit: sectors\n\n/dev/sda1 : start=     2048, size=   204800, Id=83, bootable\n" +
				"/dev/sda2 : start=        0, size=        0, Id= 0\n",
			dump.Table{Kind: model.TableMBR, Parts: []model.Partition{{Number: 1, Span: geometry.SpanOf(2048, 204800), Type: "0x83", Active: true}}},
		},
		{
			"without names", "label: dos\nstart=10, size=2, type=83\nstart=20, size=2, type=7",
			dump.Table{Kind: model.TableMBR, Parts: []model.Partition{
				{Number: 1, Span: geometry.SpanOf(10, 2), Type: "0x83"}, {Number: 2, Span: geometry.SpanOf(20, 2), Type: "0x07"},
			}},
		},
		{"empty table", "label: gpt\n", dump.Table{Kind: model.TableGPT}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := dump.Parse(c.text)
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Fatalf("%v\n got %+v\nwant %+v", err, got, c.want)
			}
			again, err := dump.Parse(got.String())
			if err != nil || !reflect.DeepEqual(again, got) {
				t.Errorf("written and read again: %v\n%s", err, got)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		line  int
		words string
	}{
		{"", 0, "nothing would be left"},
		{"\n# x\n\nlable: gpt", 4, `"lable" is not a header`},
		{"label: sun", 1, "only dos and gpt"},
		{"label: gpt\nlabel: gpt", 2, "given twice"},
		{"label: gpt\nlabel-id: 1234", 0, "not a GUID"},
		{"label: dos\nlabel-id: 0x123456789", 0, "not a disk signature"},
		{"unit: blocks", 1, "in sectors"},
		{"label: gpt\nfirst-lba: -1", 2, "not a number of sectors"},
		{"label: gpt\nlast-lba: 99999999999999999999", 2, "not a number of sectors"},
		{"label: gpt\nfirst-lba: 10\nlast-lba: 5", 0, "behind last-lba"},
		{"table-length: 40000", 1, "not a number of entries"},
		{"sector-size: 520", 1, "neither 512 nor 4096"},
		{"label: dos\n2048 100 83", 2, "neither a header nor a partition"},
		{"label: dos\nd1 : start=1, size=1, type=83\nunit: sectors", 3, "headers come first"},
		{"label: dos\nd1 : size=1, type=83", 2, "start is missing"},
		{"label: dos\nd1 : start=1, type=83", 2, "size is missing"},
		{"label: dos\nd1 : start=1MiB, size=1, type=83", 2, "not a number of sectors"},
		{"label: dos\nd1 : start=1, size=+, type=83", 2, "not a number of sectors"},
		{"label: dos\nd1 : start=1, size=1", 2, "type is missing"},
		{"label: dos\nd1 : start=1, size=1, type=E", 2, "small letters"},
		{"label: dos\nd1 : start=1, size=1, type=linux", 2, "not a code"},
		{"label: dos\nd1 : start=1, size=1, type=183", 2, "not a code"},
		{"label: dos\nd1 : start=1, size=1, type=83, name=x", 2, "has no name"},
		{"label: dos\nd1 : start=1, start=2", 2, "given twice"},
		{"label: dos\nd1 : start=1, size=1, type=83\n\nd1 : start=1, size=1, type=83", 4, "partition 1 is given twice"},
		{"label: dos\nd : start=1, size=1, type=83", 2, "does not end in the number"},
		{"label: dos\nd0 : start=1, size=1, type=83", 2, "does not end in the number"},
		{"label: dos\nd1 : start=1 size=1", 2, "a comma is missing"},
		{"label: dos\nd1 : start=1, size=1, typ=83", 2, `"typ" is not a field`},
		{"label: dos\nd1 : start, size=1", 2, "start has no value"},
		{"label: dos\nd1 : start=1, bootable=yes", 2, "bootable has no value"},
		{"label: gpt\nd1 : start=1, size=1, type=83", 2, "is not a GUID"},
		{"label: gpt\nd1 : start=1, size=1, type=" + linux + ", bootable", 2, "LegacyBIOSBootable"},
		{"label: gpt\nd1 : start=1, size=1, type=" + linux + ", uuid=1", 2, "is not a GUID"},
		{"label: gpt\nd1 : start=1, size=1, type=" + linux + `, name="x`, 2, "quote is not closed"},
		{"label: gpt\nd1 : start=1, size=1, type=" + linux + `, name="\xzz"`, 2, "not an escape"},
		{"label: gpt\nd1 : start=1, size=1, type=" + linux + `, name="\xff"`, 2, "not UTF-8"},
		{"label: gpt\nd1 : start=1, size=1, type=" + linux + `, attrs="GUID:5"`, 2, "not an attribute"},
		{"label: gpt\nd1 : start=1, size=1, type=" + linux + `, attrs="Required"`, 2, "not an attribute"},
		{
			"label: gpt\nd1 : start=1, size=1, type=" + linux + ", uuid=" + one + "\n\nd3 : start=9, size=1, type=" + linux + ", uuid=" + strings.ToUpper(one), 4,
			"the partition of line 2 has the uuid " + strings.ToLower(one) + " too",
		},
		{strings.Repeat("#\n", dump.MaxBytes), 0, "longer than"},
	} {
		_, err := dump.Parse(c.text)
		var fault *dump.Error
		if !errors.As(err, &fault) || fault.Line != c.line || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%.60q: error %v, want line %d with %q", c.text, err, c.line, c.words)
		}
	}
}

// FuzzParse reads any bytes, and what it makes of them is the same when it is written and read again.
func FuzzParse(f *testing.F) {
	f.Add("label: gpt\nlabel-id: " + one + "\nfirst-lba: 34\nsector-size: 512\n\nx1 : start= 40, size= 8, type=" + linux + `, name="a\x22", attrs="GUID:63"`)
	f.Add("label: dos\nlabel-id: 0x1\nd2p1 : start=63, size=9, type=f\nd2p5: start=65, size=1, type=83, bootable")
	f.Add("unit: sectors\n/dev/sda1 : start=1, size=0, Id=83")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := dump.Parse(text)
		if err != nil {
			return
		}
		for _, path := range []string{"", text, "/dev/sda", "a b1"} {
			again, err := dump.Parse(got.Text(path))
			if err != nil || !reflect.DeepEqual(again, got) {
				t.Fatalf("as a dump of %q: %v\n got %+v\nwant %+v", path, err, again, got)
			}
		}
	})
}

// TestSFDisk saves tables that foreign programs made: the same as sfdisk writes, and sfdisk restores the same table from it.
func TestSFDisk(t *testing.T) {
	t.Parallel()
	const gpt = "sgdisk -n1:2048:+1M -n7:8192:+1M -n3:0:+1M -t7:ef00 -c1:'a\"b\\c$d`e ü ´' -A1:set:0 -A1:set:2 -A1:set:48 -A1:set:63 $IMG"
	for _, c := range []struct{ name, script string }{
		{"gpt", gpt},
		{"gpt of 256 entries", "sgdisk -S 256 -n1:2048:+1M -n200:0:+1M $IMG"},
		{"gpt with limits of its own", `echo 'label: gpt
first-lba: 100
last-lba: 20000
start=100, size=11' | sfdisk -q $IMG`},
		{"gpt without partitions", "sgdisk -o $IMG"},
		{"mbr", `echo 'label: dos
start=63, size=1000, type=83, bootable
start=2048, size=20000, type=5
start=24000, size=5, type=0
start=25000, size=500, type=c, bootable
start=2049, size=47, type=7
start=2100, size=300, type=82
start=9000, size=1, type=83' | sfdisk -q $IMG`},
		{"mbr without partitions", "echo 'label: dos' | sfdisk -q $IMG"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			img := filepath.Join(t.TempDir(), "disk2")
			sh := func(script string) string {
				return testneed.Shell(t, ".", "IMG='"+img+"'; "+script, "LC_ALL=C.UTF-8")
			}
			testneed.Tool(t, "sgdisk")
			sh("truncate -s 16M $IMG && " + c.script + " >/dev/null")
			theirs := sfdiskDump(t, img)
			got, err := dump.Parse(theirs)
			if err != nil {
				t.Fatalf("what sfdisk writes: %v\n%s", err, theirs)
			}
			d := readDisk(t, img)
			if want := dump.Of(d); !reflect.DeepEqual(normal(got), normal(want)) {
				t.Errorf("sfdisk's dump\n got %+v\nwant %+v", got, want)
			}
			ours := dump.Of(d).Text(img)
			if ours != theirs {
				t.Errorf("we write\n%s\nand sfdisk\n%s", ours, theirs)
			}
			if err := os.WriteFile(img+".dump", []byte(ours), 0o600); err != nil {
				t.Fatal(err)
			}
			sh("rm $IMG; truncate -s 16M $IMG; sfdisk -q --no-tell-kernel $IMG < $IMG.dump")
			if again := sfdiskDump(t, img); again != theirs {
				t.Errorf("sfdisk restores\n%s\nfrom\n%s", again, ours)
			}
		})
	}
}

// normal is a table with the number of entries that a dump leaves out.
func normal(t dump.Table) dump.Table {
	if t.Kind == model.TableGPT && t.Slots == 0 {
		t.Slots = 128
	}
	return t
}

func sfdiskDump(t *testing.T, img string) string {
	t.Helper()
	cmd := exec.Command(testneed.Tool(t, "sfdisk"), "--dump", img)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func readDisk(t *testing.T, img string) model.Disk {
	t.Helper()
	f, err := os.Open(img)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	d, err := table.Read(f, info.Size(), geometry.Sector512)
	if err != nil || !d.ReadOnly().OK() {
		t.Fatal(err, d.Problems())
	}
	return d
}
