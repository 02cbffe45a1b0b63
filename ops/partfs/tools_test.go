package partfs

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/tool"
)

const mib = 1 << 20

// run runs a tool, which must exit with one of the given statuses.
func run(t testing.TB, exits []int, argv ...string) string {
	t.Helper()
	testneed.Tool(t, argv[0])
	got, err := tool.Run(t.Context(), tool.Cmd{Argv: argv})
	if err != nil || !slices.Contains(exits, got.Exit) {
		t.Fatalf("%q: exit %d, %v\n%s", argv, got.Exit, err, got.Output)
	}
	return got.Output
}

var ok = []int{0}

// extSize is the size of an ext file system according to its superblock, in bytes.
func extSize(t *testing.T, path string) int64 {
	t.Helper()
	out := run(t, ok, "dumpe2fs", "-h", path)
	field := func(name string) int64 {
		m := regexp.MustCompile(name + `: +(\d+)`).FindStringSubmatch(out)
		if m == nil {
			t.Fatalf("no %s in\n%s", name, out)
		}
		n, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return field("Block count") * field("Block size")
}

// TestExt makes, fills, grows, moves and shrinks an ext4 file system, the way the founding example needs it: the partition
// starts at sector 63.
func TestExt(t *testing.T) {
	everywhere(t, func(t *testing.T, how Isolation) {
		const start, length = 63 * 512, 16*mib + 512
		r := openDisk(t, how, 48*mib)
		p1 := r.Set("p1", start, length)
		run(t, ok, "mkfs.ext4", "-q", "-F", "-b", "1024", p1)

		tmp := t.TempDir()
		content := bytes.Repeat([]byte("what must survive\n"), 50_000)
		local := filepath.Join(tmp, "local")
		if err := os.WriteFile(local, content, 0o600); err != nil {
			t.Fatal(err)
		}
		run(t, ok, "debugfs", "-w", "-R", "write "+local+" precious", p1)
		check := func(path string) {
			t.Helper()
			run(t, ok, "e2fsck", "-f", "-n", path)
			back := filepath.Join(tmp, "back")
			run(t, ok, "debugfs", "-R", "dump precious "+back, path)
			got, err := os.ReadFile(back)
			if err != nil || !bytes.Equal(got, content) {
				t.Errorf("%d bytes came back, %v", len(got), err)
			}
		}
		check(p1)

		// Grow within a longer window.
		p1 = r.Set("p1", start, 36*mib)
		run(t, ok, "resize2fs", p1)
		if size := extSize(t, p1); size != 36*mib {
			t.Errorf("grown to %d bytes", size)
		}
		check(p1)

		// Move over itself by an odd distance.
		const to = start + 5*mib + 512
		if err := r.ov.Move(start, to, 36*mib, nil); err != nil {
			t.Fatal(err)
		}
		p1 = r.Set("p1", to, 36*mib)
		check(p1)

		// Shrink: resize2fs cuts off the file, and must find the length unchanged afterwards.
		run(t, []int{0, 1}, "e2fsck", "-f", "-y", p1)
		run(t, ok, "resize2fs", p1, "12M")
		if size := extSize(t, p1); size != 12*mib {
			t.Errorf("shrunk to %d bytes", size)
		}
		if info, err := os.Stat(p1); err != nil || info.Size() != 36*mib {
			t.Errorf("the window is %d bytes long, %v", info.Size(), err)
		}
		check(p1)
		p1 = r.Set("p1", to, 12*mib)
		check(p1)
		r.want(to+36*mib, bytes.Repeat([]byte{0x55}, 4096))
		r.want(0, bytes.Repeat([]byte{0x55}, start))
	})
}

// TestFAT makes and checks FAT, whose tool reads and writes in its own ways.
func TestFAT(t *testing.T) {
	everywhere(t, func(t *testing.T, how Isolation) {
		const start, length = 2048 * 512, 36 * mib
		r := openDisk(t, how, 40*mib)
		p1 := r.Set("p1", start, length)
		run(t, ok, "mkfs.fat", "-F", "32", "-n", "STICK", p1)
		run(t, ok, "fsck.fat", "-n", p1)
		content := bytes.Repeat([]byte("0123456789"), 100_000)
		local := filepath.Join(t.TempDir(), "local")
		if err := os.WriteFile(local, content, 0o600); err != nil {
			t.Fatal(err)
		}
		run(t, ok, "mcopy", "-i", p1, local, "::FILE.TXT")
		run(t, ok, "fsck.fat", "-n", p1)
		if got := run(t, ok, "mtype", "-i", p1, "::FILE.TXT"); strings.TrimRight(got, "\n")[:1000] != string(content[:1000]) {
			t.Error("the file came back otherwise")
		}
		r.want(start+length, bytes.Repeat([]byte{0x55}, 4096))
		r.want(0, bytes.Repeat([]byte{0x55}, start))
	})
}

// TestMounted grows file systems that only grow while they are mounted, through a loop device on a window.
func TestMounted(t *testing.T) {
	for _, c := range []struct {
		kind       string
		make, grow []string
		check      []string
		size, more int64
	}{
		{"ext4", []string{"mkfs.ext4", "-q", "-F"}, nil, []string{"e2fsck", "-f", "-n"}, 32 * mib, 64 * mib},
		{"xfs", []string{"mkfs.xfs", "-q", "-f"}, []string{"xfs_growfs"}, []string{"xfs_repair", "-n", "-f"}, 300 * mib, 400 * mib},
		{"btrfs", []string{"mkfs.btrfs", "-q", "-f"}, []string{"btrfs", "filesystem", "resize", "max"}, []string{"btrfs", "check", "--readonly"}, 128 * mib, 300 * mib},
	} {
		t.Run(c.kind, func(t *testing.T) {
			testneed.Root(t)
			testneed.File(t, "/dev/loop-control")
			testneed.File(t, device)
			testneed.Mountable(t, c.kind)
			how := RootNamespace
			if os.Getenv(insideVar) == "" {
				againNamed(t, t.Name(), how.String(), how.NamespaceAttr())
				return
			}
			if err := how.IsolateMounts(); err != nil {
				t.Fatal(err)
			}
			r := openFilled(t, how, 450*mib, nil)
			p1 := r.Set("p1", 512, c.size)
			run(t, ok, append(c.make, p1)...)
			p1 = r.Set("p1", 512, c.more)
			mnt := t.TempDir()
			run(t, ok, "mount", "-t", c.kind, "-o", "loop", p1, mnt)
			content := bytes.Repeat([]byte{7}, 20*mib)
			err := os.WriteFile(filepath.Join(mnt, "file"), content, 0o600)
			if err == nil && c.grow != nil {
				run(t, ok, append(c.grow, mnt)...)
			}
			got, readErr := os.ReadFile(filepath.Join(mnt, "file"))
			run(t, ok, "umount", mnt)
			if err != nil || readErr != nil || !bytes.Equal(got, content) {
				t.Errorf("%v, %v", err, readErr)
			}
			run(t, ok, append(c.check, p1)...)
			r.want(0, make([]byte, 512))
			r.want(512+c.more, make([]byte, 512))
		})
	}
}
