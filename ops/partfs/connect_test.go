package partfs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
)

func TestNamed(t *testing.T) {
	if !named(0) || named(987654321) {
		t.Error("root has a name, and the user 987654321 has none")
	}
}

// TestConnectAndDisconnect mounts a connection on which nobody answers, under a name with everything that is special in the
// options of a mount.
func TestConnectAndDisconnect(t *testing.T) {
	testneed.File(t, device)
	if err := MayConnect(); err != nil {
		testneed.Missing(t, err.Error())
	}
	dir := filepath.Join(t.TempDir(), `a dir, b=\c`)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	at, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = at.Close() }()
	const source = `/image, x=\y#1:2`
	c, err := Connect(at, dir, source, true)
	if err != nil {
		testneed.Missing(t, err.Error())
	}
	t.Cleanup(func() { _ = Disconnect(dir, true) })
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if want := ` fuse.shunt ` + strings.NewReplacer(" ", `\040`, `\`, `\134`, "#", `\043`).Replace(source) + ` ro`; err != nil || !strings.Contains(string(mounts), want) {
		t.Errorf("%q is not among the mounts: %s", want, mounts)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != unix.ENOTCONN {
		t.Errorf("a mount that nobody serves: %v", err)
	}
	if err := Disconnect(dir, true); err != nil {
		t.Error(err)
	}
	if err := Disconnect(dir, false); err == nil {
		t.Error("what is not mounted was unmounted")
	}
}
