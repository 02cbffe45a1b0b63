package fsys

import (
	"context"
	"encoding/binary"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/testneed"
)

// labelled are kinds with what makes and checks them, and labels that they can hold.
var labelled = []struct {
	kind   model.FSKind
	size   int64
	make   string // "" for Make
	labels []string
	fixed  bool // its UUID cannot be changed
}{
	{model.Ext2, 8 * mib, "", []string{"sixteen letters!", "ä b", ""}, false},
	{model.Ext3, 16 * mib, "", []string{"x", ""}, false},
	{model.Ext4, 64 * mib, "", []string{"my root", ""}, false},
	{model.FAT12, 1440 * kib, "mkfs.fat -F 12", []string{"FLOPPY DISK", ""}, false},
	{model.FAT16, 16 * mib, "", []string{"ELEVEN CHAR", "lower", ""}, false},
	{model.FAT32, 40 * mib, "", []string{"A B", ""}, false},
	{model.ExFAT, 20 * mib, "", []string{"größe x", "elevenchars", ""}, false},
	{model.NTFS, 16 * mib, "", []string{"Größe mit 20 Zeichen", ""}, false},
	{model.XFS, 300 * mib, "", []string{"twelve chars", `a "b' \c`, ""}, false},
	{model.Btrfs, 256 * mib, "", []string{"btr label " + strings.Repeat("x", 200), ""}, false},
	{model.F2FS, 64 * mib, "", []string{"flash ä", ""}, true},
	{model.Swap, 2 * mib, "", []string{"fifteen letters", ""}, false},
	{model.LUKS, 20 * mib, "cryptsetup", []string{"vault of mine", ""}, false},
	{model.NILFS2, 129 * mib, "", []string{"some nilfs", ""}, false},
	{model.UDF, 20 * mib, "", []string{"größe", "€ and more", ""}, false},
	{model.JFS, 16 * mib, "", []string{"elevenchars", ""}, false},
	{model.ReiserFS, 40 * mib, "", []string{"sixteen letters!", ""}, false},
}

// makeLabelled makes the file system of a row and returns the path of its window.
func makeLabelled(t *testing.T, tools Tools, kind model.FSKind, size int64, command string) string {
	t.Helper()
	path := sparse(t, size)
	switch {
	case command == "cryptsetup":
		luks(t, path, "luks2")
	case command != "":
		tool(t, append(strings.Fields(command), path)...)
	default:
		for _, name := range Of(kind).create.tools {
			testneed.Tool(t, name)
		}
		must(t, tools.Make(context.Background(), kind, path, Spec{SectorSize: geometry.Sector512}))
	}
	return path
}

// luks makes a LUKS header that takes no time to open.
func luks(t *testing.T, path, version string) {
	t.Helper()
	key := sparse(t, 32)
	argv := []string{"cryptsetup", "--batch-mode", "--type", version, "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "luksFormat", path, key}
	tool(t, argv...)
}

// TestSetLabel: each label is what blkid reads afterwards, and the kind's own checker finds nothing wrong.
func TestSetLabel(t *testing.T) {
	tools := toolsHere(t, "blkid")
	ctx := context.Background()
	for _, c := range labelled {
		t.Run(string(c.kind), func(t *testing.T) {
			for _, name := range Of(c.kind).label.tools {
				testneed.Tool(t, name)
			}
			path := makeLabelled(t, tools, c.kind, c.size, c.make)
			before := mustProbe(t, path)
			for _, label := range c.labels {
				must(t, tools.SetLabel(ctx, c.kind, path, label))
				must(t, tools.Verify(ctx, c.kind, path))
				want := label
				if c.kind == model.FAT16 {
					want = strings.ToUpper(label)
				}
				if got := blkidTag(t, path, "LABEL"); got != want {
					t.Errorf("blkid reads label %q, want %q", got, want)
				}
			}
			if after := mustProbe(t, path); after.UUID != before.UUID || fileSize(t, path) != c.size {
				t.Errorf("before %+v, after %+v", before, after)
			}
		})
	}
}

// TestNewUUID: the UUID is another one afterwards, blkid reads the same, and copies of superblocks agree.
func TestNewUUID(t *testing.T) {
	tools := toolsHere(t, "blkid")
	ctx := context.Background()
	for _, c := range labelled {
		if c.fixed {
			continue
		}
		t.Run(string(c.kind), func(t *testing.T) {
			for _, name := range Of(c.kind).uuid.tools {
				testneed.Tool(t, name)
			}
			path := makeLabelled(t, tools, c.kind, c.size, c.make)
			must(t, tools.SetLabel(ctx, c.kind, path, "KEPT"))
			before := mustProbe(t, path)
			must(t, tools.NewUUID(ctx, c.kind, path, false))
			must(t, tools.Verify(ctx, c.kind, path))
			after := mustProbe(t, path)
			if after.UUID == before.UUID || after.Label != "KEPT" || after.Size != before.Size {
				t.Errorf("before %+v, after %+v", before, after)
			}
			if got := blkidTag(t, path, "UUID"); got != after.UUID {
				t.Errorf("blkid reads UUID %q, Probe %q", got, after.UUID)
			}
			f := open(t, path)
			switch c.kind {
			case model.FAT32:
				if serial(t, f, 67) != serial(t, f, 6*512+67) {
					t.Error("the backup boot sector has another serial number")
				}
			case model.NTFS:
				upper, lower := serial(t, f, 76), serial(t, f, 72)
				must(t, tools.NewUUID(ctx, c.kind, path, true))
				must(t, tools.Verify(ctx, c.kind, path))
				if serial(t, f, 76) == upper || serial(t, f, 72) != lower {
					t.Error("not the upper half is new")
				}
				if serial(t, f, 76) != serial(t, f, c.size-512+76) {
					t.Error("the backup boot sector has another serial number")
				}
			}
			if c.kind != model.NTFS {
				if err := tools.NewUUID(ctx, c.kind, path, true); err == nil {
					t.Error("half a UUID was made new")
				}
			}
		})
	}
}

func TestLabelRefusals(t *testing.T) {
	tools := toolsHere(t, "mkfs.fat", "fatlabel", "cryptsetup")
	ctx := context.Background()
	fat := sparse(t, 20*mib)
	must(t, tools.Make(ctx, model.FAT16, fat, Spec{SectorSize: geometry.Sector512}))
	luks1 := sparse(t, 4*mib)
	luks(t, luks1, "luks1")
	for _, c := range []struct {
		kind        model.FSKind
		path, label string
		want        string
	}{
		{model.FAT16, fat, "a+b", "none of"},
		{model.FAT32, fat, "x", "there is no fat32: it is fat16"},
		{model.LUKS, luks1, "x", "only LUKS2 has labels"},
	} {
		if err := tools.SetLabel(ctx, c.kind, c.path, c.label); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("label %q: %v, want %q", c.label, err, c.want)
		}
	}
}

// blkidTag is what blkid reads for a tag, "" for nothing.
func blkidTag(t *testing.T, path, tag string) string {
	t.Helper()
	out, _ := try(t, "blkid", "-p", "-o", "value", "-s", tag, path)
	return strings.TrimSuffix(out, "\n")
}

func serial(t *testing.T, f interface {
	ReadAt(b []byte, off int64) (int, error)
}, off int64,
) uint32 {
	t.Helper()
	var b [4]byte
	must(t, readFull(f, b[:], off))
	return binary.LittleEndian.Uint32(b[:])
}
