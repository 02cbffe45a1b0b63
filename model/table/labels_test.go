package table

import (
	"strings"
	"testing"

	"shunt/model"
	"shunt/model/oracle"
)

// TestLabels has foreign programs make tables that shunt knows by name, empty and with a partition.
func TestLabels(t *testing.T) {
	const bsdInMBR = "echo 'start=2048,size=40960,type=a5' | sfdisk -q $IMG; printf 'b\\ny\\nw\\n' | fdisk $IMG >/dev/null 2>&1; true"
	for _, c := range []struct{ name, make, blkid string }{
		{"SGI disklabel", "parted -s $IMG mklabel dvh", "sgi"},
		{"SGI disklabel", "printf 'G\\nn\\n1\\n\\n\\nw\\n' | fdisk -w never $IMG", "sgi"},
		{"Sun disklabel", "parted -s $IMG mklabel sun", "sun"},
		{"Sun disklabel", "printf 's\\nw\\n' | fdisk $IMG", "sun"},
		{"Sun disklabel", "printf 'label: sun\\nsize=20M\\n' | sfdisk -q $IMG", "sun"},
		{"Apple partition map", "parted -s $IMG mklabel mac", "mac"},
		{"Apple partition map", "parted -s $IMG mklabel mac mkpart x ext2 1MiB 20MiB", "mac"},
		{"Amiga rigid disk block", "parted -s $IMG mklabel amiga", ""},
		{"Amiga rigid disk block", "parted -s $IMG mklabel amiga mkpart ext2 4MiB 20MiB", ""},
		{"BSD disklabel", "parted -s $IMG mklabel bsd", ""},
		{"BSD disklabel", "parted -s $IMG mklabel bsd mkpart ext2 1MiB 20MiB", ""},
		// FDISK puts it into a partition; as the only thing on a disk it is as large as that.
		{"BSD disklabel", bsdInMBR + "; dd if=$IMG of=d bs=512 skip=2048 count=40960 status=none; dd if=/dev/zero of=d bs=512 count=1 conv=notrunc status=none; mv d $IMG", ""},
		{"Atari partition table", "parted -s $IMG mklabel atari", ""},
		{"Atari partition table", "parted -s $IMG mklabel atari mkpart primary ext2 1MiB 20MiB", "atari"},
		{"PC-98 partition table", "parted -s $IMG mklabel pc98", "dos"},
		{"PC-98 partition table", "parted -s $IMG mklabel pc98 mkpart ext2 8MiB 20MiB", "dos"},
		{"GNU Parted loop label", "parted -s $IMG mklabel loop", ""},
		{"AIX volume table", "printf '\\311\\302\\324\\301' | dd of=$IMG conv=notrunc status=none", "aix"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := oracle.Image(t, 64, c.make)
			if got := oracle.Blkid(t, path, "PTTYPE"); c.blkid != "" && got != c.blkid { // it does not know them all
				t.Errorf("blkid says %q", got)
			}
			d := image{t: t, path: path}.read(s512)
			if d.Table.Kind != model.TableNone || d.Table.String() != c.name || worst(d) != model.Fatal {
				t.Fatalf("%s: table %s, problems %+v", c.make, d.Table, d.Problems())
			}
			if text := d.ReadOnly(); !strings.Contains(string(text), c.name) {
				t.Error(text)
			}
		})
	}
}

// TestNoLabel has disks whose bytes are like those of such tables, but that have another one or a file system.
func TestNoLabel(t *testing.T) {
	for _, c := range []struct {
		name, make string
		kind       model.TableKind
	}{
		{"MBR made over a Sun disklabel", "parted -s $IMG mklabel sun; echo size=20M | sfdisk -q --label dos $IMG", model.TableMBR},
		{"MBR made over a BSD disklabel", "parted -s $IMG mklabel bsd; echo size=20M | sfdisk -q --label dos $IMG", model.TableMBR},
		{"GPT made over an Apple map", "parted -s $IMG mklabel mac; echo size=20M | sfdisk -q --label gpt $IMG", model.TableGPT},
		{"FAT with a name like PC-98", "mkfs.fat $IMG; printf 'IPL1' | dd of=$IMG bs=1 seek=4 conv=notrunc status=none", model.TableNone},
		{"XFS", "truncate -s 300M $IMG; mkfs.xfs -q $IMG", model.TableNone},
		{"only the first letters of an Apple map", "printf ER | dd of=$IMG conv=notrunc status=none", model.TableNone},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := image{t: t, path: oracle.Image(t, 64, c.make)}.read(s512)
			if d.Table.Kind != c.kind || d.Table.Foreign != "" || worst(d) == model.Fatal {
				t.Errorf("table %s, problems %+v", d.Table, d.Problems())
			}
		})
	}
}
