package fsys

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model"
)

// TestServing: each kind of file system is shown with FUSE, or there is a reason why not.
func TestServing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	for kind, want := range map[model.FSKind]struct {
		read, write string // what the reasons say, "" if there are none
		here        bool   // shunt itself shows the files when no program is installed
	}{
		model.Ext4: {"", "apt install fuse2fs", true}, model.Ext2: {"", "apt install fuse2fs", true},
		model.FAT32: {"", "mount it read-only", true}, model.ExFAT: {"", "mount it read-only", true},
		model.NTFS: {"apt install ntfs-3g", "apt install ntfs-3g", false}, model.SquashFS: {"apt install squashfuse", "can only be read", false},
		model.XFS: {"only root", "only root", false},
	} {
		d := Of(kind)
		for access, says := range map[model.Access]string{model.ReadOnly: want.read, model.ReadWrite: want.write} {
			if why, _ := d.NotServed(access); why.OK() != (says == "") || !strings.Contains(string(why), says) {
				t.Errorf("%s, %v: %q", kind, access, why)
			}
		}
		if d.ServedHere(model.ReadOnly) != want.here || d.ServedHere(model.ReadWrite) {
			t.Errorf("%s is shown by shunt itself: %v", kind, d.ServedHere(model.ReadOnly))
		}
	}
	for _, name := range []string{"fuse2fs", "ntfs-3g", "squashfuse"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []model.FSKind{model.Ext4, model.NTFS, model.SquashFS} {
		if why, _ := Of(kind).NotServed(model.ReadOnly); !why.OK() || Of(kind).ServedHere(model.ReadOnly) {
			t.Errorf("%s with its program: %q", kind, why)
		}
	}
	argv, ok := Of(model.NTFS).Serves.Of(model.ReadOnly, "/window", "/at", 7, 8)
	if !ok || !slices.Contains(argv, "/window") || argv[len(argv)-1] != "/at" || !strings.Contains(argv[2], "uid=7,gid=8") || !strings.HasPrefix(argv[2], "ro,") {
		t.Errorf("%q", argv)
	}
	if argv, ok := Of(model.SquashFS).Serves.Of(model.ReadWrite, "/window", "/at", 7, 8); ok {
		t.Errorf("squashfs is written by %q", argv)
	}
}
