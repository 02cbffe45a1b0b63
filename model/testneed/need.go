// Package testneed checks that the machine has what a test needs. If it has not, the test is skipped with the reason, or
// fails under CI=true, so that a run cannot look green although nothing was tested.
package testneed

import (
	"flag"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Tool returns the path of a program that the test needs.
func Tool(t testing.TB, name string) string {
	t.Helper()
	path := find(name)
	if path == "" {
		Missing(t, "needs the program "+name)
	}
	return path
}

// find returns the path of a program, or "".
func find(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, dir := range []string{"/usr/local/sbin", "/usr/sbin", "/sbin"} {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 {
			return path
		}
	}
	return ""
}

// Root requires that the test runs as root.
func Root(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		Missing(t, "needs root")
	}
}

// Mountable requires that this kernel can mount this kind of file system. Few kernels have JFS and NILFS2, and those of small virtual
// machines lack FAT.
func Mountable(t testing.TB, kind string) {
	t.Helper()
	kinds, err := os.ReadFile("/proc/filesystems")
	if err == nil && strings.Contains(string(kinds), "\t"+kind+"\n") {
		return
	}
	why := "needs a kernel that mounts " + kind
	if kind == "jfs" || kind == "nilfs2" || kind == "vfat" {
		Rare(t, why)
	}
	Missing(t, why)
}

// File requires that a file or device node can be opened for reading and writing.
func File(t testing.TB, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		Missing(t, "needs "+path+": "+err.Error())
		return
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// GrowsMountedExt reports whether this process may grow a mounted ext file system. The kernel requires CAP_SYS_RESOURCE
// for that. Sandboxes withhold it even from root, and a test cannot install it.
func GrowsMountedExt() bool {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	return unix.Capget(&head, &data[0]) == nil && data[0].Effective&(1<<unix.CAP_SYS_RESOURCE) != 0
}

// Missing ends a test because the machine lacks something. It skips the test, or fails it under CI=true.
func Missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// Rare ends a test because of something that a machine may lack although .ci/install has run. It skips the test under
// CI=true too. Each caller has a twin that runs everywhere, so that no fault stays hidden:
//
//   - A kernel with JFS or NILFS2: the same code runs with XFS and btrfs, and .ci/vm starts such a kernel.
//   - A kernel with FAT, for images on a host whose times count whole seconds: ext4 made with small inodes does so too.
//   - A control group for memory, which containers are not given: TestMemoryHunter.
//   - A disk that may be overwritten, which only a person can name: the same edits on loop devices.
//   - The network, for images of foreign projects: peers in testdata, and file systems that installed tools damage.
func Rare(t testing.TB, why string) {
	t.Helper()
	t.Skip(why)
}

// Has reports whether a program is installed. It is for tests that can do without it; under CI=true a missing program
// fails the test.
func Has(t testing.TB, name string) bool {
	t.Helper()
	found := find(name) != ""
	if !found && os.Getenv("CI") == "true" {
		t.Fatal("needs the program " + name)
	}
	return found
}

// Rounds yields n rounds of a random test, and then more, at most 20 n, until enough says that everything has come up that the
// test is about. So chance does not fail a test, and what can never come up does.
func Rounds(n int, enough func() bool) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < n || i < 20*n && !enough(); i++ {
			if !yield(i) {
				return
			}
		}
	}
}

var seedFlag = flag.Int64("seed", 0, "seed of the random tests; 0 takes a new one from the clock")

// Seed returns the seed of a random test and logs it, so that a failure can be repeated.
func Seed(t testing.TB) int64 {
	t.Helper()
	seed := *seedFlag
	if seed == 0 {
		seed = time.Now().UnixNano()
	}
	t.Logf("seed %d (repeat with -seed=%d)", seed, seed)
	return seed
}
