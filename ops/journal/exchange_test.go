package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

var hostCalls = calls

// errKilled stands for the end of the process.
var errKilled = errors.New("killed")

// killed makes the process end before system call n of Exchange. It returns how many calls there were.
func killed(t *testing.T, n int, exchange, link bool) *int {
	t.Helper()
	real, count := hostCalls, new(int)
	t.Cleanup(func() { calls = hostCalls })
	alive := func() bool { *count++; return *count <= n }
	calls.renameat2 = func(a int, x string, b int, y string, flags uint) error {
		if !exchange {
			return unix.EINVAL
		}
		if !alive() {
			return errKilled
		}
		return real.renameat2(a, x, b, y, flags)
	}
	calls.linkat = func(a int, x string, b int, y string, flags int) error {
		if !link {
			return unix.EPERM
		}
		if !alive() {
			return errKilled
		}
		return real.linkat(a, x, b, y, flags)
	}
	calls.renameat = func(a int, x string, b int, y string) error {
		if !alive() {
			return errKilled
		}
		return real.renameat(a, x, b, y)
	}
	calls.unlinkat = func(a int, x string, flags int) error {
		if !alive() {
			return errKilled
		}
		return real.unlinkat(a, x, flags)
	}
	calls.fsync = func(*os.File) error {
		if !alive() {
			return errKilled
		}
		return nil
	}
	return count
}

// besideImage returns a directory beside an image, with a new file in it.
func besideImage(t *testing.T, name string) (d *Dir, image string) {
	t.Helper()
	parent := t.TempDir()
	image = filepath.Join(parent, name)
	must(t, os.WriteFile(image, []byte("old"), 0o600))
	var st unix.Stat_t
	must(t, unix.Stat(image, &st))
	d, err := OpenDir(Location{
		Parent: parent, Name: "x.shunt", Beside: name,
		Image: &Image{Dev: st.Dev, Ino: st.Ino, Owner: User{st.Uid, st.Gid}},
	})
	must(t, err)
	t.Cleanup(func() { _ = d.Close() }) // nothing is left to be written
	f, err := d.Create("image")
	must(t, err)
	_, err = f.WriteAt([]byte("new"), 0)
	must(t, err, f.Close())
	return d, image
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "nothing"
	}
	must(t, err)
	return string(b)
}

// TestExchangeKilled ends an exchange before each of its system calls, with and without the call that exchanges two names. The
// name leads to one of the two files each time, and afterwards both have one name.
func TestExchangeKilled(t *testing.T) {
	for _, exchange := range []bool{true, false} {
		seen := map[string]int{}
		for n := 0; ; n++ {
			d, image := besideImage(t, "a, b:c\n.img")
			count := killed(t, n, exchange, true)
			err := d.Exchange("image")
			killed(t, 1000, exchange, true)
			named := content(t, image)
			if named != "old" && named != "new" || err == nil && named != "new" {
				t.Fatalf("exchange %v, killed before call %d: the name leads to %s", exchange, n, named)
			}
			must(t, d.Settle("image"))
			other := map[string]string{"old": "new", "new": "old"}[named]
			if got := content(t, image); got != named {
				t.Fatalf("exchange %v, call %d: settling changed the image from %s to %s", exchange, n, named, got)
			}
			if got := content(t, filepath.Join(d.Path(), "image")); got != other {
				t.Fatalf("exchange %v, call %d: %s waits, want %s", exchange, n, got, other)
			}
			names, err2 := os.ReadDir(d.Path())
			must(t, err2)
			if len(names) != 1 {
				t.Fatalf("exchange %v, call %d: %v", exchange, n, names)
			}
			seen[named]++
			if err == nil {
				if *count == 0 || seen["old"] == 0 {
					t.Errorf("exchange %v: %d calls, %v", exchange, *count, seen)
				}
				break
			}
		}
	}
}

// TestNoExchange meets a file system with neither exchanges nor links: the old image cannot be kept, and nothing changes.
func TestNoExchange(t *testing.T) {
	d, image := besideImage(t, "a")
	killed(t, 1000, false, false)
	for what, err := range map[string]error{"asked": d.CanExchange(), "tried": d.Exchange("image")} {
		if !errors.Is(err, ErrNoExchange) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got := content(t, image); got != "old" {
		t.Errorf("the image is %s", got)
	}
	must(t, d.Replace("image"))
	if got := content(t, image); got != "new" {
		t.Errorf("the image is %s", got)
	}
	names, err := os.ReadDir(d.Path())
	must(t, err)
	if len(names) != 0 {
		t.Errorf("left: %v", names)
	}
}

// TestCanExchange says so where it is possible, and leaves nothing.
func TestCanExchange(t *testing.T) {
	for _, exchange := range []bool{true, false} {
		d, _ := besideImage(t, "a")
		killed(t, 1000, exchange, true)
		must(t, d.CanExchange())
		names, err := os.ReadDir(d.Path())
		must(t, err)
		if len(names) != 1 {
			t.Errorf("left: %v", names)
		}
	}
}

// TestOpenImageRefused puts something else in the place of the file that waits.
func TestOpenImageRefused(t *testing.T) {
	d, image := besideImage(t, "a")
	path := filepath.Join(d.Path(), "image")
	for what, put := range map[string]func() error{
		"link": func() error { return os.Symlink(image, path) },
		"pipe": func() error { return unix.Mkfifo(path, 0o600) },
	} {
		must(t, os.Remove(path), put())
		if _, err := d.OpenImage("image", unix.O_RDONLY); err == nil {
			t.Errorf("%s: opened", what)
		} else {
			wantReason(t, err, WrongKind)
		}
	}
}

// TestFreshIsTheOneMade gives the name of a new file to another while it is made: whoever made it holds its own.
func TestFreshIsTheOneMade(t *testing.T) {
	d, image := besideImage(t, "a")
	f, err := d.Fresh("image")
	must(t, err)
	must(t, os.Remove(filepath.Join(d.Path(), "image")), os.Link(image, filepath.Join(d.Path(), "image")))
	is, err := f.Stat()
	must(t, err, f.Close())
	if other, err := os.Stat(image); err != nil || os.SameFile(is, other) || is.Size() != 0 {
		t.Errorf("%v %v", is, err)
	}
}
