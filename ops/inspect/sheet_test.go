package inspect

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan"
	"shunt/model/testneed"
	"shunt/ops/fsys"
	"shunt/ops/report"
)

func sh(t testing.TB, dir, script string) string {
	t.Helper()
	return testneed.Shell(t, dir, script, "LC_ALL=C.UTF-8", "TZ=UTC")
}

// image makes a file of some MiB with a script that calls it $i.
func image(t testing.TB, mib int, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image")
	sh(t, filepath.Dir(path), fmt.Sprintf("i=image; truncate -s %dM $i; %s", mib, script))
	return path
}

// looked is the sheet of the whole target at path.
func looked(t testing.TB, path string) (report.Sheet, model.Disk) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	d, err := scan.Scan(f, info.Size(), geometry.Sector512)
	if err != nil {
		t.Fatal(err)
	}
	return Target(f, d, "image", report.Facts{}), d
}

// value is a line of a sheet, "" if it is not there.
func value(s report.Sheet, section, name string) string {
	for _, at := range s.Sections {
		for _, line := range at.Lines {
			if at.Title == section && line.Name == name {
				return line.Value
			}
		}
	}
	return ""
}

// field is what a tool says after "NAME:", or in the column behind the name.
func field(said, name string) string {
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + `(?:\s*[:=]|\t| {2})\s*(.*?)\s*$`).FindStringSubmatch(said)
	if m == nil {
		return "(" + name + " is not told)"
	}
	return m[1]
}

// TestSizesAgainstTheTools compares the sizes in the sheet with those that the tool on the same page counts in blocks.
func TestSizesAgainstTheTools(t *testing.T) {
	type counts struct{ block, size, free string } // as the tool calls them
	ext := counts{"Block size", "Block count", "Free blocks"}
	for _, c := range []struct {
		kind model.FSKind
		mib  int
		mkfs string
		counts
	}{
		{model.Ext2, 32, "mke2fs -q -F -t ext2", ext},
		{model.Ext3, 32, "mke2fs -q -F -t ext3 -L words", ext},
		{model.Ext4, 32, "mke2fs -q -F -t ext4", ext},
		{model.Ext4, 32, "mke2fs -q -F -t ext4 -b 4096 -m 7", ext},
		{model.Ext4, 32, "mke2fs -q -F -t ext4 -O bigalloc,quota,inline_data,casefold,verity,project", ext},
		{model.Ext4, 32, "mke2fs -q -F -t ext4 -O ^has_journal,meta_bg,^resize_inode -I 128", ext},
		{model.Ext4, 32, "mke2fs -q -F -t ext4 -M /srv/data -e panic", ext},
		{model.Ext4, 32, "mke2fs -q -F -t ext4 -E packed_meta_blocks=1 -O sparse_super2,fast_commit,mmp", ext},
		{model.XFS, 320, "mkfs.xfs -q -i size=1024", counts{"blocksize", "dblocks", "fdblocks"}},
		{model.Btrfs, 128, "mkfs.btrfs -q --csum xxhash", counts{"sectorsize", "dev_item.total_bytes", ""}},
	} {
		t.Run(c.mkfs, func(t *testing.T) {
			testneed.Tool(t, strings.Fields(c.mkfs)[0])
			path := image(t, c.mib, c.mkfs+" $i")
			said := Ask(context.Background(), c.kind, path, "p1").Output
			number := func(name string) int64 {
				n, err := strconv.ParseInt(field(said, name), 10, 64)
				if err != nil {
					t.Error(err)
				}
				return n
			}
			sheet, _ := looked(t, path)
			block, size, used := number(c.block), number(c.size), int64(0)
			if c.kind == model.Btrfs { // it counts in bytes
				used = number("bytes_used")
			} else {
				used = (size - number(c.free)) * block
				size *= block
			}
			for name, want := range map[string]int64{"Block size": block, "Size": size, "Used": used} {
				if got := strings.ReplaceAll(value(sheet, "File system", name), ",", ""); !strings.Contains("("+got, fmt.Sprintf("(%d bytes", want)) {
					t.Errorf("%s: %q, the tool says %d", name, got, want)
				}
			}
		})
	}
}

// TestAgainstBlkid compares kind, label and UUID. What else the superblock holds the tool must say, or else the sheet.
func TestAgainstBlkid(t *testing.T) {
	testneed.Tool(t, "blkid")
	for _, c := range []struct {
		tool   string
		mib    int
		script string
		kind   model.FSKind
		says   string // a line of the tool, with single blanks
		start  string // what the sheet says of the position that the superblock stores
	}{
		{"mke2fs", 16, "mke2fs -q -F -t ext4 -L ext-label $i", model.Ext4, "Errors behavior: Continue", ""},
		{"mkfs.xfs", 320, "mkfs.xfs -q -L xfs-label $i", model.XFS, "sectsize = 512", ""},
		{"mkfs.btrfs", 128, "mkfs.btrfs -q -L btrfs-label $i", model.Btrfs, "num_devices 1", ""},
		{"mkfs.fat", 40, "mkfs.fat -F 32 -n FATLABEL -h 63 $i", model.FAT32, "hidden sectors: 63", "sector 63 "},
		{"mkfs.ntfs", 16, "mkfs.ntfs -q -F -L ntfs-label -p 2048 -H 16 -S 63 $i", model.NTFS, "Cluster Size: 4096", "sector 2,048 "},
		{"mkfs.exfat", 16, "mkfs.exfat -L exfatlabel $i", model.ExFAT, "Cluster size: 4096", "sector 0 "},
		{"mkfs.f2fs", 64, "mkfs.f2fs -q -l f2fs-label $i", model.F2FS, "Super block", ""},
		{"mkswap", 16, "mkswap -q -L swap-label $i", model.Swap, "LABEL: swap-label", ""},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			testneed.Tool(t, c.tool)
			path := image(t, c.mib, c.script)
			sheet, _ := looked(t, path)
			said := strings.ReplaceAll(sh(t, ".", "blkid -p -o export "+path), "TYPE=vfat", "TYPE=fat32")
			for name, key := range map[string]string{"Kind": "TYPE", "Label": "LABEL", "UUID": "UUID"} {
				if got := value(sheet, "File system", name); got != strings.ReplaceAll(field(said, key), `\`, "") {
					t.Errorf("%s: %q, blkid says %q", name, got, field(said, key))
				}
			}
			if got := value(sheet, "File system", "Stored start"); !strings.HasPrefix(got, c.start) || (got == "") != (c.start == "") {
				t.Errorf("it starts at %q, want %q", got, c.start)
			}
			answer := Ask(context.Background(), c.kind, path, "p1")
			if !strings.Contains(strings.Join(strings.Fields(answer.Output), " "), c.says) || strings.Contains(answer.Output, path) || !strings.HasSuffix(answer.Command, " p1") && c.kind != model.FAT32 {
				t.Errorf("the tools say %+v", answer)
			}
		})
	}
}

func TestPartitionsAgainstSfdisk(t *testing.T) {
	testneed.Tool(t, "sfdisk")
	for _, script := range []string{
		`label: gpt\nsize=4M,name="été"\nstart=20481,size=2000,type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B,attrs="GUID:59,LegacyBIOSBootable"\n`,
		`label: dos\nstart=63,size=4000,bootable,type=c\nstart=8192,size=50000,type=f\nstart=8255,size=9000\nstart=20480,size=4096,type=82\n`,
	} {
		path := image(t, 40, "printf '"+script+"' | sfdisk -q $i")
		var said struct {
			Partitiontable struct {
				ID         string
				Partitions []struct {
					Node, Type, UUID, Name string
					Start, Size            int64
				}
			}
		}
		if err := json.Unmarshal([]byte(sh(t, ".", "sfdisk --json "+path)), &said); err != nil {
			t.Fatal(err)
		}
		sheet, d := looked(t, path)
		id := value(sheet, "Table", "Disk GUID") + value(sheet, "Table", "Disk signature")
		if !strings.EqualFold(id, said.Partitiontable.ID) {
			t.Errorf("the disk is %q, sfdisk says %q", id, said.Partitiontable.ID)
		}
		for _, p := range said.Partitiontable.Partitions {
			var n int
			if _, err := fmt.Sscanf(strings.TrimPrefix(p.Node, path), "%d", &n); err != nil {
				t.Fatal(err)
			}
			q, ok := d.ByNumber(n)
			if !ok {
				t.Fatalf("there is no p%d", n)
			}
			s := Partition(strings.NewReader(""), d, q, "image")
			for name, want := range map[string]string{
				"Start": fmt.Sprintf("sector %d (byte %d", p.Start, p.Start*512), "End": fmt.Sprintf("sector %d (byte ", p.Start+p.Size-1),
				"Name": p.Name,
			} {
				if got := strings.ReplaceAll(value(s, "Partition", name), ",", ""); !strings.HasPrefix(got, want) || want == "" && got != "" {
					t.Errorf("p%d: %s: %q, sfdisk says %q", n, name, got, want)
				}
			}
			if got := value(s, "Partition", "PARTUUID"); p.UUID != "" && !strings.EqualFold(got, p.UUID) {
				t.Errorf("p%d: PARTUUID %q, sfdisk says %q", n, got, p.UUID)
			}
			if got := strings.ToLower(value(s, "Partition", "Type")); !strings.Contains(got, strings.ToLower(p.Type)) {
				t.Errorf("p%d: type %q, sfdisk says %q", n, got, p.Type)
			}
		}
	}
}

func TestMissingTool(t *testing.T) {
	said := said(context.Background(), fsys.Inquiry{Package: "no-such-package", Argv: []string{"no-such-tool", "{}"}}, "/dev/null", "p1")
	if said.Err != "no-such-tool is not installed: apt install no-such-package" || said.Command != "no-such-tool p1" {
		t.Errorf("%+v", said)
	}
}
