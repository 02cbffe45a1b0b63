package scan_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

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
	// copied says that a copy of the superblock leads to the start after the first 4 KiB are gone; headless, that nothing but
	// the copy tells of the contents then.
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
	{"jfs", 16, `mkfs.jfs -q "$1"`, false, false, false},
	{"reiserfs", 40, `mkfs.reiserfs -q -f -f "$1"`, false, false, false},
	{"squashfs", 4, `mkdir "$1.d"; seq 1 90000 >"$1.d/f"; mksquashfs "$1.d" "$1" -quiet -noappend -no-progress >&2; truncate -s 4M "$1"`, false, false, true},
}

// placed is where a partition was.
type placed struct {
	lostKind
	span geometry.Span
}

// lostDisk makes an image of partitions with all kinds, one behind another, and returns where they are.
func lostDisk(t testing.TB, kinds []lostKind, script string) (path string, places []placed) {
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
	shell(t, dir, "sfdisk -q disk <<'END'\n"+table+"END\n"+script)
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
	found, err := scan.Lost(context.Background(), f, d, how)
	if err != nil {
		t.Fatal(err)
	}
	return d, found.Lost
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
	for _, name := range []string{"mke2fs", "mkfs.fat", "mkfs.exfat", "mkntfs", "mkfs.xfs", "mkfs.btrfs", "mkfs.f2fs", "mkfs.nilfs2", "mkswap", "cryptsetup", "mkfs.jfs",
		"mkfs.reiserfs", "mksquashfs", "sfdisk", "sgdisk"} {
		testneed.Tool(t, name)
	}
	path, places := lostDisk(t, lostKinds, "")
	for name, script := range map[string]string{
		"all entries deleted": "sfdisk -q --delete disk", "zapped": "sgdisk --zap-all disk >&2", "header gone": "sgdisk --zap disk >&2",
		"new table": "sfdisk -q --delete disk; echo 'label: dos' | sfdisk -q -w never disk",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			shell(t, dir, fmt.Sprintf("cp --sparse=always %s disk; %s", path, script))
			_, found := searchLost(t, filepath.Join(dir, "disk"), scan.LostSearch{})
			t.Log("\n" + lostText(found))
			for _, p := range places {
				expectLost(t, found, p)
			}
			if len(found) != len(places) {
				t.Errorf("%d found of %d", len(found), len(places))
			}
		})
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

// TestLostByCopies overwrites the first blocks of each partition: a copy of the superblock leads to its start.
func TestLostByCopies(t *testing.T) {
	var kinds []lostKind
	for _, k := range lostKinds {
		if k.copied {
			kinds = append(kinds, k)
		}
	}
	path, places := lostDisk(t, kinds, "sfdisk -q --delete disk")
	for _, p := range places {
		shell(t, filepath.Dir(path), fmt.Sprintf("dd if=/dev/zero of=disk bs=512 seek=%d count=%d conv=notrunc status=none", p.span.Start, p.gone()))
	}
	_, found := searchLost(t, path, scan.LostSearch{})
	t.Log("\n" + lostText(found))
	for _, p := range places {
		expectLost(t, found, p)
	}
	for _, l := range found {
		for _, p := range places {
			if p.span.Start == l.Span.Start && p.headless != l.Headless {
				t.Errorf("%s: headless %t", p.kind, l.Headless)
			}
		}
	}
	if len(found) != len(places) {
		t.Errorf("%d found of %d", len(found), len(places))
	}
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
