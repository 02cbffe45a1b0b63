package extract

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"shunt/ops/report"
)

// played makes a tree from what a stream holds, and returns the problems and what is in the directory then.
func played(t *testing.T, dir string, o Options, play func(t *Tree) error) (said []string, there []string, err error) {
	t.Helper()
	say := func(path, why string) { said = append(said, strings.TrimPrefix(path, dir+"/")+": "+why) }
	o.Problem, o.Note = say, say
	tree, err := NewTree(filepath.Join(dir, "out"), o)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(play(tree), tree.Close())
	walked := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if path == dir || err != nil {
			return err
		}
		text := ""
		switch info, err := d.Info(); {
		case err != nil:
			return err
		case d.Type()&fs.ModeSymlink != 0:
			text, _ = os.Readlink(path)
			text = " -> " + text
		case d.Type().IsRegular():
			text = fmt.Sprintf(" %d", info.Size())
		}
		there = append(there, strings.TrimPrefix(path, dir+"/")+text)
		return nil
	})
	if walked != nil {
		t.Fatal(walked)
	}
	return said, there, err
}

func dirNamed(name string) Entry {
	return Entry{Name: []byte(name), Kind: report.FileDirectory, Mode: 0o40755}
}

func fileNamed(name string) Entry {
	return Entry{Name: []byte(name), Kind: report.FileRegular, Mode: 0o100644}
}

func linkNamed(name, to string) Entry {
	return Entry{Name: []byte(name), Kind: report.FileSymlink, Target: []byte(to), Mode: 0o120777}
}

// steps plays a list of entries, contents and ends.
func steps(list ...any) func(t *Tree) error {
	return func(t *Tree) error {
		for _, step := range list {
			var err error
			switch s := step.(type) {
			case Entry:
				err = t.Enter(s)
			case string:
				err = t.Data([]byte(s))
			case int:
				err = t.Hole(int64(s))
			case Fault:
				err = t.Fault(s)
			case nil:
				err = t.Leave()
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// TestTree plays streams, hostile ones too, into a directory.
func TestTree(t *testing.T) {
	outside := t.TempDir()
	const exists = "it exists already and was left as it is"
	for _, c := range []struct {
		name  string
		force bool
		play  []any
		said  []string
		there []string
	}{
		{"a file", false, []any{fileNamed(""), "ab", 10, "c", nil}, nil, []string{"out 13"}},
		{"an empty file", false, []any{fileNamed(""), nil}, nil, []string{"out 0"}},
		{"a link", false, []any{linkNamed("", "/etc/passwd")}, nil, []string{"out -> /etc/passwd"}},
		{
			"a tree", false,
			[]any{dirNamed(""), fileNamed("a"), "x", nil, dirNamed("d"), fileNamed("b"), nil, nil, linkNamed("l", "../x"), nil},
			nil,
			[]string{"out", "out/a 1", "out/d", "out/d/b 0", "out/l -> ../x"},
		},
		{
			"bad names", false,
			[]any{
				dirNamed(""), fileNamed(".."), "x", nil, fileNamed("../evil"), "x", nil, dirNamed("/"), fileNamed("in"), "x", nil, dirNamed("deep"), nil, nil,
				fileNamed("a\x00b"), nil, fileNamed(""), nil, linkNamed(".", "x"), fileNamed(strings.Repeat("n", 256)), nil, fileNamed("good"), nil, nil,
			},
			[]string{
				"out/..: ", "out/../evil: ", "out//: ", "out/a\x00b: ", "out/: ", "out/.: ", "out/" + strings.Repeat("n", 256) + ": ",
			},
			[]string{"out", "out/good 0"},
		},
		{
			"a directory with the name of a link that leads out", true,
			[]any{dirNamed(""), linkNamed("d", outside), dirNamed("d"), fileNamed("evil"), "x", nil, nil, fileNamed("z"), nil, nil},
			[]string{"out/d: "},
			[]string{"out", "out/d -> " + outside, "out/z 0"},
		},
		{
			"a file with the name of a link that leads out", true,
			[]any{dirNamed(""), linkNamed("f", outside+"/x"), fileNamed("f"), "evil", nil, nil},
			nil,
			[]string{"out", "out/f 4"},
		},
		{
			"the same name twice", false,
			[]any{dirNamed(""), fileNamed("a"), "1", nil, fileNamed("a"), "22", nil, dirNamed("a"), fileNamed("x"), nil, nil, nil},
			[]string{"out/a: " + exists, "out/a: " + exists},
			[]string{"out", "out/a 1"},
		},
		{"a pipe", false, []any{Entry{Kind: report.FileOther, Mode: unix.S_IFIFO}}, []string{"out: it is a pipe: it was left out"}, nil},
		{
			"faults", false,
			[]any{dirNamed(""), fileNamed("a"), "half", Fault{Why: "bad", Open: true}, Fault{Name: []byte("b"), Why: "no"}, Fault{Why: "end"}, nil},
			[]string{"out/a: bad: it was left out", "out/b: no: it was left out", "out: end: the rest of this directory was left out"},
			[]string{"out"},
		},
		{
			"a file that is too large", false,
			[]any{dirNamed(""), fileNamed("a"), "x", 1 << 62, "y", nil, fileNamed("b"), nil, nil},
			[]string{"out/a: it is larger than a file can be here"},
			[]string{"out", "out/b 0"},
		},
		{"a file that is cut off", false, []any{dirNamed(""), fileNamed("a"), "half"}, nil, []string{"out"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			said, there, err := played(t, t.TempDir(), Options{Force: c.force}, steps(c.play...))
			if err != nil || fmt.Sprintf("%q", there) != fmt.Sprintf("%q", c.there) || len(said) != len(c.said) {
				t.Errorf("%v, %q, there is %q", err, said, there)
			}
			for i := range min(len(said), len(c.said)) {
				if !strings.HasPrefix(said[i], c.said[i]) {
					t.Errorf("said %q, want %q", said[i], c.said[i])
				}
			}
		})
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
		t.Errorf("outside there are %v, %v", left, err)
	}
}

// TestTreeExisting writes where something is already.
func TestTreeExisting(t *testing.T) {
	for _, c := range []struct {
		what  string
		force bool
		play  []any
		fails bool
		there []string
	}{
		{"file", false, []any{fileNamed(""), "new", nil}, true, []string{"out 6"}},
		{"file", true, []any{fileNamed(""), "new", nil}, false, []string{"out 3"}},
		{"file", true, []any{fileNamed(""), "half"}, false, []string{"out 6"}},
		{"file", true, []any{linkNamed("", "x")}, false, []string{"out -> x"}},
		{"file", true, []any{dirNamed(""), fileNamed("in"), nil, nil}, false, []string{"out 6"}},
		{"dir", false, []any{dirNamed(""), nil}, true, []string{"out", "out/in 6"}},
		{"dir", true, []any{dirNamed(""), fileNamed("in"), "new", nil, fileNamed("more"), nil, nil}, false, []string{"out", "out/in 3", "out/more 0"}},
		{"dir", true, []any{fileNamed(""), nil}, false, []string{"out", "out/in 6"}},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "out")
		if c.what == "dir" {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
			path = filepath.Join(path, "in")
		}
		if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
			t.Fatal(err)
		}
		said, there, err := played(t, dir, Options{Force: c.force}, steps(c.play...))
		if (err != nil) != c.fails || fmt.Sprint(there) != fmt.Sprint(c.there) {
			t.Errorf("over a %s, force %t: %v, %q, there is %q", c.what, c.force, err, said, there)
		}
	}
}

// TestTreeKeeps: modes and times are those of the image, and what gives rights is dropped.
func TestTreeKeeps(t *testing.T) {
	when := time.Date(2001, 2, 3, 4, 5, 6, 789, time.UTC)
	dir := t.TempDir()
	d, f := dirNamed(""), fileNamed("f")
	d.Owned, f.Owned, d.Mode, f.Mode, d.Modified, f.Modified = true, true, 0o41555, 0o104751, when, when
	d.UID, d.GID, f.UID, f.GID = uint32(os.Getuid()), uint32(os.Getgid()), uint32(os.Getuid()), uint32(os.Getgid())
	for _, setuid := range []bool{false, true} {
		said, _, err := played(t, dir, Options{Setuid: setuid, Force: true}, steps(d, f, "x", nil, nil))
		if err != nil || len(said) > 0 == setuid {
			t.Errorf("%v, %q", err, said)
		}
		for name, want := range map[string]fs.FileMode{"out": fs.ModeDir | fs.ModeSticky | 0o555, "out/f": 0o751} {
			if setuid && name == "out" {
				continue // it was there before
			}
			if setuid {
				want |= fs.ModeSetuid
			}
			info, err := os.Lstat(filepath.Join(dir, name))
			if err != nil || info.Mode() != want || !setuid && !info.ModTime().Equal(when) {
				t.Errorf("%s: %v, %v, %v, want %v", name, err, info.Mode(), info.ModTime(), want)
			}
		}
		if err := os.Chmod(filepath.Join(dir, "out"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

// FuzzReceive takes streams of any bytes.
func FuzzReceive(f *testing.F) {
	var b bytes.Buffer
	s := stream{&b}
	for _, e := range []any{pieceEntry, dirNamed(""), pieceEntry, fileNamed("a")} {
		if e, ok := e.(Entry); ok {
			_ = s.json(pieceEntry, e)
		}
	}
	_ = s.piece(pieceData, []byte("content"))
	_ = s.piece(pieceHole, []byte{9, 0, 0, 0, 0, 0, 0, 0})
	_ = s.piece(pieceEnd)
	_ = s.json(pieceFault, Fault{Name: []byte("x"), Why: "bad"})
	_ = s.piece(pieceEnd)
	_ = s.json(pieceLast, Ending{})
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		_, there, _ := played(t, t.TempDir(), Options{Force: true}, func(tree *Tree) error {
			_, err := Receive(bytes.NewReader(b), tree)
			return err
		})
		for _, name := range there {
			if !strings.HasPrefix(name, "out") {
				t.Errorf("there is %q", name)
			}
		}
	})
}

// The image that is read is not replaced, whatever name in it leads there.
func TestSourceStays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	image := filepath.Join(dir, "out", "disk.raw")
	if err := errors.Join(os.Mkdir(filepath.Dir(image), 0o755), os.WriteFile(image, make([]byte, 512), 0o644)); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(image)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []Entry{fileNamed("disk.raw"), linkNamed("disk.raw", "x")} {
		said, there, err := played(t, dir, Options{Force: true, Sources: []os.FileInfo{info}}, func(tree *Tree) error {
			err := errors.Join(tree.Enter(dirNamed("out")), tree.Enter(bad))
			if bad.Kind == report.FileRegular {
				err = errors.Join(err, tree.Data([]byte("x")), tree.Leave())
			}
			return errors.Join(err, tree.Enter(fileNamed("b")), tree.Leave(), tree.Leave())
		})
		if err != nil || len(said) != 1 || strings.Join(there, ", ") != "out, out/b 0, out/disk.raw 512" {
			t.Errorf("%v, %v, %v", said, there, err)
		}
	}
}
