package image

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
	"shunt/ops/target"
	"shunt/ops/target/registry"
)

// require ends the test at the first error.
func require(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, path, text string) string {
	t.Helper()
	require(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func content(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require(t, err)
	return string(b)
}

func names(t testing.TB, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require(t, err)
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// TestResultPlaces gives names that may be taken and names that must not. What is refused stays as it is, and nothing is
// left beside it.
func TestResultPlaces(t *testing.T) {
	for _, c := range []struct {
		name, make, dst string
		replace         bool
		want            error
		text            string // of dst afterwards
	}{
		{name: "new", dst: "n", text: "new"},
		{name: "long", dst: strings.Repeat("n", unix.NAME_MAX), text: "new"},
		{name: "odd", dst: "-x\n,:.img", text: "new"},
		{name: "through a directory's link", make: "mkdir d; ln -s d l", dst: "l/n", text: "new"},
		{name: "exists", make: "printf old >n", dst: "n", want: ErrExists, text: "old"},
		{name: "replaced", make: "printf old >n", dst: "n", replace: true, text: "new"},
		{name: "empty one replaced", make: ": >n", dst: "n", replace: true, text: "new"},
		{name: "link", make: "printf old >f; ln -s f n", dst: "n", want: ErrExists, text: "old"},
		{name: "link replaced", make: "printf old >f; ln -s f n", dst: "n", replace: true, text: "new"},
		{name: "dangling", make: "ln -s none n", dst: "n", replace: true, want: ErrDangling},
		{name: "source", dst: "source", replace: true, want: ErrSource, text: "from"},
		{name: "source by a link", make: "ln -s source n", dst: "n", replace: true, want: ErrSource, text: "from"},
		{name: "source by a hard link", make: "ln source n", dst: "n", replace: true, want: ErrSource, text: "from"},
		{name: "directory", make: "mkdir n", dst: "n", replace: true, want: ErrNotRegular},
		{name: "pipe", make: "mkfifo n", dst: "n", replace: true, want: ErrNotRegular},
		{name: "device", make: "ln -s /dev/null n", dst: "n", replace: true, want: ErrNotRegular},
		{name: "nowhere", dst: "none/n", want: unix.ENOENT},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			source, err := os.Stat(write(t, filepath.Join(dir, "source"), "from"))
			require(t, err)
			testneed.Shell(t, dir, c.make)
			before := names(t, dir)
			dst := filepath.Join(dir, c.dst)
			r, err := New(dst, Options{Replace: c.replace}, source)
			if err == nil {
				_, err = r.File().WriteString("new")
				err = errors.Join(err, r.Finish())
			}
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if c.text != "" && content(t, dst) != c.text {
				t.Errorf("it holds %q, want %q", content(t, dst), c.text)
			}
			after := names(t, dir)
			if c.want == nil && !strings.Contains(c.dst, "/") && !slices.Contains(before, c.dst) {
				after = slices.DeleteFunc(after, func(n string) bool { return n == c.dst })
			}
			if !slices.Equal(before, after) {
				t.Errorf("there are %q, and there were %q", after, before)
			}
		})
	}
}

// TestResultOfOpenImage meets an image that is open elsewhere, and one that other images show.
func TestResultOfOpenImage(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	require(t, os.WriteFile(path, make([]byte, 4096), 0o600))
	held, err := registry.Open(path, target.Options{})
	require(t, err)
	_, err = New(path, Options{Replace: true})
	if use := new(target.InUse); !errors.As(err, &use) {
		t.Errorf("an open image is replaced: %v", err)
	}
	require(t, held.Close())
	r, err := New(path, Options{Replace: true})
	require(t, err)
	if _, err := registry.Open(path, target.Options{}); !errors.As(err, new(*target.InUse)) {
		t.Errorf("an image that is about to be replaced can be edited: %v", err)
	}
	require(t, r.Drop(), r.Drop())

	testneed.Tool(t, "qemu-img")
	testneed.Shell(t, dir, "qemu-img create -q -f qcow2 -F raw -b a over")
	if _, err := New(path, Options{Replace: true}); err == nil || !strings.Contains(err.Error(), "backing file of over") {
		t.Errorf("a backing file is replaced: %v", err)
	}
}

// TestResultOfLoop meets an image behind a loop device.
func TestResultOfLoop(t *testing.T) {
	testneed.Root(t)
	path := filepath.Join(t.TempDir(), "a")
	require(t, os.WriteFile(path, make([]byte, 1<<20), 0o600))
	node := strings.TrimSpace(testneed.Shell(t, ".", "losetup -f --show '"+path+"'"))
	defer testneed.Shell(t, ".", "losetup -d "+node)
	for _, dst := range []string{path, node} {
		if _, err := New(dst, Options{Replace: true}); err == nil {
			t.Errorf("%s is replaced", dst)
		}
	}
}

// TestResultMode compares modes: that of a new file follows the umask, and a replaced one keeps its own.
func TestResultMode(t *testing.T) {
	dir := t.TempDir()
	old := write(t, filepath.Join(dir, "old"), "old")
	require(t, os.Chmod(old, 0o640))
	plain, err := os.Create(filepath.Join(dir, "plain"))
	require(t, err, plain.Close())
	info, err := os.Stat(plain.Name())
	require(t, err)
	for path, want := range map[string]os.FileMode{old: 0o640, filepath.Join(dir, "new"): info.Mode()} {
		r, err := New(path, Options{Replace: true})
		require(t, err)
		require(t, r.Finish())
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: mode %v, want %v (%v)", path, info.Mode(), want, err)
		}
	}
}

// TestResultTaken has the name taken while the file is written: by another file, and by another one in the place of that to
// be replaced.
func TestResultTaken(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), write(t, filepath.Join(dir, "b"), "old")
	r, err := New(a, Options{Replace: true})
	require(t, err)
	write(t, a, "other")
	if err := r.Finish(); !errors.Is(err, unix.EEXIST) {
		t.Errorf("the name of another file is taken: %v", err)
	}
	r, err = New(b, Options{Replace: true})
	require(t, err)
	require(t, os.Rename(a, b))
	if err := r.Finish(); !errors.Is(err, target.ErrReplaced) {
		t.Errorf("another file is replaced: %v", err)
	}
	if got := names(t, dir); content(t, b) != "other" || len(got) != 1 {
		t.Errorf("left: %q, with %q", got, content(t, b))
	}
}

// failing fails the call with the given number, counted from 1, and with unnamed set all calls for unnamed files.
type failing struct {
	system
	unnamed bool
	at      int
	calls   *int
}

var errInjected = unix.EIO

func (f failing) next() error {
	if *f.calls++; *f.calls == f.at {
		return errInjected
	}
	return nil
}

func (f failing) openUnnamed(dir *os.File) (*os.File, error) {
	if f.unnamed {
		return nil, unix.EOPNOTSUPP
	}
	if err := f.next(); err != nil {
		return nil, err
	}
	return f.system.openUnnamed(dir)
}

func (f failing) openNamed(dir *os.File, name string) (*os.File, error) {
	if err := f.next(); err != nil {
		return nil, err
	}
	return f.system.openNamed(dir, name)
}

func (f failing) mkdir(dir *os.File, name string) error {
	return cmpOr(f.next(), func() error { return f.system.mkdir(dir, name) })
}

func (f failing) sync(file *os.File) error {
	return cmpOr(f.next(), func() error { return f.system.sync(file) })
}

func (f failing) link(file, dir *os.File, name string) error {
	return cmpOr(f.next(), func() error { return f.system.link(file, dir, name) })
}

func (f failing) move(dir *os.File, from, to string) error {
	return cmpOr(f.next(), func() error { return f.system.move(dir, from, to) })
}

func (f failing) replace(dir *os.File, from, to string) error {
	return cmpOr(f.next(), func() error { return f.system.replace(dir, from, to) })
}

func cmpOr(err error, do func() error) error {
	if err != nil {
		return err
	}
	return do()
}

// TestResultFaults fails each call once, with and without files that have no name, for new names and taken ones. After an
// error the name is as it was and nothing is left; if nothing fails the file is there.
func TestResultFaults(t *testing.T) {
	for _, unnamed := range []bool{false, true} {
		for _, inner := range []bool{false, true} {
			for _, old := range []string{"", "old"} {
				failed := 0
				for at := 1; ; at++ {
					dir := t.TempDir()
					path := filepath.Join(dir, "n")
					if old != "" {
						write(t, path, old)
					}
					calls := 0
					sys, open := failing{host{}, unnamed, at, &calls}, (*Result).open
					if inner {
						open = (*Result).openInner
					}
					r, err := begin(sys, path, Options{Replace: true}, nil, open)
					if err == nil && inner {
						write(t, r.Path(), "new")
						write(t, r.Path()+".other", "a second file")
					} else if err == nil {
						_, err = r.File().WriteString("new")
					}
					if err == nil {
						err = r.Finish()
					}
					got, want := "", old
					if len(names(t, dir)) > 0 {
						got = content(t, path)
					}
					last := old != "" && got == "new" // only the sync of the directory comes after the name
					if err == nil || last {
						want = "new"
					} else if !errors.Is(err, errInjected) {
						t.Errorf("call %d: %v", at, err)
					}
					if got != want || len(names(t, dir)) > 1 {
						t.Errorf("unnamed %v, inner %v, old %q, call %d: %q, there are %q, %v", unnamed, inner, old, at, got, names(t, dir), err)
					}
					if err == nil {
						break
					}
					failed++
				}
				if failed < 4 {
					t.Errorf("only %d calls failed", failed)
				}
			}
		}
	}
}

// TestLeftovers removes what a killed process left, and nothing that a living one makes or that has another name.
func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	require(t, os.Mkdir(filepath.Join(dir, ".shunt-AAAAAAAAAAAA.new"), 0o700))
	write(t, filepath.Join(dir, ".shunt-AAAAAAAAAAAA.new", "a.vdi"), "half")
	write(t, filepath.Join(dir, ".shunt-AAAAAAAAAAA2.new"), "half")
	require(t, os.Symlink("/", filepath.Join(dir, ".shunt-AAAAAAAAAAA3.new")))
	other := write(t, filepath.Join(dir, ".shunt-a.new"), "kept")
	living, err := NewNamed(filepath.Join(dir, "a.vdi"), Options{})
	require(t, err)
	write(t, living.Path(), "whole")
	unnamed, err := begin(failing{host{}, true, 0, new(int)}, filepath.Join(dir, "b"), Options{}, nil, (*Result).open)
	require(t, err)
	third, err := New(filepath.Join(dir, "c"), Options{})
	require(t, err, living.Finish(), unnamed.Finish(), third.Finish())
	want := []string{".shunt-AAAAAAAAAAA3.new", filepath.Base(other), "a.vdi", "b", "c"}
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("there are %q, want %q", got, want)
	}
}

// TestHostMove tries the fallback for file systems that cannot rename without replacing.
func TestHostMove(t *testing.T) {
	dir, err := os.Open(t.TempDir())
	require(t, err)
	defer func() { _ = dir.Close() }()
	write(t, filepath.Join(dir.Name(), "a"), "a")
	write(t, filepath.Join(dir.Name(), "b"), "b")
	if err := (host{}).move(dir, "a", "b"); !errors.Is(err, unix.EEXIST) {
		t.Errorf("moved over a file: %v", err)
	}
	require(t, (host{}).move(dir, "a", "c"))
	if got := names(t, dir.Name()); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("left: %q", got)
	}
}
