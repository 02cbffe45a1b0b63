package table

import (
	"testing"

	"shunt/model"
)

// foreign are tables as other programs make them, with what this package says of them at worst.
var foreign = []struct {
	name  string
	size  int64
	make  func(img image)
	kind  model.TableKind
	parts int
	worst model.Severity
}{
	{"sfdisk GPT with attributes and names", 64 * mib, func(img image) {
		img.sfdisk(`label: gpt
size=8M, name="données-ü", attrs="GUID:59,60,63"
size=8M, name="日本語 🐧", attrs="RequiredPartition"
size=8M, type=12345678-9ABC-4DEF-8123-456789ABCDEF, attrs="LegacyBIOSBootable NoBlockIOProtocol"
`)
	}, model.TableGPT, 3, -1},
	{"sgdisk GPT with gaps in the numbers", 64 * mib, func(img image) {
		img.sgdisk("-o", "-n1:2048:+8M", "-c1:one", "-n3:0:+8M", "-c3:three", "-n7:0:+8M", "-c7:seven", "-A7:set:48", "-A7:set:2")
	}, model.TableGPT, 3, -1},
	{"parted GPT", 64 * mib, func(img image) {
		img.parted("mklabel", "gpt", "mkpart", "first", "ext4", "1MiB", "9MiB", "mkpart", "second", "9MiB", "20MiB", "set", "2", "boot", "on")
	}, model.TableGPT, 2, -1},
	{"empty GPT", 16 * mib, func(img image) { img.sfdisk("label: gpt\n") }, model.TableGPT, 0, -1},
	{"GPT with 256 entries", 64 * mib, func(img image) {
		img.sgdisk("-o", "-S", "256", "-n1:0:+8M", "-n200:0:+8M")
	}, model.TableGPT, 2, -1},
	{"GPT with 6 entries", 64 * mib, func(img image) {
		img.sfdisk("label: gpt\ntable-length: 6\nsize=8M\nsize=8M\n")
	}, model.TableGPT, 2, -1},
	{"GPT with 13 entries", 64 * mib, func(img image) {
		img.sfdisk("label: gpt\ntable-length: 13\nsize=8M\nsize=8M\n")
	}, model.TableGPT, 2, -1},
	{"GPT with 1000 entries", 64 * mib, func(img image) {
		img.sfdisk("label: gpt\ntable-length: 1000\nsize=8M\nsize=8M\n")
	}, model.TableGPT, 2, -1},
	{"GPT with its array at LBA 100", 64 * mib, func(img image) {
		img.sgdisk("-o", "-n1:2048:+8M")
		img.sgdisk("-j", "100")
	}, model.TableGPT, 1, -1},
	{"GPT with BIOS boot before 1 MiB", 64 * mib, func(img image) {
		img.sfdisk("label: gpt\nfirst-lba: 34\nstart=34, size=2014, type=21686148-6449-6E6F-744E-656564454649\nsize=8M\n")
	}, model.TableGPT, 2, -1},
	{"GPT that ends early", 64 * mib, func(img image) {
		img.sfdisk("label: gpt\nfirst-lba: 2048\nlast-lba: 100000\nsize=8M\n")
	}, model.TableGPT, 1, -1},
	{"hybrid GPT", 64 * mib, func(img image) {
		img.sgdisk("-o", "-n1:2048:+8M", "-n2:0:+8M", "-n3:0:+8M")
		img.sgdisk("-h", "1:3")
	}, model.TableGPT, 3, model.Warning},
	{"GPT of 16 TiB", 16<<40 - int64(s4096), func(img image) {
		img.sgdisk("-o", "-n1:0:+1G", "-n2:0:+15T")
	}, model.TableGPT, 2, -1},
	{"sfdisk MBR with four primaries", 256 * mib, func(img image) {
		img.sfdisk("label: dos\nlabel-id: 0xdeadbeef\nstart=63, size=20M, type=c, bootable\nsize=20M, type=83\nsize=20M, type=82\nsize=20M, type=7\n")
	}, model.TableMBR, 4, -1},
	{"MBR with logical partitions", 256 * mib, func(img image) {
		img.sfdisk("label: dos\nsize=20M, type=83\ntype=f\nsize=20M, type=83\nsize=20M, type=82\ntype=83\n")
	}, model.TableMBR, 5, -1},
	{"MBR with a type 85 extended partition", 256 * mib, func(img image) {
		img.sfdisk("label: dos\nsize=20M, type=83\ntype=5\nsize=20M, type=83\nsize=20M, type=82\n")
		img.write(mbrEntries+mbrEntrySize+4, []byte{0x85})
	}, model.TableMBR, 4, -1},
	{"MBR with an extended partition in slot 4 only", 256 * mib, func(img image) {
		img.sfdisk("label: dos\n4: start=2048, size=100M, type=5\n")
	}, model.TableMBR, 1, -1},
	{"parted MBR with logical partitions", 256 * mib, func(img image) {
		img.parted("mklabel", "msdos", "mkpart", "primary", "ext4", "1MiB", "20MiB", "mkpart", "extended", "20MiB", "200MiB",
			"mkpart", "logical", "fat32", "21MiB", "60MiB", "mkpart", "logical", "ext4", "61MiB", "100MiB", "mkpart", "logical", "110MiB", "150MiB")
	}, model.TableMBR, 5, -1},
	{"MBR with logical partitions out of order", 256 * mib, func(img image) {
		img.sfdisk("label: dos\nstart=2048, size=200M, type=5\n")
		img.sfdisk("5: start=200000, size=10M, type=83\n", "--append")
		img.sfdisk("6: start=100000, size=10M, type=83\n", "--append")
		img.sfdisk("7: start=50000, size=10M, type=83\n", "--append")
	}, model.TableMBR, 4, -1},
	{"empty MBR", 16 * mib, func(img image) { img.sfdisk("label: dos\n") }, model.TableMBR, 0, -1},
	{"MBR on 4 TiB", 4 << 40, func(img image) {
		img.sfdisk("label: dos\nsize=1G, type=83\nstart=2147487744, size=1G, type=83\n")
	}, model.TableMBR, 2, model.Note},
	{"MBR with two boot flags", 64 * mib, func(img image) {
		img.sfdisk("label: dos\nsize=8M, bootable\nsize=8M, bootable\n")
	}, model.TableMBR, 2, model.Warning},
}

func TestForeignTables(t *testing.T) {
	t.Parallel()
	for _, c := range foreign {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			img := newImage(t, c.size)
			c.make(img)
			d := img.read(s512)
			if d.Table.Kind != c.kind || len(d.Partitions()) != c.parts {
				t.Fatalf("%v with %d partitions, want %v with %d:\n%s", d.Table.Kind, len(d.Partitions()), c.kind, c.parts, describe(d))
			}
			if got := worst(d); got != c.worst {
				t.Errorf("worst problem %d, want %d: %+v", got, c.worst, d.Problems())
			}
			sfdiskAgrees(t, img.path, d)
			for n, p := range d.Partitions() {
				if p.ID == 0 || p.FS.Known() {
					t.Errorf("partition %d: ID %d, file system %v", n, p.ID, p.FS)
				}
			}
			for _, p := range model.Check(d) {
				t.Errorf("the model is broken: %+v", p)
			}
			writesNothing(t, img, d)
		})
	}
}

// writesNothing checks that a table of which nothing changes is left alone, and that it comes back whole if
// it has to be written over rubble.
func writesNothing(t *testing.T, img image, d model.Disk) {
	t.Helper()
	patches, err := Encode(img.open(), d, d, newUUIDs())
	if err != nil || len(patches) != 0 {
		t.Errorf("without a change: %d patches, %v", len(patches), err)
	}
	rubble := rubbleOver{img.open(), mustRegions(t, img, d)}
	patches, err = EncodeOver(img.open(), rubble, d, d, newUUIDs())
	if err != nil {
		t.Fatal(err)
	}
	back, err := Read(patched{rubble, patches}, img.size(), s512)
	if err != nil || !sameTable(d, back) {
		t.Errorf("over rubble: %v %s", err, difference(back, d))
	}
}

func mustRegions(t testing.TB, img image, d model.Disk) []Range {
	t.Helper()
	ranges, err := Regions(img.open(), d)
	if err != nil {
		t.Fatal(err)
	}
	return ranges
}

// rubbleOver is a disk on which something has overwritten ranges.
type rubbleOver struct {
	r interface {
		ReadAt(b []byte, off int64) (int, error)
	}
	ranges []Range
}

func (r rubbleOver) ReadAt(b []byte, off int64) (int, error) {
	n, err := r.r.ReadAt(b, off)
	for _, g := range r.ranges {
		for i := max(off, g.Off); i < min(off+int64(n), g.Off+g.Len); i++ {
			b[i-off] = 0xEE
		}
	}
	return n, err
}
