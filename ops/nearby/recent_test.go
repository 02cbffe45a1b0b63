package nearby

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
	"shunt/ops/report"
)

func names(list []report.Candidate) []string {
	var out []string
	for _, c := range list {
		out = append(out, filepath.Base(c.Path))
	}
	return out
}

func TestRecent(t *testing.T) {
	dir := t.TempDir()
	f := Finder{State: filepath.Join(dir, "a", "b")}
	touch := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	want := func(names_ ...string) {
		t.Helper()
		if got := names(f.Recent()); !slices.Equal(got, names_) {
			t.Errorf("got %q, want %q", got, names_)
		}
	}
	want()
	odd := "odd \x1b\xff\nname"
	for _, name := range []string{"one", "two", odd, "one"} {
		if err := f.Remember(touch(name)); err != nil {
			t.Fatal(err)
		}
	}
	want("one", odd, "two")
	if err := os.Remove(filepath.Join(dir, "two")); err != nil {
		t.Fatal(err)
	}
	want("one", odd)
	for i := range mostRecent + 5 {
		if err := f.Remember(touch(fmt.Sprint("n", i))); err != nil {
			t.Fatal(err)
		}
	}
	if got := names(f.Recent()); len(got) != mostRecent || got[0] != fmt.Sprint("n", mostRecent+4) {
		t.Errorf("kept %d: %q", len(got), got)
	}
	left, err := os.ReadDir(f.State)
	if err != nil || len(left) != 1 {
		t.Errorf("left %v, %v", left, err)
	}
	t.Chdir(dir)
	if err := f.Remember("one"); err != nil {
		t.Fatal(err)
	}
	if got := f.Recent(); got[0].Path != filepath.Join(dir, "one") {
		t.Errorf("kept %q", got[0].Path)
	}
}

// A file that is broken in whatever way says nothing, and is made anew.
func TestRecentBroken(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	if err := os.WriteFile(there, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	good := strconv.Quote(there) + "\n"
	for name, text := range map[string]string{
		"empty": "", "text": "hello\n", "bytes": "\x00\xff\x01", "cut off": good + `"/half`, "relative": good + "\"rel\"\n",
		"zero byte": good + `"/a\x00b"` + "\n", "huge": strings.Repeat(good, 100_000),
	} {
		f := Finder{State: t.TempDir()}
		file := filepath.Join(f.State, recentFile)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := f.Recent(); got != nil {
			t.Errorf("%s: got %v", name, got)
		}
		if err := f.Remember(there); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := names(f.Recent()); !slices.Equal(got, []string{"there"}) {
			t.Errorf("%s: then %v", name, got)
		}
	}
	f := Finder{State: t.TempDir()}
	if err := os.Mkdir(filepath.Join(f.State, recentFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := f.Remember(there); err == nil || f.Recent() != nil {
		t.Errorf("a directory in its place: %v, %v", err, f.Recent())
	}
	left, err := os.ReadDir(f.State)
	if err != nil || len(left) != 1 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestNowhereToRemember(t *testing.T) {
	for _, state := range []string{"", "/dev/null/shunt", "/proc/none/shunt"} {
		f := Finder{State: state}
		if f.Recent() != nil || f.Remember("/dev/null") == nil || f.Greet() {
			t.Errorf("%q remembers", state)
		}
	}
}

// Root, who was lent somebody's home, leaves nothing there.
func TestStateOfSomebodyElse(t *testing.T) {
	testneed.Root(t)
	home := t.TempDir()
	if err := os.Chown(home, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	f := Finder{State: filepath.Join(home, ".local", "state", "shunt")}
	if f.Remember("/dev/null") == nil || f.Greet() {
		t.Error("it is written to")
	}
	if left, err := os.ReadDir(home); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// Root leaves nothing where links of somebody else's lead to, even if that is a directory of root's.
func TestStateBehindLinks(t *testing.T) {
	testneed.Root(t)
	for _, link := range []string{"home", "home/.local", "home/.local/state", "home/.local/state/shunt"} {
		top := t.TempDir()
		roots := filepath.Join(top, "roots")
		path := filepath.Join(top, link)
		for _, err := range []error{
			os.MkdirAll(filepath.Join(roots, ".local/state/shunt"), 0o755), os.MkdirAll(filepath.Dir(path), 0o755),
			os.Symlink(roots, path), os.Lchown(path, 65534, 65534),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		f := Finder{State: filepath.Join(top, "home/.local/state/shunt")}
		if f.Remember("/dev/null") == nil || f.Greet() {
			t.Errorf("%s: what it leads to is written to", link)
		}
		for _, dir := range []string{roots, filepath.Join(roots, ".local/state/shunt")} {
			for _, name := range []string{recentFile, greetedFile, "shunt/" + recentFile} {
				if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
					t.Errorf("%s: %s/%s was made", link, dir, name)
				}
			}
		}
	}
}

// A list that is a pipe, a link or a directory is no list, and is not waited for.
func TestRecentOdd(t *testing.T) {
	f := Finder{State: t.TempDir()}
	path := filepath.Join(f.State, recentFile)
	for _, put := range []func() error{
		func() error { return unix.Mkfifo(path, 0o600) },
		func() error { return os.Symlink("/dev/zero", path) },
		func() error { return os.Mkdir(path, 0o700) },
	} {
		if err := put(); err != nil {
			t.Fatal(err)
		}
		if list := f.paths(recentFile); list != nil {
			t.Errorf("read %q", list)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGreet(t *testing.T) {
	f := Finder{State: filepath.Join(t.TempDir(), "state")}
	if !f.Greet() || f.Greet() {
		t.Error("not once")
	}
}

func TestStateDir(t *testing.T) {
	for _, c := range []struct{ xdg, home, want string }{
		{"/x", "/h", "/x/shunt"},
		{"", "/h", "/h/.local/state/shunt"},
		{"relative", "/h", "/h/.local/state/shunt"},
		{"", "", ""},
		{"", "relative", ""},
	} {
		got := StateDir(func(name string) string { return map[string]string{"XDG_STATE_HOME": c.xdg, "HOME": c.home}[name] })
		if got != c.want {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}
