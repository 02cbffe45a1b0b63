package scan_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan"
	"shunt/model/testneed"
)

// lostKind makes contents of one kind.
type lostKind struct {
	kind model.FSKind
	mib  int
	make string // a shell command; "$1" is the file
	// copied says that a superblock is left after the first 4 KiB are gone, and leads to the start; headless, that nothing but
	// the copy describes the contents then.
	copied, headless bool
	// least says that it tells less than the length of its partition.
	least bool
}

var lostKinds = []lostKind{
	{"ext4", 40, `mke2fs -q -t ext4 -b 1024 -L four "$1"`, true, true, false},
	{"ext4", 140, `mke2fs -q -t ext4 -b 4096 "$1"`, true, true, false},
	{"ext2", 12, `mke2fs -q -t ext2 "$1"`, true, true, false},
	{"ext3", 20, `mke2fs -q -t ext3 "$1"`, true, true, false},
	{"fat16", 20, `mkfs.fat -F 16 -n SIXTEEN "$1"`, false, false, false},
	{"fat12", 2, `mkfs.fat -F 12 "$1"`, false, false, false},
	{"fat32", 40, `mkfs.fat -F 32 -s 1 -n WIDE "$1"`, true, true, false},
	{"exfat", 20, `mkfs.exfat -L ex "$1"`, true, true, false},
	{"ntfs", 16, `mkntfs -q -Q -F -L nt "$1"`, true, true, false},
	{"xfs", 300, `mkfs.xfs -q -L x "$1"`, true, true, false},
	{"btrfs", 128, `mkfs.btrfs -q -L b "$1"`, true, true, false},
	{"f2fs", 64, `mkfs.f2fs -q -l f "$1"`, true, false, false},
	{"nilfs2", 129, `mkfs.nilfs2 -q -L n "$1"`, true, false, false},
	{"swap", 10, `mkswap -L s "$1"`, false, false, false},
	{"swap", 5, `mkswap -p 65536 "$1"`, false, false, false},
	{"luks", 20, `printf key | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$1" -`, true, false, false},
	{"jfs", 16, `mkfs.jfs -q "$1"`, true, false, false},
	{"reiserfs", 40, `mkfs.reiserfs -q -f -f "$1"`, true, false, false},
	{"squashfs", 4, `mkdir "$1.d"; seq 1 90000 >"$1.d/f"; mksquashfs "$1.d" "$1" -quiet -noappend -no-progress >&2; truncate -s 4M "$1"`, false, false, true},
}

// placed is where a partition was.
type placed struct {
	lostKind
	span geometry.Span
}

// lostDisk makes an image of partitions with all kinds, one behind another, and returns where they are.
func lostDisk(t testing.TB, kinds []lostKind) (path string, places []placed) {
	t.Helper()
	dir := t.TempDir()
	path = filepath.Join(dir, "disk")
	at := geometry.Sector(2048)
	table := "label: gpt\nfirst-lba: 34\n"
	for i, k := range kinds {
		part := filepath.Join(dir, fmt.Sprint("part", i))
		shell(t, dir, fmt.Sprintf("truncate -s %dM %s; set -- %s; %s", k.mib, part, part, k.make))
		shell(t, dir, fmt.Sprintf("[ -e disk ] || truncate -s 0 disk; truncate -s %d disk; dd if=%s of=disk bs=1M seek=%d conv=notrunc,sparse status=none",
			at*512+geometry.Sector(k.mib+1)<<20, part, at/2048))
		n := geometry.Sector(k.mib) * 2048
		places = append(places, placed{k, geometry.SpanOf(at, n)})
		table += fmt.Sprintf("start=%d, size=%d\n", at, n)
		at += n
	}
	shell(t, dir, "rm -r part*; sfdisk -q disk <<'END'\n"+table+"END\n")
	return path, places
}

func shell(t testing.TB, dir, script string) {
	t.Helper()
	cmd := exec.Command("sh", "-ec", script)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

// searchLost scans an image and searches it.
func searchLost(t testing.TB, path string, how scan.LostSearch) (model.Disk, []model.Lost) {
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
	found, err := scan.Lost(context.Background(), holedFile{f}, d, how)
	if err != nil {
		t.Fatal(err)
	}
	return d, found.Lost
}

// holedFile knows the holes of its file.
type holedFile struct{ *os.File }

func (f holedFile) Data(off int64) (start, end int64, err error) {
	if start, err = f.Seek(off, unix.SEEK_DATA); errors.Is(err, unix.ENXIO) {
		info, err := f.Stat()
		return info.Size(), info.Size(), err
	}
	if err == nil {
		end, err = f.Seek(start, unix.SEEK_HOLE)
	}
	return start, end, err
}

func lostText(list []model.Lost) string {
	var b strings.Builder
	for i, l := range list {
		fmt.Fprintf(&b, "lost%d %s %s %s inside %d stays %q headless %v: %s\n", i+1, l.Span.Inclusive(), l.FS.Kind, l.Trust, l.Inside, l.Stays, l.Headless,
			strings.Join(l.Why, "; "))
	}
	return b.String()
}

// TestLost makes every kind of contents with foreign programs, takes the table away in several ways, and expects each
// partition at its place and with its size.
func TestLost(t *testing.T) {
	for _, name := range []string{
		"mke2fs", "mkfs.fat", "mkfs.exfat", "mkntfs", "mkfs.xfs", "mkfs.btrfs", "mkfs.f2fs", "mkfs.nilfs2", "mkswap", "cryptsetup", "mkfs.jfs",
		"mkfs.reiserfs", "mksquashfs", "sfdisk", "sgdisk",
	} {
		testneed.Tool(t, name)
	}
	path, places := lostDisk(t, lostKinds)
	for _, tt := range []struct{ name, script string }{
		{"header gone", "sgdisk --zap disk"},
		{"zapped", "sgdisk --zap-all disk"},
		{"entries deleted", "echo 'label: gpt' | sfdisk -q -w never disk"},
		{"another table", "echo 'label: dos' | sfdisk -q -w never disk"},
	} {
		shell(t, filepath.Dir(path), tt.script)
		_, found := searchLost(t, path, scan.LostSearch{})
		expectAll(t, tt.name, found, places)
	}
	var copied []placed
	for _, p := range places {
		shell(t, filepath.Dir(path), fmt.Sprintf("dd if=/dev/zero of=disk bs=512 seek=%d count=%d conv=notrunc status=none", p.span.Start, p.gone()))
		if p.copied {
			copied = append(copied, p)
		}
	}
	_, found := searchLost(t, path, scan.LostSearch{})
	expectAll(t, "first superblocks gone", found, copied)
	for _, l := range found {
		for _, p := range places {
			if p.span.Start == l.Span.Start && p.headless != l.Headless {
				t.Errorf("%s: headless %t", p.kind, l.Headless)
			}
		}
	}
}

// expectAll fails unless just these partitions were found.
func expectAll(t *testing.T, name string, found []model.Lost, places []placed) {
	t.Helper()
	for _, p := range places {
		expectLost(t, found, p)
	}
	if len(found) != len(places) {
		t.Errorf("%d found of %d", len(found), len(places))
	}
	if t.Failed() {
		t.Fatalf("%s:\n%s", name, lostText(found))
	}
}

// expectLost fails unless the partition was found at its place.
func expectLost(t *testing.T, found []model.Lost, p placed) {
	t.Helper()
	for _, l := range found {
		if l.Span.Start == p.span.Start {
			if l.Span != p.span && !p.least || l.FS.Kind != p.kind || !l.Returns() || l.Inside != 0 {
				t.Errorf("%s at %s was found as %s", p.kind, p.span.Inclusive(), lostText([]model.Lost{l}))
			}
			return
		}
	}
	t.Errorf("%s at %s was not found", p.kind, p.span.Inclusive())
}

// gone is how many sectors of its beginning are overwritten: those of the first superblock, not of the copy.
func (p placed) gone() int {
	switch p.kind {
	case "btrfs":
		return 256
	case "fat32", "exfat", "xfs", "ntfs":
		return 1
	}
	return 8
}

// TestLostTables finds partitions by what is left of tables: a chain of logical partitions whose extended one was deleted, and
// the backup of a GPT on a disk that grew and whose beginning was overwritten. Nothing is in one of them.
func TestLostTables(t *testing.T) {
	for _, name := range []string{"mke2fs", "mkswap", "sfdisk", "sgdisk"} {
		testneed.Tool(t, name)
	}
	dir := t.TempDir()
	shell(t, dir, `truncate -s 100M mbr gpt
		printf 'label: dos\nstart=2048, size=20480, type=c\nstart=22528, type=f\nsize=20480\nsize=10240, type=82\nsize=8192, type=7\n' | sfdisk -q mbr
		mke2fs -q -t ext4 -E offset=$((24576*512)) mbr 10240k; truncate -s 5M swap; mkswap swap; dd if=swap of=mbr bs=512 seek=47104 conv=notrunc status=none
		sfdisk -q --delete mbr 2
		printf 'label: gpt\nsize=20480, name=root, uuid=0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0\nsize=10240, type=swap\n' | sfdisk -q gpt
		mke2fs -q -t ext4 -E offset=1048576 gpt 10M; truncate -s 120M gpt; dd if=/dev/zero of=gpt bs=512 count=34 conv=notrunc status=none`)
	d, found := searchLost(t, filepath.Join(dir, "mbr"), scan.LostSearch{})
	want := []struct {
		span geometry.Span
		kind model.FSKind
		typ  model.PartType
		ebr  geometry.Sector
	}{
		{geometry.SpanOf(24576, 20480), "ext4", "0x83", 22528},
		{geometry.SpanOf(47104, 10240), "swap", "0x82", 45056},
		{geometry.SpanOf(59392, 8192), "", "0x07", 57344},
	}
	if len(found) != len(want) || len(d.Partitions()) != 1 {
		t.Fatalf("found\n%s", lostText(found))
	}
	for i, w := range want {
		if l := found[i]; l.Span != w.span || l.FS.Kind != w.kind || l.Entry.Type != w.typ || l.Entry.EBR != w.ebr || l.Listed != model.TableMBR || !l.Returns() {
			t.Errorf("want %+v, found %+v", w, l)
		}
	}
	_, found = searchLost(t, filepath.Join(dir, "gpt"), scan.LostSearch{})
	if len(found) != 2 || found[0].Entry.Name != "root" || found[0].Entry.UUID != "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0" ||
		found[0].Span != geometry.SpanOf(2048, 20480) || found[1].Span != geometry.SpanOf(22528, 10240) || found[1].Listed != model.TableGPT {
		t.Errorf("found\n%s", lostText(found))
	}
}

// TestLostInside has images of file systems as files in a file system: they are no partitions of the disk.
func TestLostInside(t *testing.T) {
	for _, name := range []string{"mke2fs", "mkfs.fat", "mkswap", "sfdisk", "mcopy"} {
		testneed.Tool(t, name)
	}
	dir := t.TempDir()
	shell(t, dir, `mkdir tree; cd tree; truncate -s 6M ext.img fat.img table.img; mke2fs -q -t ext4 ext.img; mkfs.fat -F 12 fat.img >&2
		truncate -s 2M swap; mkswap swap; printf 'label: dos\nsize=4096\nsize=2048\n' | sfdisk -q table.img; mke2fs -q -t ext2 -E offset=1048576 table.img 2M
		cat swap ext.img table.img fat.img >all; cd ..
		truncate -s 100M disk; printf 'label: gpt\nsize=60M\nsize=10M\n' | sfdisk -q disk
		truncate -s 60M part; mkfs.fat -F 16 -s 4 part >&2; mcopy -i part tree/all ::; dd if=part of=disk bs=1M seek=1 conv=notrunc status=none`)
	path := filepath.Join(dir, "disk")
	if _, found := searchLost(t, path, scan.LostSearch{}); len(found) != 0 {
		t.Errorf("found in what no partition has:\n%s", lostText(found))
	}
	if _, found := searchLost(t, path, scan.LostSearch{Everywhere: true}); len(found) < 4 {
		t.Errorf("found everywhere:\n%s", lostText(found))
	} else {
		for _, l := range found {
			if l.Returns() {
				t.Errorf("in p1: %s", lostText([]model.Lost{l}))
			}
		}
	}
	shell(t, dir, "sfdisk -q --delete disk")
	_, found := searchLost(t, path, scan.LostSearch{})
	if len(found) < 5 || found[0].Span != geometry.SpanOf(2048, 60<<11) || found[0].FS.Kind != "fat16" || !found[0].Returns() {
		t.Fatalf("found\n%s", lostText(found))
	}
	for _, l := range found[1:] {
		if l.Returns() || l.Inside != 1 {
			t.Errorf("it lies in lost1: %s", lostText([]model.Lost{l}))
		}
	}
}

// TestLostInNoise searches random bytes with a table in front, and one with signatures everywhere.
func TestLostInNoise(t *testing.T) {
	seed := testneed.Seed(t)
	rng := rand.New(rand.NewPCG(uint64(seed), 1))
	noise := make([]byte, 32<<20)
	for i := 0; i < len(noise); i += 8 {
		binary.LittleEndian.PutUint64(noise[i:], rng.Uint64())
	}
	clear(noise[:512])
	search := func(what string) {
		r := bytes.NewReader(noise)
		d, err := scan.Scan(r, r.Size(), geometry.Sector512)
		if err != nil {
			t.Fatal(err)
		}
		found, err := scan.Lost(context.Background(), r, d, scan.LostSearch{})
		if err != nil || len(found.Lost) != 0 {
			t.Errorf("seed %d: %s: %v\n%s", seed, what, err, lostText(found.Lost))
		}
	}
	search("random bytes")
	for at := 512; at < len(noise); at += 512 {
		sector := noise[at : at+512]
		for off, text := range map[int]string{3: "NTFS    ", 56: "\x53\xef", 510: "\x55\xaa", 64: "_BHRfS_M"} {
			if rng.IntN(4) == 0 {
				copy(sector[off:], text)
			}
		}
		if at/512%7 == 0 {
			copy(sector, "XFSB")
		}
	}
	search("signatures everywhere")
}

// FuzzLost searches disks of any bytes. Finds must lie on the disk.
func FuzzLost(f *testing.F) {
	f.Add([]byte("\x00\x01"), uint16(2), uint16(56))
	f.Fuzz(func(t *testing.T, b []byte, sector, off uint16) {
		disk := make([]byte, 256<<10)
		copy(disk[min(int(sector)*512+int(off), len(disk)):], b)
		for _, z := range []geometry.SectorSize{geometry.Sector512, geometry.Sector4096} {
			r := bytes.NewReader(disk)
			d, err := scan.Scan(r, r.Size(), z)
			if err != nil {
				return
			}
			found, err := scan.Lost(context.Background(), r, d, scan.LostSearch{Everywhere: true})
			if err != nil {
				t.Fatal(err)
			}
			for i, l := range found.Lost {
				if l.Span.Start < 0 || l.Span.Empty() || l.Span.End > d.Sectors || l.Inside > len(found.Lost) || l.Inside == i+1 {
					t.Errorf("%+v", l)
				}
			}
		}
	})
}

// TestLostStops ends when its caller does.
func TestLostStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r := bytes.NewReader(make([]byte, 8<<20))
	d, err := scan.Scan(r, r.Size(), geometry.Sector512)
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	_, err = scan.Lost(ctx, r, d, scan.LostSearch{Progress: func(done, total int64) { calls++; cancel() }})
	if !errors.Is(err, context.Canceled) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

// A lost FAT with boot loaders in its directory EFI is an EFI system partition, whatever kind of FAT it is, and wherever in a
// long directory the loaders are. One with other files is not.
func TestLostESP(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "mmd")
	testneed.Tool(t, "mkfs.fat")
	const deep = `mmd -i "$1" ::EFI; for i in 1 2 3 4 5 6 7 8 9; do echo x | mcopy -i "$1" - "::EFI/a long name of a file $i"; done; mmd -i "$1" ::EFI/BOOT; `
	const late = `for i in 1 2 3 4 5 6 7 8 9; do echo x | mcopy -i "$1" - "::a long name of a file $i"; done; `
	for _, c := range []struct {
		name, make string
		esp        bool
	}{
		{"fat12", `mkfs.fat -F 12 -s 1 "$1"; ` + deep, true},
		{"fat16", `mkfs.fat -F 16 -s 1 "$1"; ` + deep, true},
		{"fat32", `mkfs.fat -F 32 -s 1 "$1"; ` + late + deep, true},
		{"sectors of 4096 bytes", `mkfs.fat -F 16 -S 4096 -s 1 "$1" 2>&1; mmd -i "$1" ::efi ::efi/debian`, true},
		{"no directory", `mkfs.fat -F 32 -s 1 "$1"; echo x | mcopy -i "$1" - ::EFI`, false},
		{"an empty one", `mkfs.fat -F 32 -s 1 "$1"; mmd -i "$1" ::EFI; echo x | mcopy -i "$1" - ::EFI/BOOT`, false},
		{"deleted", `mkfs.fat -F 16 -s 1 "$1"; mmd -i "$1" ::EFI ::EFI/BOOT; mdeltree -i "$1" ::EFI/BOOT`, false},
		{"another name", `mkfs.fat -F 16 -s 1 "$1"; mmd -i "$1" ::EFIS ::EFIS/BOOT`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			mib := 34
			if strings.Contains(c.make, "-F 12") {
				mib = 2
			} else if strings.Contains(c.make, "-F 16 -s") {
				mib = 5
			}
			dir := t.TempDir()
			shell(t, dir, fmt.Sprintf("truncate -s %dM part; set -- part; %s\ntruncate -s 1M disk; cat part >>disk; truncate -s +1M disk", mib, c.make))
			_, found := searchLost(t, filepath.Join(dir, "disk"), scan.LostSearch{})
			if len(found) != 1 || found[0].ESP != c.esp {
				t.Errorf("%+v, want an ESP: %v", found, c.esp)
			}
		})
	}
}
