package scan_test

import (
	"errors"
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

// disk is a sparse image of 64 MiB that a script for sfdisk made a table on; no script means no table.
func disk(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 64<<20); err != nil {
		t.Fatal(err)
	}
	if script != "" {
		tool(t, script, "sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", path)
	}
	return path
}

func tool(t *testing.T, stdin, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(testneed.Tool(t, name), args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func scanned(t *testing.T, path string) model.Disk {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := scan.Scan(f, 64<<20, geometry.Sector512)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestScan(t *testing.T) {
	t.Parallel()
	t.Run("file systems in a GPT and what lies between", func(t *testing.T) {
		t.Parallel()
		path := disk(t, "label: gpt\nstart=2048, size=16M\nsize=1M\nsize=8M\n")
		tool(t, "", "mkfs.ext4", "-q", "-L", "docs", "-E", "offset=1048576", path, "16M")
		tool(t, "", "mkfs.fat", "--offset", "36864", "-n", "STICK", path, "8192")
		d := scanned(t, path)
		for number, want := range map[int]model.Filesystem{
			1: {Kind: model.Ext4, Label: "docs"}, 2: {}, 3: {Kind: model.FAT12, Label: "STICK"},
		} {
			p, ok := d.ByNumber(number)
			if !ok || p.FS.Kind != want.Kind || p.FS.Label != want.Label {
				t.Errorf("p%d: %+v, want %+v", number, p.FS, want)
			}
		}
	})
	t.Run("an extended partition is not looked into", func(t *testing.T) {
		t.Parallel()
		path := disk(t, "label: dos\n1: start=2048, size=40960, type=5\n5: start=4096, size=32768\n")
		tool(t, "", "mkfs.ext4", "-q", "-E", "offset=2097152", path, "16M")
		d := scanned(t, path)
		ext, _ := d.ByNumber(1)
		five, _ := d.ByNumber(5)
		if ext.FS.Known() || five.FS.Kind != model.Ext4 {
			t.Errorf("p1 %+v, p5 %+v", ext.FS, five.FS)
		}
	})
	t.Run("a file system over the whole disk", func(t *testing.T) {
		t.Parallel()
		path := disk(t, "")
		tool(t, "", "mkfs.fat", "-n", "FLOPPY", path)
		if d := scanned(t, path); d.Table.Kind != model.TableNone || d.Whole.Label != "FLOPPY" {
			t.Errorf("%v, %+v", d.Table.Kind, d.Whole)
		}
	})
	t.Run("an empty table over a file system", func(t *testing.T) {
		t.Parallel()
		path := disk(t, "")
		tool(t, "", "mkfs.ext4", "-q", path)
		tool(t, "label: dos\n", "sfdisk", "--quiet", "--wipe", "never", "--no-reread", path)
		d := scanned(t, path)
		if len(d.Problems()) != 1 || !strings.Contains(d.Problems()[0].Text, "ext4 covers the disk") {
			t.Errorf("problems %+v", d.Problems())
		}
	})
	t.Run("a partition behind the end of the disk", func(t *testing.T) {
		t.Parallel()
		path := disk(t, "label: dos\nsize=8M\nsize=40M\n")
		if err := os.Truncate(path, 5<<20); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		d, err := scan.Scan(f, 5<<20, geometry.Sector512)
		if err != nil || d.ReadOnly() == "" || len(d.Partitions()) != 2 {
			t.Errorf("%v, %+v", err, d.Problems())
		}
	})
}

type broken struct{}

var errBroken = errors.New("medium error")

func (broken) ReadAt([]byte, int64) (int, error) { return 0, errBroken }

func TestScanOfABrokenDisk(t *testing.T) {
	t.Parallel()
	if _, err := scan.Scan(broken{}, 1<<20, geometry.Sector512); !errors.Is(err, errBroken) {
		t.Errorf("error %v", err)
	}
}
