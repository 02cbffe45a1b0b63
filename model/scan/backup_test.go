package scan

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
)

// TestBackups destroys the first superblock of file systems by foreign tools. Each stays data that is not recognised, and
// the note says what it was, or it is still recognised by its second superblock, as it is by the kernel.
func TestBackups(t *testing.T) {
	for _, c := range []struct {
		name, make, want string
		mib, from, bytes int64 // what is overwritten
	}{
		{"ext4 of 1 KiB", `mke2fs -q -t ext4 -b 1024 "$1"`, "perhaps it was ext4: a copy of its superblock lies 8.00 MiB", 20, 0, 4096},
		{"ext4 of 2 KiB", `mke2fs -q -t ext4 -b 2048 "$1"`, "perhaps it was ext4: a copy of its superblock lies 32.0 MiB", 40, 0, 4096},
		{"ext4 of 4 KiB", `mke2fs -q -t ext4 -b 4096 "$1"`, "perhaps it was ext4: a copy of its superblock lies 128 MiB", 140, 0, 4096},
		{"btrfs", `mkfs.btrfs -q "$1"`, "perhaps it was btrfs: a copy of its superblock lies 64.0 MiB", 120, 64 << 10, 4096},
		{"XFS", `mkfs.xfs -q "$1"`, "perhaps it was xfs: a copy of its superblock lies 75.0 MiB", 300, 0, 512},
		{"FAT32", `mkfs.fat -F 32 -s 1 "$1"`, "perhaps it was fat32: a copy of its superblock lies 3.00 KiB", 40, 0, 512},
		{"exFAT", `mkfs.exfat "$1"`, "perhaps it was exfat: a copy of its superblock lies 6.00 KiB", 20, 0, 512},
		{"NTFS", `mkntfs -q -Q -F "$1"`, "perhaps it was ntfs: a copy of its superblock lies 20.0 MiB", 20, 0, 512},
		{"f2fs", `mkfs.f2fs -q "$1"`, "f2fs", 64, 1024, 512},
		{"LUKS2", `printf word | cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$1" -`, "luks", 20, 0, 512},
		{"nothing", `true`, "", 20, 0, 512},
	} {
		t.Run(c.name, func(t *testing.T) {
			image := filepath.Join(t.TempDir(), "image")
			tool(t, "", "sh", "-ec", fmt.Sprintf(`truncate -s %dM "$1"; %s`, c.mib, c.make), "sh", image)
			f, err := os.OpenFile(image, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = f.Close() }()
			if _, err := f.WriteAt(make([]byte, c.bytes), c.from); err != nil {
				t.Fatal(err)
			}
			d, err := Scan(f, c.mib<<20, geometry.SectorSize(512))
			if err != nil {
				t.Fatal(err)
			}
			fs := d.Whole
			if !strings.Contains(string(fs.Kind)+fs.Notes, c.want) || fs.Kind != model.Unformatted && strings.Contains(fs.Notes, "perhaps") {
				t.Errorf("%s: %s, want %q", fs.Kind, fs.Notes, c.want)
			}
			if c.want == "" && fs != (model.Filesystem{}) {
				t.Errorf("%+v", fs)
			}
		})
	}
}
