// Package testneed says what a test needs of the machine. Where it is missing the test is skipped with
// the reason; under CI=true it fails, so that a run can never look green because nothing was tried.
package testneed

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Tool is the path of a program the test needs.
func Tool(t testing.TB, name string) string {
	t.Helper()
	path := find(name)
	if path == "" {
		Missing(t, "needs the program "+name)
	}
	return path
}

// find is the path of a program, "" if there is none.
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

// Root makes sure that the test runs as root.
func Root(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		Missing(t, "needs root")
	}
}

// Mountable makes sure that this kernel mounts a file system of this kind.
func Mountable(t testing.TB, kind string) {
	t.Helper()
	kinds, err := os.ReadFile("/proc/filesystems")
	if err != nil || !strings.Contains(string(kinds), "\t"+kind+"\n") {
		Missing(t, "needs a kernel that mounts "+kind)
	}
}

// File makes sure that a device node or file is there and can be opened for reading and writing.
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

// GrowsMountedExt reports whether this process may grow a mounted ext, for which the kernel asks for CAP_SYS_RESOURCE.
// Sandboxes withhold it even from root, and nothing that a test could install brings it.
func GrowsMountedExt() bool {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	return unix.Capget(&head, &data[0]) == nil && data[0].Effective&(1<<unix.CAP_SYS_RESOURCE) != 0
}

// Missing ends a test for something the machine lacks: skipped, or failed under CI=true.
func Missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// Has reports whether a program is there, for tests that do with less without it.
func Has(t testing.TB, name string) bool {
	t.Helper()
	found := find(name) != ""
	if !found && os.Getenv("CI") == "true" {
		t.Fatal("needs the program " + name)
	}
	return found
}

var seedFlag = flag.Int64("seed", 0, "seed of the random tests; 0 takes a new one from the clock")

// Seed is the seed of a random test. It is logged, so that a failure can be repeated.
func Seed(t testing.TB) int64 {
	t.Helper()
	seed := *seedFlag
	if seed == 0 {
		seed = time.Now().UnixNano()
	}
	t.Logf("seed %d (repeat with -seed=%d)", seed, seed)
	return seed
}
