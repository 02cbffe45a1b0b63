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
	"shunt/ops"
)

func TestDiscover(t *testing.T) {
	mounts := func(string) model.Reason { return "" }
	all := DiscoverWith(Machine{Look: func(name string) (string, error) { return "/bin/" + name, nil }, CannotMount: mounts})
	none := DiscoverWith(Machine{Look: func(string) (string, error) { return "", errors.New("not there") }, CannotMount: mounts})
	locked := DiscoverWith(Machine{
		Look:        func(name string) (string, error) { return "/bin/" + name, nil },
		CannotMount: func(fs string) model.Reason { return model.Because("no %s here", fs) },
	})
	// For each ability either the reason why not, or "+" and the first tool it takes, "+" alone if it takes none.
	for kind, want := range map[model.FSKind]struct{ create, grow, shrink, check, label, uuid, online string }{
		model.Ext2:     {"+mke2fs", "+resize2fs", "+resize2fs", "+e2fsck", "+tune2fs", "+tune2fs", "while it is mounted"},
		model.Ext3:     {"+mke2fs", "+resize2fs", "+resize2fs", "+e2fsck", "+tune2fs", "+tune2fs", "+resize2fs"},
		model.Ext4:     {"+mke2fs", "+resize2fs", "+resize2fs", "+e2fsck", "+tune2fs", "+tune2fs", "+resize2fs"},
		model.FAT12:    {"floppy", "+fsck.fat", "+fsck.fat", "+fsck.fat", "+fatlabel", "+", "while it is mounted"},
		model.FAT16:    {"+mkfs.fat", "+fsck.fat", "+fsck.fat", "+fsck.fat", "+fatlabel", "+", "while it is mounted"},
		model.ExFAT:    {"+mkfs.exfat", "no tool", "no tool", "+fsck.exfat", "+tune.exfat", "+tune.exfat", "no tool"},
		model.NTFS:     {"+mkntfs", "+ntfsresize", "+ntfsresize", "+ntfsresize", "+ntfslabel", "+ntfslabel", "while it is mounted"},
		model.XFS:      {"+mkfs.xfs", "+mount", "cannot be shrunk", "+xfs_repair", "+xfs_repair", "+xfs_db", "+xfs_growfs"},
		model.Btrfs:    {"+mkfs.btrfs", "+mount", "+mount", "+btrfs", "+btrfs", "+btrfstune", "+btrfs"},
		model.F2FS:     {"+mkfs.f2fs", "+resize.f2fs", "no safe tool", "+fsck.f2fs", "+f2fslabel", "no tool", "while it is mounted"},
		model.Swap:     {"+mkswap", "+mkswap", "+mkswap", "nothing to check", "+swaplabel", "+swaplabel", "swapoff"},
		model.LUKS:     {"passphrases", "+", "while it is open", "while it is open", "+cryptsetup", "+cryptsetup", "close it"},
		model.NILFS2:   {"+mkfs.nilfs2", "+mount", "+mount", "no tool", "+", "+", "+nilfs-resize"},
		model.LVM2:     {"+", "+", "+", "+", "no label", "pvchange", "pvresize"},
		model.UDF:      {"+mkudffs", "no tool", "no tool", "no tool", "+udflabel", "+udflabel", "no tool"},
		model.JFS:      {"+mkfs.jfs", "by the kernel alone", "cannot be shrunk", "+jfs_fsck", "+jfs_tune", "+jfs_tune", "+mount"},
		model.ReiserFS: {"+mkreiserfs", "+resize_reiserfs", "beta", "+reiserfsck", "+reiserfstune", "+reiserfstune", "while it is mounted"},
		model.ZFS:      {"ZFS", "ZFS", "ZFS", "ZFS", "ZFS", "ZFS", "ZFS"},
		model.ISO9660:  {"cannot be changed", "cannot be changed", "cannot be changed", "no tool", "cannot be changed", "cannot be changed", "cannot be changed"},
	} {
		abilities := func(c ops.Capability) []string {
			var texts []string
			for _, reason := range []model.Reason{c.Create, c.Grow, c.Shrink, c.Check, c.Label, c.UUID, c.Online} {
				texts = append(texts, string(reason))
			}
			return texts
		}
		here, missing, still := abilities(all.Of(kind)), abilities(none.Of(kind)), abilities(locked.Of(kind))
		for i, w := range []string{want.create, want.grow, want.shrink, want.check, want.label, want.uuid, want.online} {
			tool, possible := strings.CutPrefix(w, "+")
			switch {
			case !possible && (!strings.Contains(here[i], w) || here[i] == "" || missing[i] != here[i]):
				t.Errorf("%s: ability %d is %q, want %q whatever is installed", kind, i, here[i], w)
			case possible && here[i] != "":
				t.Errorf("%s with all tools: ability %d is %q", kind, i, here[i])
			case possible && tool == "" && missing[i] != "":
				t.Errorf("%s takes no tool: ability %d is %q", kind, i, missing[i])
			case possible && tool != "":
				pkg := none.Of(kind).Package
				if tool == "mount" {
					pkg = "mount"
					if i < 6 && still[i] != "no "+string(kind)+" here" {
						t.Errorf("%s cannot be mounted: ability %d is %q", kind, i, still[i])
					}
				}
				if want := tool + " is not installed: apt install " + pkg; missing[i] != want {
					t.Errorf("%s without tools: ability %d is %q, want %q", kind, i, missing[i], want)
				}
				if !slices.Contains(none.Of(kind).Missing, pkg) || len(all.Of(kind).Missing) > 0 {
					t.Errorf("%s: without tools %q are missing, with all %q; want %s", kind, none.Of(kind).Missing, all.Of(kind).Missing, pkg)
				}
			}
		}
	}
	for kind, c := range all {
		stays := kind == model.SwSuspend || kind == model.ISO9660
		if (!c.Move.OK()) != stays || (!c.Copy.OK()) != (stays || kind == model.LVM2) || none.Of(kind).Move != c.Move {
			t.Errorf("%s: move %q, copy %q", kind, c.Move, c.Copy)
		}
		least := c.MinSize > 0 || c.MinSectors > 0 || kind == model.FAT12 // that of FAT12 depends on its clusters
		if (c.Create.OK() || c.Grow.OK() && kind != model.LUKS) && (!least || c.Package == "") {
			t.Errorf("%s can be made and has no least size or no package", kind)
		}
	}
	half := DiscoverWith(Machine{Look: func(name string) (string, error) {
		if name == "e2fsck" {
			return "", errors.New("not there")
		}
		return name, nil
	}})
	if got := half.Of(model.Ext4).Grow; !strings.HasPrefix(string(got), "e2fsck is not installed") {
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
		{model.XFS, xfs, false, 77, "exit code 77; it said: one / two / three / four; check it first"},
	} {
		var ran []string
		tools := Tools{Run: func(_ context.Context, argv []string, _ func(string)) (int, string, error) {
			ran = append(ran, strings.Join(argv[:len(argv)-1], " "))
			return c.exit, "zero\none\nprogress 1%\rtwo\nthree\n\n  four \n", nil
		}}
		do := tools.Verify
		if c.check {
			do = func(ctx context.Context, kind model.FSKind, path string) error {
				return checked(ctx, tools, kind, path)
			}
		}
		err := do(context.Background(), c.kind, c.path)
		switch {
		case c.want == "verify":
			const passes = 5
			want := append(slices.Repeat([]string{"fsck.fat -n", "fsck.fat -a -w -v"}, passes), "fsck.fat -n")
			if !slices.Equal(ran, want) || err == nil {
				t.Errorf("a repaired FAT is checked again: %v, %v", ran, err)
			}
		case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s, check %t, exit %d: %v, want %q", c.kind, c.check, c.exit, err, c.want)
		}
	}
	broken := errors.New("killed")
	tools := Tools{Run: func(context.Context, []string, func(string)) (int, string, error) { return -1, "", broken }}
	if err := checked(context.Background(), tools, model.Ext4, ext4); !errors.Is(err, broken) {
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
	for _, kind := range []model.FSKind{model.ExFAT, model.JFS} {
		if err := lazy.Resize(context.Background(), kind, sparse(t, mib), mib); err == nil {
			t.Errorf("%s was resized", kind)
		}
	}
	if err := lazy.Make(context.Background(), model.Ext4, sparse(t, mib), Spec{SectorSize: 512}); err == nil || !strings.Contains(err.Error(), "look at the result") {
		t.Errorf("mke2fs did nothing: %v", err)
	}
}
