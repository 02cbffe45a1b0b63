package journal

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
)

// eachKernel runs a test with openat2, and as it is where there is none or a container forbids it.
func eachKernel(t *testing.T, test func(t *testing.T)) {
	real := openat2
	defer func() { openat2 = real }()
	t.Run("openat2", test)
	for _, why := range []error{unix.ENOSYS, unix.EPERM} {
		openat2 = func(int, string, *unix.OpenHow) (int, error) { return -1, why }
		t.Run(why.Error(), test)
	}
}

func dirAt(t *testing.T, parent string) *Dir {
	t.Helper()
	d, err := OpenDir(Location{Parent: parent, Name: "x.shunt"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() }) // nothing is left to be written
	return d
}

// made is a directory that is there, and its path.
func made(t *testing.T) (*Dir, string) {
	t.Helper()
	d := dirAt(t, t.TempDir())
	must(t, d.Make())
	return d, d.Path()
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func wantReason(t *testing.T, err error, want Reason) {
	t.Helper()
	unsafe := new(UnsafeError)
	if !errors.As(err, &unsafe) || unsafe.Reason != want {
		t.Errorf("%v; want reason %d", err, want)
	} else if !strings.Contains(err.Error(), unsafe.Path) {
		t.Errorf("%v does not name %s", err, unsafe.Path)
	}
}

// TestDirRefused puts something else in the place of the directory.
func TestDirRefused(t *testing.T) {
	for name, c := range map[string]struct {
		put  func(path string) error
		want Reason
	}{
		"link to a directory": {func(path string) error { return os.Symlink(filepath.Dir(path), path) }, WrongKind},
		"dangling link":       {func(path string) error { return os.Symlink("nowhere", path) }, WrongKind},
		"link to itself":      {func(path string) error { return os.Symlink(path, path) }, WrongKind},
		"file":                {func(path string) error { return os.WriteFile(path, nil, 0o600) }, WrongKind},
		"pipe":                {func(path string) error { return unix.Mkfifo(path, 0o600) }, WrongKind},
		"open to all":         {func(path string) error { return errors.Join(os.Mkdir(path, 0o777), os.Chmod(path, 0o777)) }, OpenToOthers},
		"open to the group":   {func(path string) error { return errors.Join(os.Mkdir(path, 0o770), os.Chmod(path, 0o770)) }, OpenToOthers},
		"sticky": {func(path string) error {
			return errors.Join(os.Mkdir(path, 0o777), os.Chmod(path, 0o777|os.ModeSticky))
		}, OpenToOthers},
	} {
		eachKernel(t, func(t *testing.T) {
			p := Location{Parent: t.TempDir(), Name: "x.shunt"}
			must(t, c.put(filepath.Join(p.Parent, p.Name)))
			_, err := OpenDir(p)
			t.Log(name)
			wantReason(t, err, c.want)
			// A directory that appears after the search is not taken for the one that is made.
			late := dirAt(t, t.TempDir())
			must(t, c.put(late.Path()))
			_, err = late.Create(JournalName)
			wantReason(t, err, Replaced)
			wantReason(t, late.Refresh(), c.want)
		})
	}
}

// TestForeignDir has a directory of another user's: one of root's for those who are not root.
func TestForeignDir(t *testing.T) {
	p := Location{Parent: "/", Name: "usr"}
	if os.Geteuid() == 0 {
		p = Location{Parent: t.TempDir(), Name: "x.shunt"}
		path := filepath.Join(p.Parent, p.Name)
		must(t, os.Mkdir(path, 0o700), os.Lchown(path, 4242, 4242))
	}
	_, err := OpenDir(p)
	wantReason(t, err, ForeignOwner)
}

// strange is what may be planted under a name without being root.
var strange = map[string]struct {
	put  func(outside, path string) error
	want Reason
}{
	"link to a file":      {func(outside, path string) error { return os.Symlink(filepath.Join(outside, "file"), path) }, WrongKind},
	"link to a directory": {os.Symlink, WrongKind},
	"dangling link":       {func(outside, path string) error { return os.Symlink(filepath.Join(outside, "none"), path) }, WrongKind},
	"hard link":           {func(outside, path string) error { return os.Link(filepath.Join(outside, "file"), path) }, MoreNames},
	"pipe":                {func(_, path string) error { return unix.Mkfifo(path, 0o600) }, WrongKind},
	"socket":              {func(_, path string) error { return unix.Mknod(path, unix.S_IFSOCK|0o600, 0) }, WrongKind},
	"open to all":         {func(_, path string) error { return errors.Join(os.WriteFile(path, nil, 0o666), os.Chmod(path, 0o666)) }, OpenToOthers},
	"directory":           {func(_, path string) error { return os.Mkdir(path, 0o777) }, WrongKind},
}

// TestFileRefused plants files under a name. They are not opened, are removed and not what they lead to, and are never
// written to.
func TestFileRefused(t *testing.T) {
	for name, c := range strange {
		eachKernel(t, func(t *testing.T) {
			t.Log(name)
			outside := t.TempDir()
			victim := filepath.Join(outside, "file")
			must(t, os.WriteFile(victim, []byte("precious"), 0o600))
			d, path := made(t)
			for _, file := range []string{JournalName, SealName + suffix(1), ResealName + suffix(MostKept), ImageName + suffix(2), ResultName} {
				at := filepath.Join(path, file)
				must(t, c.put(outside, at))
				_, err := d.Open(file)
				wantReason(t, err, c.want)
				_, err = d.ReadAll(file, 1<<20)
				wantReason(t, err, c.want)
				if held, err := Exists(d, file); !held || err != nil {
					t.Errorf("held: %v, %v", held, err)
				}
				if name == "directory" {
					_, err := d.Create(file)
					if err == nil {
						t.Error("a directory was replaced")
					}
					wantReason(t, d.Remove(file), WrongKind)
					continue
				}
				must(t, d.Remove(file))
				must(t, c.put(outside, at))
				f, err := d.Create(file)
				if err != nil {
					t.Fatal(err)
				}
				_, err = f.WriteAt([]byte("new"), 0)
				must(t, err, f.Close())
				info, err := os.Lstat(at)
				if err != nil || !info.Mode().IsRegular() || info.Mode().Perm() != 0o600 || info.Size() != 3 {
					t.Errorf("made %v, %v", info, err)
				}
			}
			b, err := os.ReadFile(victim)
			left, _ := os.ReadDir(outside)
			if err != nil || string(b) != "precious" || len(left) != 1 {
				t.Errorf("outside there is %q, %v, %v", b, err, left)
			}
		})
	}
}

// TestFilePresent opens what is as it should be, and misses what is not there.
func TestFilePresent(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		d, path := made(t)
		if _, err := d.Open(JournalName); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("not there: %v", err)
		}
		must(t, os.WriteFile(filepath.Join(path, JournalName), []byte("abc"), 0o644))
		b, err := d.ReadAll(JournalName, 3)
		if string(b) != "abc" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		if _, err := d.ReadAll(JournalName, 2); !errors.Is(err, ErrTooLong) {
			t.Errorf("too long: %v", err)
		}
		must(t, os.Truncate(filepath.Join(path, JournalName), 1<<40))
		bounded(t, func() {
			if _, err := d.ReadAll(JournalName, 1<<20); !errors.Is(err, ErrTooLong) {
				t.Errorf("sparse: %v", err)
			}
		})
	})
}

// TestLeased holds a lease on a file. Others who open it wait, and this package does not.
func TestLeased(t *testing.T) {
	d, path := made(t)
	f, err := os.Create(filepath.Join(path, JournalName))
	must(t, err)
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		testneed.Missing(t, "this file system knows no leases: "+err.Error())
	}
	if _, err := d.Open(JournalName); !errors.Is(err, unix.EWOULDBLOCK) {
		t.Errorf("opened: %v", err)
	}
	must(t, d.Remove(JournalName), f.Close())
}

// TestMoved has the directory moved away and another put in its place: what is open stays in use, and what is in the way
// stays as it is.
func TestMoved(t *testing.T) {
	d, path := made(t)
	must(t, d.CheckInPlace())
	for _, mode := range []os.FileMode{0o720, 0o702, 0o777} {
		must(t, os.Chmod(path, mode))
		wantReason(t, d.CheckInPlace(), OpenToOthers)
	}
	must(t, os.Chmod(path, 0o755), d.CheckInPlace(), os.Rename(path, path+".old"))
	wantReason(t, d.CheckInPlace(), Replaced)
	must(t, os.Mkdir(path, 0o700), os.WriteFile(filepath.Join(path, JournalName), []byte("other"), 0o600))
	wantReason(t, d.CheckInPlace(), Replaced)
	f, err := d.Create(JournalName)
	must(t, err, f.Close(), d.SyncDir())
	if _, err := os.Stat(filepath.Join(path+".old", JournalName)); err != nil {
		t.Error(err)
	}
	must(t, d.Remove(JournalName), os.Remove(filepath.Join(path, JournalName)), d.RemoveIfEmpty())
	for _, there := range []string{path, path + ".old"} {
		if _, err := os.Stat(there); err != nil {
			t.Errorf("removed: %v", err)
		}
	}
}

// TestVanish removes an empty directory only, and makes it anew when it is needed.
func TestVanish(t *testing.T) {
	d, path := made(t)
	f, err := d.Create(SpillName)
	must(t, err, f.Close(), d.RemoveIfEmpty())
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	must(t, d.Remove(SpillName), d.RemoveIfEmpty(), d.RemoveIfEmpty(), d.Remove(SpillName), d.SyncDir())
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}

// TestParent looks at the directory that holds the image: it must be the one in which the image was opened.
func TestParent(t *testing.T) {
	home := t.TempDir()
	parent := filepath.Join(home, "a")
	image := filepath.Join(parent, "x")
	must(t, os.Mkdir(parent, 0o755), os.WriteFile(image, nil, 0o600))
	var st unix.Stat_t
	must(t, unix.Stat(image, &st))
	p := Location{Parent: parent, Name: "x.shunt", Beside: "x", Image: &Image{Dev: st.Dev, Ino: st.Ino, Owner: User{st.Uid, st.Gid}}}
	d, err := OpenDir(p)
	must(t, err, d.Close())
	must(t, os.Rename(parent, parent+".old"), os.Mkdir(parent, 0o755))
	_, err = OpenDir(p)
	wantReason(t, err, OtherDirectory) // without the image
	must(t, os.WriteFile(image, nil, 0o600))
	_, err = OpenDir(p)
	wantReason(t, err, OtherDirectory) // with another one
	must(t, os.Remove(image), os.Symlink("../a.old/x", image))
	_, err = OpenDir(p)
	wantReason(t, err, OtherDirectory) // with a link to it

	missing := dirAt(t, filepath.Join(home, "none"))
	if _, err := missing.Create(JournalName); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "--journal") {
		t.Errorf("without a parent: %v", err)
	}
	if _, _, err := missing.Handle(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a parent: %v", err)
	}
	must(t, os.Mkdir(filepath.Join(home, "none"), 0o700), missing.Make())

	long := Location{Parent: home, Name: strings.Repeat("x", 256)}
	if d, err = OpenDir(long); err != nil {
		t.Fatal(err)
	}
	if err := d.Make(); !errors.Is(err, unix.ENAMETOOLONG) || !strings.Contains(err.Error(), "shorter name") {
		t.Errorf("a long name: %v", err)
	}
	must(t, d.Close())
}

// TestHandover gives the directory to another Dir, as to another process, before it is made and after.
func TestHandover(t *testing.T) {
	first := dirAt(t, t.TempDir())
	adopt := func() *Dir {
		t.Helper()
		h, files, err := first.Handle()
		must(t, err)
		var theirs []*os.File
		for _, f := range files {
			fd, err := unix.Dup(int(f.Fd()))
			must(t, err)
			theirs = append(theirs, os.NewFile(uintptr(fd), f.Name()))
		}
		if h.Count() != len(theirs) {
			t.Fatalf("%d files for %d", len(theirs), h.Count())
		}
		d, err := Adopt(h, theirs)
		must(t, err)
		return d
	}
	second := adopt()
	f, err := second.Create(BeforeName)
	must(t, err, f.Close(), first.Refresh())
	third := adopt()
	must(t, os.Rename(first.Path(), first.Path()+".old"))
	g, err := third.Open(BeforeName)
	must(t, err, g.Close(), second.Close(), third.Close())
	if _, err := Adopt(Handle{There: true}, []*os.File{nil}); err == nil {
		t.Error("adopted nothing")
	}
}

// TestRights uses a directory of another user's with that user's rights and none of root's, while others go on as root.
func TestRights(t *testing.T) {
	testneed.Root(t)
	parent := t.TempDir()
	for d := parent; d != "/" && d != os.TempDir(); d = filepath.Dir(d) {
		must(t, os.Chmod(d, 0o755))
	}
	owner := User{4242, 4343}
	must(t, os.Lchown(parent, int(owner.UID), int(owner.GID)))
	d, err := OpenDir(Location{Parent: parent, Name: "x.shunt", Image: &Image{Owner: owner}})
	must(t, err)
	f, err := d.Create(JournalName)
	must(t, err, f.Close())
	for _, path := range []string{d.Path(), filepath.Join(d.Path(), JournalName)} {
		var st unix.Stat_t
		must(t, unix.Lstat(path, &st))
		if st.Uid != owner.UID || st.Gid != owner.GID {
			t.Errorf("%s belongs to %d:%d", path, st.Uid, st.Gid)
		}
	}
	must(t, os.WriteFile(filepath.Join(d.Path(), SealName), nil, 0o600))
	_, err = d.Open(SealName)
	wantReason(t, err, ForeignOwner)
	must(t, os.Chmod(filepath.Join(d.Path(), JournalName), 0))
	if _, err := d.Open(JournalName); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("opened as root what its owner may not: %v", err)
	}
	must(t, os.Chmod(filepath.Join(d.Path(), JournalName), 0o600))
	must(t, unix.Setxattr(filepath.Join(d.Path(), JournalName), "trusted.x", []byte("y"), 0)) // as root
	must(t, d.Remove(JournalName), d.Remove(SealName), d.RemoveIfEmpty(), d.Close())
}

// TestRightsOfThreads takes another user's rights on some threads while others keep root's.
func TestRightsOfThreads(t *testing.T) {
	testneed.Root(t)
	owner := User{4242, 4343}
	secret := filepath.Join(t.TempDir(), "secret")
	must(t, os.WriteFile(secret, nil, 0o600), os.Chmod(filepath.Dir(filepath.Dir(secret)), 0o755))
	var all sync.WaitGroup
	for range 8 {
		all.Add(2)
		go func() {
			defer all.Done()
			for range 50 {
				_ = owner.do(func() error {
					if err := unix.Access(secret, unix.R_OK); err == nil {
						// access asks for the real user
						_, err = unix.Open(secret, unix.O_RDONLY, 0)
						if err == nil {
							t.Error("the user may read what is root's")
						}
					}
					groups, err := unix.Getgroups()
					if err != nil || len(groups) > 0 {
						t.Errorf("groups %v, %v", groups, err)
					}
					return nil
				})
			}
		}()
		go func() {
			defer all.Done()
			for range 200 {
				b, err := os.ReadFile(secret)
				if err != nil || !bytes.Equal(b, []byte{}) {
					t.Errorf("root may not read what is root's: %v", err)
				}
			}
		}()
	}
	all.Wait()
}
