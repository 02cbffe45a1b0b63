package fsys

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
)

func TestDiscover(t *testing.T) {
	all := DiscoverWith(func(name string) (string, error) { return "/bin/" + name, nil })
	none := DiscoverWith(func(string) (string, error) { return "", errors.New("not there") })
	for kind, c := range map[model.FSKind]struct {
		create, grow, shrink, check string // with all tools, "" if it can be done
		tools                       []string
	}{
		model.Ext2:    {"", "", "", "", []string{"mke2fs", "resize2fs", "resize2fs", "e2fsck"}},
		model.Ext3:    {"", "", "", "", []string{"mke2fs", "resize2fs", "resize2fs", "e2fsck"}},
		model.Ext4:    {"", "", "", "", []string{"mke2fs", "resize2fs", "resize2fs", "e2fsck"}},
		model.FAT12:   {"floppy", "", "", "", []string{"", "fsck.fat", "fsck.fat", "fsck.fat"}},
		model.FAT16:   {"", "", "", "", []string{"mkfs.fat", "fsck.fat", "fsck.fat", "fsck.fat"}},
		model.FAT32:   {"", "", "", "", []string{"mkfs.fat", "fsck.fat", "fsck.fat", "fsck.fat"}},
		model.ExFAT:   {"not supported yet", "no tool", "no tool", "", []string{"", "", "", "fsck.exfat"}},
		model.NTFS:    {"not supported yet", "", "", "", []string{"", "ntfsresize", "ntfsresize", "ntfsresize"}},
		model.XFS:     {"not supported yet", "not supported yet", "cannot be shrunk", "", []string{"", "", "", "xfs_repair"}},
		model.Btrfs:   {"not supported yet", "not supported yet", "not supported yet", "", []string{"", "", "", "btrfs"}},
		model.F2FS:    {"not supported yet", "", "cannot be shrunk", "", []string{"", "resize.f2fs", "", "fsck.f2fs"}},
		model.Swap:    {"", "", "", "nothing to check", []string{"mkswap", "mkswap", "mkswap", ""}},
		model.LUKS:    {"only be moved", "only be moved", "only be moved", "only be moved", nil},
		model.LVM2:    {"only be moved", "only be moved", "only be moved", "only be moved", nil},
		model.ISO9660: {"cannot be changed", "cannot be changed", "cannot be changed", "cannot be changed", nil},
	} {
		got := all.Of(kind)
		for i, pair := range [][2]string{{got.Create, c.create}, {got.Grow, c.grow}, {got.Shrink, c.shrink}, {got.Check, c.check}} {
			if (pair[0] == "") != (pair[1] == "") || !strings.Contains(pair[0], pair[1]) {
				t.Errorf("%s with all tools: ability %d is %q, want %q", kind, i, pair[0], pair[1])
			}
		}
		got = none.Of(kind)
		for i, reason := range []string{got.Create, got.Grow, got.Shrink, got.Check} {
			want := ""
			if c.tools != nil && c.tools[i] != "" {
				want = c.tools[i] + " is not installed: apt install " + got.Package
			}
			if want != "" && reason != want || reason == "" {
				t.Errorf("%s without tools: ability %d is %q, want %q", kind, i, reason, want)
			}
		}
		if kind != model.ISO9660 && (got.Move != "" || all.Of(kind).Move != "") {
			t.Errorf("%s: moving takes no tools: %q", kind, got.Move)
		}
	}
	if all.Of(model.SwSuspend).Move == "" || all.Of(model.ISO9660).Move == "" {
		t.Error("hibernated systems and CD-ROM images must not be moved")
	}
	half := DiscoverWith(func(name string) (string, error) {
		if name == "e2fsck" {
			return "", errors.New("not there")
		}
		return name, nil
	})
	if got := half.Of(model.Ext4).Grow; !strings.HasPrefix(got, "e2fsck is not installed") {
		t.Errorf("resize2fs needs e2fsck: %q", got)
	}
	if Discover() == nil {
		t.Error("nothing discovered")
	}
}

// TestExitCodes runs the checks with made-up exit codes.
func TestExitCodes(t *testing.T) {
	ext4, fat, xfs := sparse(t, 8*mib), sparse(t, 20*mib), sparse(t, 300*mib)
	tool(t, "mke2fs", "-q", "-t", "ext4", ext4)
	tool(t, "mkfs.fat", "-F", "16", fat)
	tool(t, "mkfs.xfs", "-q", xfs)
	for _, c := range []struct {
		kind  model.FSKind
		path  string
		check bool // Check, else Verify
		exit  int
		want  string // in the error, "" for none
	}{
		{model.Ext4, ext4, true, 0, ""},
		{model.Ext4, ext4, true, 1, ""},
		{model.Ext4, ext4, true, 2, ""},
		{model.Ext4, ext4, true, 3, ""},
		{model.Ext4, ext4, true, 4, "exit code 4 (errors were left uncorrected)"},
		{model.Ext4, ext4, true, 5, "exit code 5 (errors were corrected, errors were left uncorrected)"},
		{model.Ext4, ext4, true, 12, "exit code 12 (errors were left uncorrected, operational error)"},
		{model.Ext4, ext4, true, -1, "exit code -1;"},
		{model.Ext4, ext4, false, 0, ""},
		{model.Ext4, ext4, false, 1, "exit code 1 (errors were corrected)"},
		{model.Ext4, ext4, false, 4, "check it first"},
		{model.FAT16, fat, true, 0, ""},
		{model.FAT16, fat, true, 1, "verify"}, // fsck.fat -n still finds errors
		{model.FAT16, fat, true, 2, "exit code 2 (usage error)"},
		{model.FAT16, fat, false, 1, "exit code 1 (errors were found)"},
		{model.XFS, xfs, true, 2, "exit code 2 (the log has to be replayed first)"},
		{model.XFS, xfs, false, 1, "exit code 1 (errors were found)"},
		{model.XFS, xfs, false, 77, "exit code 77; it said: one / two / three / four; if it"},
	} {
		var ran []string
		tools := Tools{Run: func(_ context.Context, argv []string, _ func(string)) (int, string, error) {
			ran = append(ran, strings.Join(argv[:len(argv)-1], " "))
			return c.exit, "zero\none\nprogress 1%\rtwo\nthree\n\n  four \n", nil
		}}
		do := tools.Verify
		if c.check {
			do = tools.Check
		}
		err := do(context.Background(), c.kind, c.path)
		switch {
		case c.want == "verify":
			if !slices.Equal(ran, []string{"fsck.fat -a -w -v", "fsck.fat -n"}) || err == nil {
				t.Errorf("a repaired FAT is checked again: %v, %v", ran, err)
			}
		case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s, check %t, exit %d: %v, want %q", c.kind, c.check, c.exit, err, c.want)
		}
	}
	broken := errors.New("killed")
	tools := Tools{Run: func(context.Context, []string, func(string)) (int, string, error) { return -1, "", broken }}
	if err := tools.Check(context.Background(), model.Ext4, ext4); !errors.Is(err, broken) {
		t.Errorf("a tool that cannot be run: %v", err)
	}
}

// TestResizeDisbelief: what a tool claims to have done is not believed.
func TestResizeDisbelief(t *testing.T) {
	lazy := Tools{Run: func(context.Context, []string, func(string)) (int, string, error) { return 0, "done", nil }}
	for _, c := range []struct {
		kind model.FSKind
		make string
		size int64
		to   geometry.Bytes
	}{
		{model.Ext4, "mke2fs -q -t ext4 -b 1024 -g 2048", 32 * mib, 16 * geometry.MiB},
		{model.Ext4, "mke2fs -q -t ext4 -b 1024 -g 2048", 32 * mib, 64 * geometry.MiB},
		{model.NTFS, "mkntfs -q -Q -F", 16 * mib, 12 * geometry.MiB},
		{model.Swap, "mkswap", 4 * mib, 2 * geometry.MiB},
	} {
		path := sparse(t, c.size)
		tool(t, append(strings.Fields(c.make), path)...)
		if int64(c.to) > c.size {
			setSize(t, path, int64(c.to))
		}
		want := fmt.Sprintf("bytes long instead of %d", c.to)
		if err := lazy.Resize(context.Background(), c.kind, path, c.to); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s to %d: %v", c.kind, c.to, err)
		}
	}
	for _, kind := range []model.FSKind{model.FAT16, model.XFS} {
		if err := lazy.Resize(context.Background(), kind, sparse(t, mib), mib); err == nil {
			t.Errorf("%s was resized", kind)
		}
	}
	if err := lazy.Make(context.Background(), model.Ext4, sparse(t, mib), Spec{SectorSize: 512}); err == nil || !strings.Contains(err.Error(), "look at the result") {
		t.Errorf("mke2fs did nothing: %v", err)
	}
}
