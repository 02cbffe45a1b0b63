package session

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
	"shunt/ops/journal"
	"shunt/ops/report"
	"shunt/ops/worker"
)

// found is a directory that is there before root comes: whose, with which mode, and a file in it.
type found struct {
	uid  int
	mode os.FileMode
	file string
}

// TestWhoseDirectory has root apply a plan and undo it, in directories of all sorts of people. Either it is refused, and
// nothing changes, or it is done and what is kept belongs to somebody who may know it.
func TestWhoseDirectory(t *testing.T) {
	testneed.Root(t)
	p := prepared(t)
	const me, user, other = 0, 12345, stranger
	for name, c := range map[string]struct {
		image, home int
		mode        os.FileMode // of the home
		there       *found
		elsewhere   *found // the directory of --journal
		owner       int    // of the directory that is used
		refused     journal.Reason
	}{
		"a user's image at home":                     {user, user, 0o755, nil, nil, user, 0},
		"and what the user left":                     {user, user, 0o755, &found{user, 0o700, "seal.2"}, nil, user, 0},
		"and what root left":                         {user, user, 0o755, &found{me, 0o700, "seal.2"}, nil, user, 0},
		"and a directory of root's by another name":  {user, user, 0o755, &found{me, 0o700, "letters"}, nil, 0, journal.NotOurs},
		"root's image in a user's home":              {me, user, 0o755, nil, nil, me, 0},
		"and a directory of the user's":              {me, user, 0o755, &found{user, 0o700, ""}, nil, 0, journal.ForeignOwner},
		"and root's files with names as in journals": {me, user, 0o755, &found{me, 0o755, "stage"}, nil, 0, journal.NotOurs},
		"root's image in /tmp":                       {me, me, 0o777 | os.ModeSticky, nil, nil, me, 0},
		"and a directory of a user's in /tmp":        {me, me, 0o777 | os.ModeSticky, &found{user, 0o755, "keep"}, nil, 0, journal.ForeignOwner},
		"a user's image in /tmp":                     {user, me, 0o777 | os.ModeSticky, nil, nil, me, 0},
		"and what that user left":                    {user, me, 0o777 | os.ModeSticky, &found{user, 0o700, ""}, nil, me, 0},
		"and what another user left":                 {user, me, 0o777 | os.ModeSticky, &found{other, 0o700, ""}, nil, 0, journal.ForeignOwner},
		"a service's image":                          {user, me, 0o755, nil, nil, me, 0},
		"a user's image in another's home":           {user, other, 0o755, nil, nil, me, 0},
		"and a directory of that other":              {user, other, 0o755, &found{other, 0o700, ""}, nil, 0, journal.ForeignOwner},
		"open to the group":                          {user, user, 0o755, &found{user, 0o770, ""}, nil, 0, journal.OpenToOthers},
		"a directory of root's elsewhere":            {user, user, 0o755, nil, &found{me, 0o755, ""}, me, 0},
		"a directory of the user's elsewhere":        {user, user, 0o755, nil, &found{user, 0o755, ""}, user, 0},
		"root's image, a user's directory elsewhere": {me, user, 0o755, nil, &found{user, 0o755, ""}, me, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, p, c.image, actOpen)
			must(t, os.Lchown(s.home, c.home, c.home), os.Chmod(s.home, c.mode))
			dir, opts := s.dir(), Options{}
			if e := c.elsewhere; e != nil {
				opts.Journal = quickDir(t)
				must(t, os.Lchown(opts.Journal, e.uid, e.uid))
				dir = filepath.Join(opts.Journal, filepath.Base(dir))
			}
			if e := c.there; e != nil {
				must(t, os.Mkdir(dir, 0o700), os.Chmod(dir, e.mode), os.Lchown(dir, e.uid, e.uid))
				if e.file != "" {
					path := filepath.Join(dir, e.file)
					must(t, os.WriteFile(path, []byte("x"), 0o600), os.Lchown(path, e.uid, e.uid))
				}
			}
			outcome, err := actApply.doWith(s.image, opts, func() {})
			if c.refused != 0 {
				unsafe := new(journal.UnsafeError)
				if !errors.As(err, &unsafe) || unsafe.Reason != c.refused || s.changed(t) {
					t.Fatalf("%q, %v; want it refused for %d", outcome, err, c.refused)
				}
				if f := c.there.file; f != "" {
					_, err := os.Stat(filepath.Join(dir, f))
					must(t, err)
				}
				return
			}
			if outcome != report.Done || err != nil || !s.changed(t) {
				t.Fatalf("%q, %v", outcome, err)
			}
			s.noLeak(t, filepath.Dir(dir))
			for _, path := range []string{dir, filepath.Join(dir, "journal"), filepath.Join(dir, "before"), filepath.Join(dir, "seal")} {
				var st unix.Stat_t
				must(t, unix.Lstat(path, &st))
				if int(st.Uid) != c.owner || st.Mode&0o077 != 0 {
					t.Errorf("%s belongs to %d, mode %o", path, st.Uid, st.Mode)
				}
			}
			if outcome, err := actUndo.doWith(s.image, opts, nil); outcome != report.RolledBack || err != nil || s.changed(t) {
				t.Errorf("undo: %q, %v", outcome, err)
			}
		})
	}
}

// TestUndoByEither has root apply and the user undo, and the other way round.
func TestUndoByEither(t *testing.T) {
	testneed.Root(t)
	p := prepared(t)
	user := func(s scene, a action) error {
		out, err := asOther(t, "TestActAs", fmt.Sprintf("%s=%d", envAct, a), envImage+"="+s.image).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		return nil
	}
	root := func(s scene, a action) error {
		_, err := a.do(s.image, func() {})
		return err
	}
	for name, who := range map[string][2]func(scene, action) error{"root, then the user": {root, user}, "the user, then root": {user, root}} {
		s := newScene(t, p, nobody, actOpen)
		must(t, who[0](s, actApply))
		if !s.changed(t) {
			t.Fatalf("%s: not applied", name)
		}
		must(t, who[1](s, actUndo))
		if s.changed(t) {
			t.Fatalf("%s: not undone", name)
		}
	}
}

// TestRootsOwnAtHome has a journal of root's beside a user's image: it is root's to end.
func TestRootsOwnAtHome(t *testing.T) {
	testneed.Root(t)
	p := prepared(t)
	for _, a := range []action{actRecover, actRollback, actUndo} {
		s := newScene(t, p, nobody, a)
		list, err := filepath.Glob(s.dir() + "/*")
		must(t, err)
		for _, path := range append(list, s.dir()) {
			must(t, os.Lchown(path, 0, 0))
		}
		if out, err := asOther(t, "TestActAs", fmt.Sprintf("%s=%d", envAct, a), envImage+"="+s.image).CombinedOutput(); err == nil || !strings.Contains(string(out), "belongs to another user") {
			t.Errorf("%s as the user: %v\n%s", actionNames[a], err, out)
		}
		was := s.changed(t)
		if _, err := a.do(s.image, nil); err != nil || s.changed(t) != (a == actRecover) {
			t.Errorf("%s as root: %v, was changed: %v", actionNames[a], err, was)
		}
	}
}

// What a test that runs as another user is to do.
const (
	envAct   = "SHUNT_TEST_ACT"
	envImage = "SHUNT_TEST_IMAGE"
)

// TestActAs is what another user does in other tests.
func TestActAs(t *testing.T) {
	image := os.Getenv(envImage)
	if image == "" {
		return // it is no test by itself
	}
	var a action
	if _, err := fmt.Sscan(os.Getenv(envAct), &a); err != nil {
		t.Fatal(err)
	}
	if a == actions {
		l, err := net.Listen("unix", filepath.Join(image+".shunt", "socket"))
		must(t, err)
		must(t, os.Chmod(filepath.Join(image+".shunt", "socket"), 0o600))
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = io.WriteString(conn, `{"progress":{"phase":"committing"}}`+"\n")
			}
		}()
		fmt.Println("ready")
		_, err = io.Copy(io.Discard, os.Stdin) // to the end of the test
		must(t, err, l.Close())
		return
	}
	if _, err := a.do(image, func() {}); err != nil {
		t.Fatal(err)
	}
}

// TestForeignDoor has a user listen in the journal's directory of an image that is in use. Root does not talk to them.
func TestForeignDoor(t *testing.T) {
	testneed.Root(t)
	p := prepared(t)
	s := newScene(t, p, nobody, actRecover)
	cmd := asOther(t, "TestActAs", fmt.Sprintf("%s=%d", envAct, actions), envImage+"="+s.image)
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "ready\n" {
		t.Fatalf("%q, %v", line, err)
	}
	if run, err := follow(s.image, Options{}); run != nil || !errors.Is(err, worker.ErrNobody) {
		t.Errorf("followed a stranger: %v", err)
	}
	must(t, in.Close(), cmd.Wait())
}

// TestMountedOver has another directory mounted over the journal's.
func TestMountedOver(t *testing.T) {
	testneed.Root(t)
	testneed.Tool(t, "mount")
	p := prepared(t)
	s := newScene(t, p, 12345, actRecover)
	elsewhere := filepath.Join(s.home, "elsewhere")
	must(t, os.Mkdir(elsewhere, 0o700))
	s.give(t)
	must(t, unix.Mount(elsewhere, s.dir(), "", unix.MS_BIND, ""))
	defer func() { must(t, unix.Unmount(s.dir(), unix.MNT_DETACH)) }()
	for _, a := range []action{actOpen, actInfo, actRecover} {
		_, err := a.do(s.image, nil)
		unsafe := new(journal.UnsafeError)
		// The information carries a text in place of the reason.
		if !errors.As(err, &unsafe) || unsafe.Reason != journal.OtherMount && !strings.Contains(unsafe.Path, "is a mount point") {
			t.Errorf("%s: %v", actionNames[a], err)
		}
	}
}

// TestReached comes to the image by a link in another person's directory, and by another name of the file.
func TestReached(t *testing.T) {
	p := prepared(t)
	uid := os.Geteuid()
	if uid == 0 {
		uid = 12345
	}
	s := newScene(t, p, uid, actRecover)
	far := quickDir(t)
	link := filepath.Join(far, "link.raw")
	must(t, os.Symlink(s.image, link))
	must(t, os.Mkdir(link+".shunt", 0o777), os.Chmod(link+".shunt", 0o777))
	if outcome, err := actRecover.do(link, nil); outcome != report.Done || err != nil || !s.changed(t) {
		t.Errorf("by a link: %q, %v", outcome, err)
	}
	if _, err := os.Lstat(filepath.Join(s.dir(), "seal")); err != nil {
		t.Errorf("what is kept is not beside the image: %v", err)
	}
}

// TestSwapped has the journal's directory renamed, removed or replaced by another one, or the directory above it replaced,
// while the person decides. Nothing is committed then, and what has taken its place stays as it is.
func TestSwapped(t *testing.T) {
	p := prepared(t)
	uid := os.Geteuid()
	if uid == 0 {
		uid = 12345
	}
	for name, swap := range map[string]func(s scene) error{
		"renamed": func(s scene) error { return os.Rename(s.dir(), s.dir()+".old") },
		"removed": func(s scene) error { return os.RemoveAll(s.dir()) },
		"replaced": func(s scene) error {
			return errors.Join(os.Rename(s.dir(), s.dir()+".old"), os.Mkdir(s.dir(), 0o700), os.Lchown(s.dir(), uid, uid))
		},
		"the directory above": func(s scene) error {
			return errors.Join(os.Rename(s.home, s.home+".old"), exec.Command("cp", "-a", s.home+".old", s.home).Run())
		},
	} {
		s := newScene(t, p, uid, actApply)
		outcome, err := actApply.do(s.image, func() { must(t, swap(s)) })
		if outcome != report.Unchanged || err == nil || s.changed(t) {
			t.Errorf("%s: %q, %v", name, outcome, err)
		}
		s.noLeak(t, filepath.Dir(s.home))
	}
}

// TestHostileInfo looks at an image whose journal's directory holds what takes very long to read. It is refused by its
// looks.
func TestHostileInfo(t *testing.T) {
	p := prepared(t)
	for _, name := range []string{"journal", "no-undo", "result.json", "seal", "before", "spill", "stage"} {
		for _, from := range []int64{0, 20000} { // with its beginning as it was, and all hole
			s := newScene(t, p, os.Geteuid(), actInfoUndo)
			path := filepath.Join(s.dir(), name)
			f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
			must(t, err, f.Truncate(from), f.Truncate(1<<40), f.Close())
			if n := allocated(func() { _, _ = actInfo.do(s.image, nil) }); n > 32<<20 {
				t.Errorf("%s: %d MiB", name, n>>20)
			}
		}
	}
}

// allocated is how much memory do takes in all, in bytes.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
