package image

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/oracle"
	"shunt/model/scan"
	"shunt/model/table"
	"shunt/model/testneed"
	"shunt/ops"
	"shunt/ops/session"
)

// toSectorsOf converts an image with sectors of from bytes into one with sectors of to bytes and returns the notes.
func toSectorsOf(t *testing.T, path, dst string, from, to geometry.SectorSize, unusable bool) (notes []string, err error) {
	t.Helper()
	c := Conversion{From: path, To: dst, Format: Raw, SectorSize: to, Unusable: unusable, Note: func(text string) { notes = append(notes, text) }}
	return notes, Convert(t.Context(), c, Options{Session: session.Options{SectorSize: from}})
}

// partitionBytes returns where the partitions of an image are, in bytes, with what identifies them.
func partitionBytes(t *testing.T, path string, z geometry.SectorSize) (list []string) {
	t.Helper()
	f, err := os.Open(path)
	require(t, err)
	defer func() { require(t, f.Close()) }()
	info, err := f.Stat()
	require(t, err)
	d, err := table.Read(f, info.Size(), z)
	require(t, err)
	if len(d.Problems()) > 0 {
		t.Errorf("%s: %v", path, d.Problems())
	}
	list = append(list, d.Table.ID)
	for p := range d.Each() {
		list = append(list, fmt.Sprintln(p.Number, p.Role, z.Bytes(p.Span.Start), z.Bytes(p.Span.End), p.Type, p.Name, p.UUID, p.Attributes, p.Active))
	}
	return list
}

// TestConvertSectors converts a GPT and an MBR to sectors of 4096 bytes and back: all bytes are as they were. Between the two
// the partitions have their places, and sfdisk, sgdisk and the kernel agree.
func TestConvertSectors(t *testing.T) {
	for label, script := range map[string]string{
		"gpt": `printf '%s\n' 'label: gpt' 'first-lba: 34' \
			'start=2048, size=32768, name=one, type=linux, attrs="LegacyBIOSBootable GUID:60"' \
			'4: start=57344, size=8192, type=uefi' '2: start=40960, size=8, type=swap' | sfdisk -q "$IMG"`,
		"dos": `printf '%s\n' 'label: dos' 'label-id: 0x1234abcd' 'start=2048, size=32768, type=83, bootable' \
			'start=40960, size=32768, type=5' 'start=43008, size=4096, type=83' 'start=49152, size=8, type=82' | sfdisk -q "$IMG"
			printf 'boot code' | dd of="$IMG" conv=notrunc status=none
			printf 'more of it' | dd of="$IMG" bs=512 seek=1 conv=notrunc status=none`,
	} {
		t.Run(label, func(t *testing.T) {
			dir := t.TempDir()
			wide, back := filepath.Join(dir, "wide.raw"), filepath.Join(dir, "back.raw")
			const offset = 2048 * 512
			first := oracle.Image(t, 40, script+`
				mkdir tree; head -c 100000 /dev/urandom > tree/file
				mkfs.ext4 -q -b 4096 -d tree -E offset=1048576 "$IMG" 16M`)
			if _, err := toSectorsOf(t, first, wide, geometry.Sector512, geometry.Sector4096, false); err != nil {
				t.Fatal(err)
			}
			was, now := partitionBytes(t, first, geometry.Sector512), partitionBytes(t, wide, geometry.Sector4096)
			if strings.Join(was, "") != strings.Join(now, "") {
				t.Errorf("before %q\nafter %q", was, now)
			}
			oracle.ExtClean(t, wide, offset)
			oracle.SameFiles(t, oracle.ExtFiles(t, wide, offset), oracle.ExtFiles(t, first, offset))
			if _, err := toSectorsOf(t, wide, back, geometry.Sector4096, geometry.Sector512, false); err != nil {
				t.Fatal(err)
			}
			testneed.Shell(t, ".", "cmp '"+first+"' '"+back+"'")
			if os.Geteuid() == 0 {
				wideLoop(t, wide, oracle.SFDisk(t, first))
			}
		})
	}
}

// wideLoop has foreign programs read an image on a loop device with sectors of 4096 bytes.
func wideLoop(t *testing.T, path string, want oracle.Table) {
	t.Helper()
	loop := oracle.Loop(t, path, 4096)
	defer func() { testneed.Shell(t, ".", "losetup -d "+loop) }()
	got := oracle.SFDisk(t, loop)
	if got.Label == "gpt" {
		oracle.SGDiskClean(t, loop)
	}
	if got.SectorSize != 4096 || !strings.EqualFold(got.ID, want.ID) || len(got.Partitions) != len(want.Partitions) {
		t.Fatalf("sfdisk: %+v, want %+v", got, want)
	}
	for _, p := range want.Partitions {
		q := got.Part(t, p.Number)
		if q.Off != p.Off || q.Len != p.Len || q.UUID != p.UUID || q.Name != p.Name || q.Attrs != p.Attrs || q.Type != p.Type || q.Bootable != p.Bootable {
			t.Errorf("sfdisk: %+v, want %+v", q, p)
		}
	}
}

// TestSectorLimit makes file systems, and the kernel says whether it mounts them on a device with sectors of 4096 bytes.
func TestSectorLimit(t *testing.T) {
	for _, c := range []struct {
		name, make string
		mib, want  int64
		mounts     string // kind for the kernel, "" for those that few kernels mount
	}{
		{"ext4 1k", `mkfs.ext4 -q -b 1024 "$IMG"`, 8, 1024, "ext4"},
		{"ext4 4k", `mkfs.ext4 -q -b 4096 "$IMG"`, 8, 4096, "ext4"},
		{"xfs 512", `mkfs.xfs -q -s size=512 "$IMG"`, 300, 512, "xfs"},
		{"xfs 4096", `mkfs.xfs -q -s size=4096 "$IMG"`, 300, 4096, "xfs"},
		{"fat 512", `mkfs.fat "$IMG"`, 8, 512, ""},
		{"fat 4096", `mkfs.fat -S 4096 "$IMG"`, 32, 4096, ""},
		{"exfat", `mkfs.exfat "$IMG"`, 8, 512, ""},
		{"ntfs 512", `mkntfs -q -F -Q -s 512 "$IMG"`, 8, 512, ""},
		{"ntfs 4096", `mkntfs -q -F -Q -s 4096 "$IMG"`, 8, 4096, ""},
		{"swap", `mkswap -q "$IMG"`, 1, 4096, ""},
		{"luks", `printf word | cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$IMG" -`, 20, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := oracle.Image(t, c.mib, c.make)
			f, err := os.Open(path)
			require(t, err)
			defer func() { require(t, f.Close()) }()
			n := c.mib << 20
			fs := scan.Probe(f, 0, n)
			if got := scan.SectorLimit(f, 0, n, fs); int64(got) != c.want {
				t.Errorf("%s: %d, want %d", fs.Kind, got, c.want)
			}
			if c.mounts == "" || os.Geteuid() != 0 {
				return
			}
			testneed.Mountable(t, c.mounts)
			loop := oracle.Loop(t, path, 4096)
			said := testneed.Shell(t, t.TempDir(), "mkdir m; mount -r "+loop+" m 2>/dev/null && umount m && echo mounts; losetup -d "+loop)
			if strings.Contains(said, "mounts") != (c.want >= 4096) {
				t.Errorf("the kernel says %q", said)
			}
		})
	}
}

// TestConvertSectorsUnusable refuses a file system with smaller sectors, by its partition, unless that is allowed.
func TestConvertSectorsUnusable(t *testing.T) {
	t.Chdir(t.TempDir())
	path := oracle.Image(t, 12, `printf 'label: gpt\nstart=2048, size=8192\nstart=10240, size=8192\n' | sfdisk -q "$IMG"
		mkfs.ext2 -q -b 1024 -E offset=1048576 "$IMG" 4M
		mkfs.fat --offset=10240 "$IMG" 4096 >/dev/null`)
	_, err := toSectorsOf(t, path, "b.raw", geometry.Sector512, geometry.Sector4096, false)
	if err == nil || !errors.As(err, new(*ops.Refusal)) || !strings.Contains(err.Error(), "p1 (ext2) counts in 1024") ||
		!strings.Contains(err.Error(), "p2 (fat") || len(names(t, ".")) != 0 {
		t.Errorf("%v, left %q", err, names(t, "."))
	}
	notes, err := toSectorsOf(t, path, "b.raw", geometry.Sector512, geometry.Sector4096, true)
	if err != nil || !strings.Contains(strings.Join(notes, "\n"), "converting back: p1 (ext2), p2 (fat") {
		t.Errorf("%v, %q", err, notes)
	}
	if _, err := toSectorsOf(t, "b.raw", filepath.Join(t.TempDir(), "c.raw"), geometry.Sector4096, geometry.Sector512, false); err != nil {
		t.Errorf("smaller sectors: %v", err)
	}
	if _, err := toSectorsOf(t, path, "c.raw", geometry.Sector512, geometry.Sector512, false); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("the same sectors: %v", err)
	}
	testneed.Shell(t, ".", "sgdisk -h 1 '"+path+"'")
	if _, err := toSectorsOf(t, path, "c.raw", geometry.Sector512, geometry.Sector4096, true); err == nil || !strings.Contains(err.Error(), "hybrid") {
		t.Errorf("a hybrid MBR: %v", err)
	}
}

// TestWithSectors tries the limits of partitions. Numbers are sectors of the source.
func TestWithSectors(t *testing.T) {
	const narrow, wide = geometry.Sector512, geometry.Sector4096
	gpt, mbr := model.TableGPT, model.TableMBR
	part := func(n int, role model.Role, start, end geometry.Sector) model.Partition {
		return model.Partition{ID: model.PartID(n), Number: n, Role: role, Span: geometry.Span{Start: start, End: end}, Type: "0x83"}
	}
	primary := func(n int, start, end geometry.Sector) model.Partition { return part(n, model.Primary, start, end) }
	logical := func(n int, ebr, start, end geometry.Sector) model.Partition {
		p := part(n, model.Logical, start, end)
		p.EBR = ebr
		return p
	}
	type list = []model.Partition
	for name, c := range map[string]struct {
		kind    model.TableKind
		was     geometry.SectorSize
		sectors geometry.Sector
		parts   list
		refusal string // or
		want    []geometry.Span
		longer  bool
	}{
		"first place":       {gpt, narrow, 4096, list{primary(1, 48, 56)}, "", []geometry.Span{{Start: 6, End: 7}}, false},
		"under the entries": {gpt, narrow, 4096, list{primary(1, 40, 56)}, "p1 begins at sector 40, and the table reaches up to sector 47; first apply a plan with the line `move p1 to 48s`", nil, false},
		"no room to move":   {gpt, narrow, 4096, list{primary(1, 40, 56), primary(2, 56, 64)}, "first make room for whole sectors behind it, or, if it is not needed, `delete p1`", nil, false},
		"shorter":           {gpt, narrow, 8192, list{primary(1, 40, 4096), primary(2, 4096, 4104)}, "`move p1 to 48s and resize to 4048s`", nil, false},
		"odd start":         {gpt, narrow, 4096, list{primary(1, 63, 103)}, "p1 at sectors 63-102 does not begin and end with sectors of 4096 bytes; first apply a plan with the line `move p1 to 64s`", nil, false},
		"odd length":        {gpt, narrow, 4096, list{primary(1, 64, 4003)}, "`resize p1 to 3936s`", nil, false},
		"two of them":       {gpt, narrow, 4096, list{primary(1, 64, 103), primary(2, 121, 4000)}, "`move p2 to 128s and resize to 3872s`", nil, false},
		"up to the backup":  {gpt, narrow, 4096, list{primary(1, 64, 4056)}, "", []geometry.Span{{Start: 8, End: 507}}, false},
		"over the backup":   {gpt, narrow, 4097, list{primary(1, 64, 4064)}, "", []geometry.Span{{Start: 8, End: 508}}, false},
		"one sector over":   {gpt, narrow, 4104, list{primary(1, 64, 4064), primary(2, 4064, 4072)}, "", []geometry.Span{{Start: 8, End: 508}, {Start: 508, End: 509}}, true},
		"back":              {gpt, wide, 512, list{primary(1, 6, 507)}, "", []geometry.Span{{Start: 48, End: 4056}}, false},
		"MBR, first place":  {mbr, narrow, 4096, list{primary(1, 8, 4096)}, "", []geometry.Span{{Start: 1, End: 512}}, false},
		"MBR, to its limit": {mbr, wide, 1 << 30, list{primary(1, 1, 1<<29)}, "", []geometry.Span{{Start: 8, End: 1 << 32}}, false},
		"MBR, beyond it":    {mbr, wide, 1 << 30, list{primary(1, 1, 1<<29+1)}, "p1 ends behind the 2.00 TiB", nil, false},
		"extended, as Debian makes it": {
			mbr, narrow, 4096,
			list{primary(1, 64, 2048), part(2, model.Extended, 2054, 4095), logical(5, 2054, 2056, 4088)},
			"",
			[]geometry.Span{{Start: 8, End: 256}, {Start: 256, End: 512}, {Start: 257, End: 511}},
			false,
		},
		"extended without room": {
			mbr, narrow, 4096,
			list{primary(1, 64, 2056), part(2, model.Extended, 2062, 4096), logical(5, 2062, 2064, 4088)},
			"",
			[]geometry.Span{{Start: 8, End: 257}, {Start: 257, End: 512}, {Start: 258, End: 511}},
			false,
		},
		"extended right behind": {
			mbr, narrow, 4096,
			list{primary(1, 64, 2056), part(2, model.Extended, 2057, 4096), logical(5, 2057, 2064, 4088)},
			"",
			[]geometry.Span{{Start: 8, End: 257}, {Start: 257, End: 512}, {Start: 258, End: 511}},
			false,
		},
		"extended in the way": {mbr, narrow, 4096, list{primary(1, 64, 2056), part(2, model.Extended, 2057, 4096), logical(5, 2057, 2060, 4088)}, "p2 at sectors 2,057-4,095, the extended partition, has no room", nil, false},
	} {
		z := narrow + wide - c.was
		d := model.Disk{SectorSize: c.was, Sectors: c.sectors, Table: model.FreshTable(c.kind, c.sectors, c.was)}.WithPartitions(c.parts)
		size := int64(d.Size())
		after, err := withSectors(d, size, z, func(string) {})
		if c.refusal != "" {
			if err == nil || !errors.As(err, new(*ops.Refusal)) || !strings.Contains(err.Error(), c.refusal) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, p := range after.Partitions() {
			if i >= len(c.want) || p.Span != c.want[i] {
				t.Errorf("%s: %s at %s", name, p.Ref(), p.Span)
			}
		}
		if faults := model.Check(after); len(faults) > 0 || int64(after.Size()) > size+int64(wide)-1 != c.longer {
			t.Errorf("%s: %v, %d bytes of %d", name, faults, after.Size(), size)
		}
	}
}

// TestConvertWrongSectors converts images that are read with the wrong sectors: an MBR of 4096-byte sectors as one of 512, and the
// reverse. Both are refused, and the reason names the option. What only looks odd is converted.
func TestConvertWrongSectors(t *testing.T) {
	dir := t.TempDir()
	disk := func(make string) string {
		return oracle.Image(t, 40, "printf 'label: dos\nstart=2048, size=32768, type=83\n40960,8192,82\n' | sfdisk -q \"$IMG\"; "+make)
	}
	const ext = `mkfs.ext4 -q -b 4096 -E offset=1048576 "$IMG" 16M; `
	small := disk(ext)
	wide := filepath.Join(dir, "wide.raw")
	if _, err := toSectorsOf(t, small, wide, geometry.Sector512, geometry.Sector4096, false); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path     string
		from, to geometry.SectorSize
		refused  bool
	}{
		"4096 as 512":    {wide, geometry.Sector512, geometry.Sector4096, true},
		"512 as 4096":    {small, geometry.Sector4096, geometry.Sector512, true},
		"nothing in it":  {disk(""), geometry.Sector512, geometry.Sector4096, false},
		"known contents": {disk(ext + `mkfs.ext4 -q -F -b 4096 -E offset=8388608 "$IMG" 8M`), geometry.Sector512, geometry.Sector4096, false},
	} {
		_, err := toSectorsOf(t, c.path, filepath.Join(dir, "new.raw"), c.from, c.to, false)
		if want := fmt.Sprintf("the partition table is for sectors of %d bytes, and the disk was opened with %d", c.to, c.from); c.refused {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		require(t, os.Remove(filepath.Join(dir, "new.raw")))
	}
}
