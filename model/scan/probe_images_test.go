package scan

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model/testneed"
)

const mib = 1 << 20

// probeImage is an image that a foreign tool makes.
type probeImage struct {
	name  string
	size  int64
	tools []string
	root  bool
	make  func(t *testing.T, path string)
	// peer says that it comes from peersDir, with what a newer blkid than the one here makes of it.
	peer bool
	// edit changes bytes afterwards, nil if there is nothing to change.
	edit func(t *testing.T, path string)
	// alone says that blkid does not know it.
	alone bool
}

// with is one command line; %s stands for the image.
func with(line ...string) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		t.Helper()
		argv := make([]string, len(line))
		for i, word := range line {
			argv[i] = strings.ReplaceAll(word, "%s", path)
		}
		tool(t, "", argv...)
	}
}

// tool runs a command, which must succeed, and returns what it printed.
func tool(t *testing.T, stdin string, argv ...string) string {
	t.Helper()
	cmd := exec.Command(testneed.Tool(t, argv[0]), argv[1:]...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "MTOOLS_SKIP_CHECK=1")
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return string(out)
}

// poke overwrites bytes of the image.
func poke(off int64, b []byte) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		t.Helper()
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(b, off); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// peersDir holds images that other projects test with, of kinds that no tool here makes, each with the verdict of its
// project: those of libblkid are tests/ts/blkid/images-fs and tests/expected/blkid in the source of util-linux.
const peersDir = "testdata/peers"

// fromPeer unpacks an image of peersDir.
func fromPeer(name string) probeImage {
	return probeImage{name: name, peer: true, tools: []string{"xz"}, make: func(t *testing.T, path string) {
		t.Helper()
		tool(t, "", "sh", "-c", `xz -dc "$1" >"$2"`, "sh", filepath.Join(peersDir, name+".img.xz"), path)
	}}
}

const someUUID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"

// probeImages are what Probe is tried on.
var probeImages = []probeImage{
	{name: "ext2", size: 8 * mib, make: with("mke2fs", "-q", "-t", "ext2", "-L", "second", "-U", someUUID, "%s")},
	{name: "ext3", size: 16 * mib, make: with("mke2fs", "-q", "-t", "ext3", "-L", "third", "-U", someUUID, "%s")},
	{name: "ext4", size: 16 * mib, make: with("mke2fs", "-q", "-t", "ext4", "-L", "the fourth one", "-U", someUUID, "%s")},
	{name: "ext4-4k", size: 64 * mib, make: with("mke2fs", "-q", "-t", "ext4", "-b", "4096", "-U", someUUID, "%s")},
	{name: "ext4-nojournal", size: 16 * mib, make: with("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-U", someUUID, "%s")},
	{name: "ext4-bigalloc", size: 64 * mib, make: with("mke2fs", "-q", "-t", "ext4", "-O", "bigalloc,^resize_inode", "-U", someUUID, "%s")},
	{name: "ext4-old", size: 16 * mib, make: with("mke2fs", "-q", "-t", "ext4", "-O", "^metadata_csum,^64bit,uninit_bg", "-U", someUUID, "%s")},
	{name: "ext2-metabg", size: 16 * mib, make: with("mke2fs", "-q", "-t", "ext2", "-O", "meta_bg,^resize_inode", "-U", someUUID, "%s")},
	{name: "ext2-rev0", size: 8 * mib, make: with("mke2fs", "-q", "-t", "ext2", "-r", "0", "-U", someUUID, "%s")},
	{name: "ext2-journaldev", size: 8 * mib, make: with("mke2fs", "-q", "-O", "journal_dev", "-L", "log", "-U", someUUID, "%s")},
	{
		name: "ext4-recover", size: 16 * mib,
		make: with("mke2fs", "-q", "-t", "ext4", "-U", someUUID, "%s"),
		edit: with("debugfs", "-w", "-R", "feature needs_recovery", "%s"),
	},
	{
		name: "ext4-errors", size: 16 * mib,
		make: with("mke2fs", "-q", "-t", "ext4", "-U", someUUID, "%s"),
		edit: with("debugfs", "-w", "-R", "ssv state 3", "%s"),
	},
	{
		name: "ext2-unclean", size: 16 * mib,
		make: with("mke2fs", "-q", "-t", "ext2", "-U", someUUID, "%s"),
		edit: with("debugfs", "-w", "-R", "ssv state 0", "%s"),
	},
	{name: "fat12", size: 1440 << 10, make: with("mkfs.fat", "-F", "12", "-n", "FLOPPY", "-i", "12345678", "%s")},
	{name: "fat16", size: 20 * mib, make: with("mkfs.fat", "-F", "16", "-n", "SIXTEEN", "-i", "9abcdef0", "%s")},
	{name: "fat16-nolabel", size: 20 * mib, make: with("mkfs.fat", "-F", "16", "-i", "0000beef", "%s")},
	{name: "fat32", size: 40 * mib, make: with("mkfs.fat", "-F", "32", "-n", "THIRTYTWO", "-i", "cafe0001", "%s")},
	{name: "fat32-4k", size: 300 * mib, make: with("mkfs.fat", "-F", "32", "-S", "4096", "-n", "WIDE", "-i", "cafe0002", "%s")},
	{
		name: "fat32-noinfo", size: 40 * mib, // the free count is lost: the FAT is counted
		make: with("mkfs.fat", "-F", "32", "-n", "THIRTYTWO", "-i", "cafe0003", "%s"),
		edit: poke(512+488, []byte{0xFF, 0xFF, 0xFF, 0xFF}),
	},
	{
		name: "fat32-relabelled", size: 40 * mib, // the boot sector still says OLD
		make: with("mkfs.fat", "-F", "32", "-n", "OLD", "-i", "cafe0004", "%s"),
		edit: with("mlabel", "-i", "%s", "::NEW"),
	},
	{
		name: "fat16-dirty", size: 20 * mib,
		make: with("mkfs.fat", "-F", "16", "-i", "9abcdef1", "%s"),
		edit: poke(37, []byte{1}),
	},
	{
		name: "fat16-files", size: 20 * mib,
		make: with("mkfs.fat", "-F", "16", "-i", "9abcdef2", "%s"),
		edit: with("mcopy", "-Q", "-s", "-i", "%s", "probe_images_test.go", "probe.go", "::"),
	},
	{name: "exfat", size: 20 * mib, make: with("mkfs.exfat", "-L", "exlabel", "%s")},
	{name: "exfat-1g", size: 1 << 30, make: with("mkfs.exfat", "-L", "größer", "%s")},
	{name: "ntfs", size: 16 * mib, make: with("mkntfs", "-q", "-Q", "-F", "-L", "Windows ä", "%s")},
	{name: "ntfs-1k", size: 16 * mib, make: with("mkntfs", "-q", "-Q", "-F", "-c", "1024", "%s")},
	{name: "ntfs-hibernated", size: 16 * mib, make: with("mkntfs", "-q", "-Q", "-F", "%s"), edit: hibernate("hibr", 1)},
	{name: "ntfs-resumed", size: 16 * mib, make: with("mkntfs", "-q", "-Q", "-F", "%s"), edit: hibernate("wake", 1)},
	{name: "ntfs-many", size: 16 * mib, make: with("mkntfs", "-q", "-Q", "-F", "%s"), edit: hibernate("HIBR", 60)},
	{name: "xfs", size: 300 * mib, make: with("mkfs.xfs", "-q", "-L", "xlabel", "-m", "uuid="+someUUID, "%s")},
	{name: "btrfs", size: 128 * mib, make: with("mkfs.btrfs", "-q", "-L", "btr label", "-U", someUUID, "%s")},
	{name: "f2fs", size: 64 * mib, make: with("mkfs.f2fs", "-q", "-l", "flash", "-U", someUUID, "%s")},
	{name: "nilfs2", size: 129 * mib, make: with("mkfs.nilfs2", "-q", "-L", "some nilfs", "%s")},
	{
		name: "nilfs2-backup", size: 129 * mib, // the first superblock is lost
		make: with("mkfs.nilfs2", "-q", "-L", "some nilfs", "%s"),
		edit: poke(1024, make([]byte, 1024)),
	},
	{name: "jfs", size: 16 * mib, make: with("mkfs.jfs", "-q", "-L", "jfs label", "%s")},
	{name: "reiserfs", size: 40 * mib, make: with("mkreiserfs", "-q", "-f", "-f", "-l", "reis label", "-u", someUUID, "%s")},
	{name: "udf", size: 20 * mib, make: with("mkudffs", "--utf8", "--media-type=hd", "--udfrev=0x201", "--blocksize=512", "--label=größe", "%s")},
	{name: "udf-4k", size: 20 * mib, make: with("mkudffs", "--utf8", "--media-type=hd", "--blocksize=4096", "--label=\u20ac", "%s")},
	{name: "swap", size: 2 * mib, make: with("mkswap", "-L", "swlabel", "-U", someUUID, "%s")},
	{name: "swap-64k", size: 2 * mib, make: with("mkswap", "-p", "65536", "-U", someUUID, "%s")},
	{
		name: "swsuspend", size: 2 * mib,
		make: with("mkswap", "-L", "asleep", "-U", someUUID, "%s"),
		edit: poke(4086, []byte("S1SUSPEND\x00")),
	},
	{name: "luks1", size: 4 * mib, tools: []string{"cryptsetup"}, make: luks("luks1")},
	{name: "luks2", size: 20 * mib, tools: []string{"cryptsetup"}, make: luks("luks2", "--label", "vault")},
	{name: "lvm2", size: 4 * mib, tools: []string{"losetup", "pvcreate"}, root: true, make: physicalVolume},
	{name: "iso9660", make: cdrom("-V", "CDROM_LABEL")},
	{name: "iso9660-joliet", make: cdrom("-J", "-r", "-V", "A CD-ROM with a name")},
	{name: "squashfs", make: squash},
	{name: "erofs-tool", make: erofs()},
	{name: "erofs-label", make: erofs("-E", "nosbcrc"), edit: poke(1024+64, []byte("sixteen letters!"))},
	fromPeer("bcachefs"),
	fromPeer("bcachefs-2"),
	fromPeer("bcachefs-3"),
	fromPeer("erofs"),
	fromPeer("mdraid"),
	fromPeer("mdraid-1"),
	{
		name: "ext4-oldfat", size: 16 * mib, // a FAT boot sector that the newer ext4 never touched
		make: with("mkfs.fat", "-F", "16", "-n", "GONE", "%s"),
		edit: underExt,
	},
	{name: "ext4-fat32", size: 64 * mib, make: both},
}

// hibernate puts a hiberfil.sys that begins with the magic into the root directory, behind other files, so many in all.
func hibernate(magic string, files int) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "hiberfil")
		for i := range files {
			name, content := fmt.Sprintf("some other file with a long name %d", i), []byte("small")
			if i == files-1 {
				name, content = "hiberfil.sys", append([]byte(magic), make([]byte, 20000)...)
			}
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
			tool(t, "", "ntfscp", "-f", path, file, name)
		}
	}
}

func luks(kind string, extra ...string) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		t.Helper()
		argv := append([]string{
			"cryptsetup", "luksFormat", "-q", "--type", kind, "--pbkdf-force-iterations", "1000",
			"--uuid", someUUID, "--key-file", "-", path,
		}, extra...)
		if kind == "luks2" {
			argv = append(argv, "--pbkdf", "pbkdf2")
		}
		tool(t, "passphrase", argv...)
	}
}

func physicalVolume(t *testing.T, path string) {
	t.Helper()
	testneed.File(t, "/dev/loop-control")
	loop := strings.TrimSpace(tool(t, "", "losetup", "-f", "--show", path))
	defer tool(t, "", "losetup", "-d", loop)
	tool(t, "", "pvcreate", "-q", "-ff", "-y", "--norestorefile", "--uuid", "AAAAAA-bbbb-CCCC-dddd-EEEE-ffff-000111", loop)
}

func cdrom(options ...string) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		t.Helper()
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "a long file name.txt"), []byte("hello"), 0o600); err != nil {
			t.Fatal(err)
		}
		tool(t, "", append(append([]string{"genisoimage", "-quiet", "-o", path}, options...), dir)...)
	}
}

func squash(t *testing.T, path string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), bytes.Repeat([]byte("x"), 100000), 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, "", "mksquashfs", dir, path, "-quiet", "-no-progress", "-noappend")
}

func erofs(options ...string) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		t.Helper()
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "file"), bytes.Repeat([]byte("x"), 100000), 0o600); err != nil {
			t.Fatal(err)
		}
		tool(t, "", slices.Concat([]string{"mkfs.erofs", "--quiet", "-T0", "-U", someUUID}, options, []string{path, dir})...)
	}
}

// underExt makes an ext4 behind the boot sector that the image begins with.
func underExt(t *testing.T, path string) {
	t.Helper()
	head := readHead(t, path, 1024)
	with("mke2fs", "-q", "-F", "-t", "ext4", "-U", someUUID, "%s")(t, path)
	poke(0, head)(t, path)
}

// both makes an image with an ext4 and a FAT32, each of which looks intact: the reserved sectors of the FAT have
// room for the superblock.
func both(t *testing.T, path string) {
	t.Helper()
	with("mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-U", someUUID, "%s")(t, path)
	super := readHead(t, path, 8192)[1024:2048]
	with("mkfs.fat", "-F", "32", "-i", "cafe0005", "%s")(t, path)
	poke(1024, super)(t, path)
}

func readHead(t *testing.T, path string, n int) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // only read
	head := make([]byte, n)
	if _, err := f.ReadAt(head, 0); err != nil {
		t.Fatal(err)
	}
	return head
}

// build makes the image and returns its path, or skips the test.
func (p probeImage) build(t *testing.T) string {
	t.Helper()
	if p.root {
		testneed.Root(t)
	}
	for _, name := range p.tools {
		testneed.Tool(t, name)
	}
	path := filepath.Join(t.TempDir(), p.name+".img")
	if p.size > 0 {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, p.size); err != nil {
			t.Fatal(err)
		}
	}
	p.make(t, path)
	if p.edit != nil {
		p.edit(t, path)
	}
	return path
}

// pages is a sparse image that lives in memory: those of its pages that are not zero. As bytes it is the length
// (8, little-endian) followed by the pages, each with its number (8) in front.
type pages struct {
	n    int64
	data map[int64][]byte
}

func (p pages) ReadAt(b []byte, off int64) (int, error) {
	clear(b)
	for i := 0; i < len(b); {
		at := off + int64(i)
		step := min(len(b)-i, int(pageSize-at%pageSize))
		if page, ok := p.data[at/pageSize]; ok {
			copy(b[i:i+step], page[min(at%pageSize, int64(len(page))):])
		}
		i += step
	}
	return len(b), nil
}

func (p pages) encode(order []int64) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(p.n))
	for _, number := range order {
		out = binary.LittleEndian.AppendUint64(out, uint64(number))
		out = append(out, p.data[number]...)
	}
	return out
}

func decodePages(b []byte) pages {
	p := pages{data: make(map[int64][]byte)}
	if len(b) < 8 {
		return p
	}
	p.n = int64(binary.LittleEndian.Uint64(b))
	for b = b[8:]; len(b) > 8; b = b[min(len(b), 8+pageSize):] {
		p.data[int64(binary.LittleEndian.Uint64(b))] = b[8:min(len(b), 8+pageSize)]
	}
	return p
}
