package attach

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"shunt/ops/target"
)

func TestTopmost(t *testing.T) {
	root, err := topmost("/")
	if err != nil || root.id == "" {
		t.Errorf("%+v, %v", root, err)
	}
	dir := t.TempDir()
	if _, err := topmost(dir); !errors.Is(err, ErrNotMounted) {
		t.Errorf("got %v", err)
	}
	if !vacant(dir) || vacant("/") || vacant(filepath.Join(dir, "none")) {
		t.Error("only an empty directory where nothing is mounted is vacant")
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if vacant(dir) {
		t.Error("a directory with a file is vacant")
	}
}

func TestDirectoryOfOnesOwn(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	file := filepath.Join(dir, "file")
	if err := errors.Join(os.Symlink(dir, link), os.WriteFile(file, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	p := Source{Name: "p1", Part: target.Part{Number: 1}}
	for _, wish := range []string{dir, link} {
		got, err := directory("/a.raw", p, wish)
		if got.path != dir || got.made || err != nil {
			t.Fatalf("%s: %s, %v, %v", wish, got.path, got.made, err)
		}
		if err := got.Close(); err != nil {
			t.Error(err)
		}
	}
	for wish, want := range map[string]string{file: "not a directory", "/": "mounted there already", filepath.Join(dir, "none"): "no such file"} {
		if _, err := directory("/a.raw", p, wish); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", wish, err)
		}
	}
}

// TestUsers finds this process by the file that it has open.
func TestUsers(t *testing.T) {
	dir := t.TempDir()
	proc := t.TempDir()
	fdinfo := filepath.Join(proc, "fdinfo")
	if err := errors.Join(os.Mkdir(fdinfo, 0o755), os.Symlink("/elsewhere", filepath.Join(proc, "cwd")),
		os.WriteFile(filepath.Join(fdinfo, "3"), []byte("pos:\t0\nmnt_id:\t77\nino:\t5\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if uses(proc, dir, "7") || !uses(proc, dir, "77") || !uses(proc, "/elsewhere", "7") || uses(proc, "/else", "7") {
		t.Error("a process uses what it has open and where it is, and nothing else")
	}
	if text := users(dir, "no mount"); text != "" {
		t.Errorf("nobody is found: %q", text)
	}
}

// TestRoom: directories for mounts are made where nobody else can change them.
func TestRoom(t *testing.T) {
	base, uid := t.TempDir(), os.Geteuid()
	if uid == 0 {
		uid = 65534
		if err := os.Chown(base, uid, uid); err != nil {
			t.Fatal(err)
		}
	}
	own := filepath.Join(os.TempDir(), "shunt-"+strconv.Itoa(uid))
	for _, c := range []struct {
		uid  int
		mode os.FileMode
		dir  string
		want string
	}{
		{0, 0o700, base, MountDir},
		{uid, 0o700, base, filepath.Join(base, "shunt")},
		{uid, 0o755, base, own},
		{uid, 0o700, "", own},
		{uid, 0o700, "relative", own},
		{uid, 0o700, base + "/none", own},
		{uid + 1, 0o700, base, filepath.Join(os.TempDir(), "shunt-"+strconv.Itoa(uid+1))},
	} {
		if err := os.Chmod(base, c.mode); err != nil {
			t.Fatal(err)
		}
		if got := roomOf(c.uid, c.dir); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
