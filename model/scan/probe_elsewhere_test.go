package scan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model"
	"shunt/model/scan/lvmtext"
	"shunt/model/testneed"
)

// elsewhereImages lie on several devices. A second file, or a loop device on one, is the other device; %o stands for it.
var elsewhereImages = []probeImage{
	{name: "ext4-journal", size: 16 * mib, root: true, make: onLoops(16*mib,
		"mke2fs -q -b 1024 -O journal_dev %o", "mke2fs -q -F -t ext4 -b 1024 -J device=%o -U "+someUUID+" %s")},
	{name: "btrfs-two", size: 128 * mib, make: withOther(128*mib, "mkfs.btrfs -q -U "+someUUID+" %s %o")},
	{
		name: "btrfs-seed", size: 128 * mib,
		make: with("mkfs.btrfs", "-q", "-U", someUUID, "%s"), edit: with("btrfstune", "-S", "1", "%s"),
	},
	{name: "f2fs-two", size: 64 * mib, make: withOther(64*mib, "mkfs.f2fs -q -U "+someUUID+" -c %o %s")},
	{name: "xfs-log", size: 300 * mib, make: withOther(64*mib, "mkfs.xfs -q -m uuid="+someUUID+" -l logdev=%o %s")},
	{name: "xfs-realtime", size: 300 * mib, make: withOther(64*mib, "mkfs.xfs -q -m uuid="+someUUID+" -r rtdev=%o %s")},
	{name: "jfs-log", size: 16 * mib, root: true, make: onLoops(16*mib, "mkfs.jfs -q -J journal_dev %o", "mkfs.jfs -q -J device=%o %s")},
	{
		name: "reiserfs-journal", size: 40 * mib, root: true, alone: true,
		make: onLoops(40*mib, "mkreiserfs -q -f -f -u "+someUUID+" -j %o %s"),
	},
	{name: "bcache-backing", size: 4 * mib, make: with("make-bcache", "-B", "%s")},
	{name: "bcache-cache", size: 128 * mib, make: with("make-bcache", "-C", "%s")},
	{name: "lvm2-one", size: 4 * mib, root: true, make: onLoops(4*mib, "vgcreate -q shunt-probe-one %s")},
	{name: "lvm2-two", size: 4 * mib, root: true, make: onLoops(4*mib, "vgcreate -q shunt-probe-two %s %o")},
}

// withOther runs command lines on the image and on another file of that size.
func withOther(size int64, lines ...string) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		t.Helper()
		runOn(t, lines, path, otherFile(t, size))
	}
}

// onLoops runs command lines on a loop device on the image and another one on a file of that size.
func onLoops(size int64, lines ...string) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		t.Helper()
		testneed.File(t, "/dev/loop-control")
		nodes := []string{path, otherFile(t, size)}
		for i, file := range nodes {
			nodes[i] = strings.TrimSpace(tool(t, "", "losetup", "-f", "--show", file))
			defer tool(t, "", "losetup", "-d", nodes[i])
		}
		runOn(t, lines, nodes[0], nodes[1])
	}
}

func otherFile(t *testing.T, size int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	return path
}

func runOn(t *testing.T, lines []string, path, other string) {
	t.Helper()
	for _, line := range lines {
		tool(t, "", strings.Fields(strings.NewReplacer("%s", path, "%o", other).Replace(line))...)
	}
}

// TestElsewhere reads the superblocks that the tools wrote: all that lies on several devices is marked, and nothing else
// is.
func TestElsewhere(t *testing.T) {
	want := map[string]model.Elsewhere{
		"ext4-journal": model.JournalElsewhere, "ext2-journaldev": model.JournalOfOthers,
		"btrfs-two": model.SpansDevices, "btrfs-seed": model.SeedOfOthers, "f2fs-two": model.SpansDevices,
		"xfs-log": model.JournalElsewhere, "xfs-realtime": model.RealtimeElsewhere, "jfs-log": model.JournalElsewhere,
		"reiserfs-journal": model.JournalElsewhere, "bcache-backing": model.CachedElsewhere, "bcache-cache": model.CacheOfOthers,
		"bcachefs-3": model.SpansDevices, "lvm2-two": model.VolumesElsewhere, "mdraid": model.ArrayElsewhere, "mdraid-1": model.ArrayElsewhere,
	}
	for _, name := range goldenNames(t) {
		p := golden(t, name)
		fs := Probe(p, 0, p.n)
		if fs.Elsewhere != want[name] || (fs.Elsewhere.NoTools() != "") != (want[name] != model.WholeHere) {
			t.Errorf("%s: %q, want %q", name, fs.Elsewhere, want[name])
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("there is no %s", name)
	}
}

// TestElsewhereNamed changes single fields of superblocks that are whole, as somebody might who wants another device to be
// opened: whatever a tool would go by is seen.
func TestElsewhereNamed(t *testing.T) {
	for _, c := range []struct {
		image string
		at    int64
		bytes string
		want  model.Elsewhere
	}{
		{"ext4", 1024 + 0xD0, "\x01", model.JournalElsewhere},                       // the journal's UUID beside its inode
		{"ext4", 1024 + 0xE4, "\x01\x07\x00\x00", model.JournalElsewhere},           // its device
		{"ext4", 1024 + 0xE0, "\x00\x00\x00\x00", model.JournalElsewhere},           // no inode
		{"ext4-nojournal", 1024 + 0x60, "\xc6\x02\x00\x00", model.JournalElsewhere}, // to be recovered, but there is none
		{"ext2", 1024 + 0xD0, "\x01", model.JournalElsewhere},                       // e2fsck does not ask for the feature
		{"ext2-rev0", 1024 + 0xE4, "\x01", model.JournalElsewhere},
		{"xfs", 16, "\x00\x00\x00\x00\x00\x00\x00\x01", model.RealtimeElsewhere},
		{"jfs", 32<<10 + 64, "\x01", model.WholeHere}, // every mount sets it
		{"jfs", 32<<10 + 36, "\x00\x00\x00\x00", model.JournalElsewhere},
		{"reiserfs", 64<<10 + 16, "\x01\x07", model.JournalElsewhere},
		{"f2fs", 1024 + 2201, "/dev/sda\x00", model.SpansDevices},
		{"btrfs", 64<<10 + 136, "\x03", model.SpansDevices},
		{"btrfs", 64<<10 + 136, "\x00", model.SpansDevices},
		{"bcachefs", 4096 + 123, "\x02", model.SpansDevices},
		{"erofs-label", 1024 + 86, "\x01", model.SpansDevices}, // the kernel opens them by their paths
	} {
		p := golden(t, c.image)
		if got := Probe(p, 0, p.n).Elsewhere; got != model.WholeHere {
			t.Errorf("%s: %q before", c.image, got)
		}
		for i := range len(c.bytes) {
			at := c.at + int64(i)
			p.data[at/pageSize][at%pageSize] = c.bytes[i]
		}
		if got := Probe(p, 0, p.n).Elsewhere; got != c.want {
			t.Errorf("%s with %q at %d: %q, want %q", c.image, c.bytes, c.at, got, c.want)
		}
	}
}

func TestLVMVolumes(t *testing.T) {
	const group = `# {
vg { seqno = 1 id = "}{" status = ["RESIZEABLE", "READ"]
physical_volumes { pv0 { id = "physical_volumes {" tags = [] }%s }
logical_volumes { lv { segment1 { stripes = ["pv0", 0] } } a { } } }
contents = "Text"`
	for more, want := range map[string]int{"": 1, "\npv1 {\n}": 2, " pv1 { # }\n } pv2 { }": 3} {
		if g, err := lvmtext.Parse([]byte(strings.Replace(group, "%s", more, 1))); err != nil || g.Volumes() != want {
			t.Errorf("%q: %d, %v", more, g.Volumes(), err)
		}
	}
	for _, text := range []string{"", "physical_volumes { pv0 { } }", "}}}}", "{{{{", "vg { physical_volumes"} {
		if _, err := lvmtext.Parse([]byte(text)); err == nil {
			t.Errorf("%q is a group", text)
		}
	}
}
