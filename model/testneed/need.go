// Package testneed says what a test needs of the machine. Where it is missing the test is skipped with
// the reason; under CI=true it fails, so that a run can never look green because nothing was tried.
package testneed

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Tool is the path of a program the test needs.
func Tool(t testing.TB, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, dir := range []string{"/usr/local/sbin", "/usr/sbin", "/sbin"} {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 {
			return path
		}
	}
	miss(t, "needs the program "+name)
	return ""
}

// Root makes sure that the test runs as root.
func Root(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

// File makes sure that a device node or file is there and can be opened for reading and writing.
func File(t testing.TB, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		miss(t, "needs "+path+": "+err.Error())
		return
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func miss(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}
