package session

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
	"shunt/ops/journal"
	"shunt/ops/report"
)

var plantedFlag = flag.Bool("planted", false, "plant every kind of file under every name for every action, and not a part of that")

// action is what somebody does to the image.
type action int

const (
	actOpen action = iota
	actInfo
	actInfoUndo
	actRehearse
	actApply
	actRecover
	actRollback
	actUndo
	actions
)

var actionNames = [...]string{"open", "info", "info undo", "rehearse", "apply", "recover", "rollback", "undo"}

// kind is what is planted.
type kind int

const (
	linkToDir kind = iota
	linkToFile
	dangling
	hardLink
	fifo
	device
	foreign
	open777
	kinds
)

var kindNames = [...]string{"link to a directory", "link to a file", "dangling link", "hard link", "pipe", "device", "foreign owner", "directory of mode 0777"}

// dirNames are all the names in the directory.
var dirNames = []string{
	"journal", "spill", "before", "stage", "seal", "journal.2", "spill.2", "before.2", "stage.2", "seal.2",
	"socket", "result.json", "no-undo",
}

// whole stands for the directory itself.
const wholeDir = ""

const stranger = 4242

// plant puts something in the place of a name in the directory, or of the directory itself.
func (s scene) plant(t *testing.T, v vault, k kind, name string) {
	t.Helper()
	if name != wholeDir {
		if err := os.Mkdir(s.dir(), 0o700); err == nil {
			must(t, os.Lchown(s.dir(), s.uid, s.uid))
		}
	}
	path := filepath.Join(s.dir(), name)
	must(t, os.RemoveAll(path))
	uid := s.uid
	switch k {
	case linkToDir:
		must(t, os.Symlink(filepath.Join(v.dir, "full"), path))
	case linkToFile:
		must(t, os.Symlink(filepath.Join(v.dir, "victim"), path))
	case dangling:
		must(t, os.Symlink(filepath.Join(v.dir, "none"), path))
	case hardLink:
		must(t, os.Link(filepath.Join(v.dir, "victim"), path))
		return // it has its owner
	case fifo:
		must(t, unix.Mkfifo(path, 0o600))
	case device:
		must(t, unix.Mknod(path, unix.S_IFCHR|0o600, int(unix.Mkdev(1, 5)))) // an endless file of zeroes
	case foreign:
		uid = stranger
		if name == wholeDir {
			must(t, os.Mkdir(path, 0o700))
		} else {
			must(t, os.WriteFile(path, nil, 0o666), os.Chmod(path, 0o666))
		}
	case open777:
		must(t, os.Mkdir(path, 0o777), os.Chmod(path, 0o777))
	case kinds:
	}
	must(t, os.Lchown(path, uid, uid))
}

// cell is one test: what is planted where and when, and what is done then.
type cell struct {
	kind  kind
	name  string
	act   action
	later bool // between the rehearsal and the commit
}

func (c cell) String() string {
	name, when := c.name, ""
	if name == wholeDir {
		name = "NAME.shunt"
	}
	if c.later {
		when = ", after the rehearsal"
	}
	return fmt.Sprintf("%s as %s, %s%s", kindNames[c.kind], name, actionNames[c.act], when)
}

// cells are those to try: all of them, or each thing under each name with some action, and in the place of the directory
// with every action. For an ordinary user the same code runs, so half of that is enough.
func cells() []cell {
	var list []cell
	for k := range kinds {
		for n, name := range append([]string{wholeDir}, dirNames...) {
			for a := range actions {
				if *plantedFlag || name == wholeDir || (int(k)+n)%int(actions) == int(a) {
					list = append(list, cell{k, name, a, false})
				}
			}
			if *plantedFlag || name == wholeDir || (int(k)+n)%3 == 0 {
				list = append(list, cell{k, name, actApply, true})
			}
		}
	}
	if os.Geteuid() != 0 && !*plantedFlag {
		list = slices.DeleteFunc(list, func(c cell) bool { return c.name != wholeDir && len(c.name)%2 == 0 })
	}
	return list
}

// TestPlanted plants what leads elsewhere, waits for ever or is not its owner's under every name in the journal's directory
// and has everything done to the image that can be. Nothing outside changes, nothing hangs, the image is as before or as
// planned, and nobody else can read what was in it.
func TestPlanted(t *testing.T) {
	p := prepared(t)
	owners := []int{os.Geteuid()}
	if os.Geteuid() == 0 {
		owners = []int{12345}
	}
	for _, uid := range owners {
		for _, c := range cells() {
			if os.Geteuid() != 0 && (c.kind == device || c.kind == foreign) {
				continue
			}
			t.Run(c.String(), func(t *testing.T) {
				t.Parallel()
				c.run(t, p, uid)
			})
		}
	}
	if os.Geteuid() == 0 {
		t.Run("as a user", func(t *testing.T) {
			if out, err := asOther(t, "TestPlanted").CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// prepared are the files of all scenes.
func prepared(t *testing.T) props {
	t.Helper()
	testneed.Tool(t, "sfdisk")
	if blank == "" {
		dir := t.TempDir()
		sh(t, dir, "truncate -s 2M x.raw; printf 'label: gpt\\nstart=2048,size=1024,name="+secret+"\\n' | sfdisk -q x.raw")
		blank = dir
		defer func() { blank = "" }()
	}
	p, err := makeProps()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// blank is the directory that holds the image. The props are made from it.
var blank string

func (c cell) run(t *testing.T, p props, uid int) {
	s, v := newScene(t, p, uid, c.act), newVault(t)
	was := s.changed(t)
	if !c.later {
		s.plant(t, v, c.kind, c.name)
	}
	var outcome report.Outcome
	var err error
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		outcome, err = c.act.do(s.image, func() {
			if c.later {
				s.plant(t, v, c.kind, c.name)
			}
		})
	}()
	select {
	case <-finished:
	case <-time.After(answerTime):
		t.Fatal("it hangs")
	}
	v.untouched(t)
	s.noLeak(t, s.home)
	is := s.changed(t)
	if is != was && outcome != report.Done && outcome != report.RolledBack {
		t.Errorf("the image changed, and the outcome is %q, %v", outcome, err)
	}
	c.judge(t, err)
	// What is there now is in nobody's way, or is refused again; the same holds for both.
	_, _ = actInfo.do(s.image, nil)
	_, _ = actOpen.do(s.image, nil)
	v.untouched(t)
}

// judge looks at what was said where that is certain: nothing goes on by way of a directory that is not to be trusted.
func (c cell) judge(t *testing.T, err error) {
	t.Helper()
	unsafe := errors.As(err, new(*journal.UnsafeError))
	switch {
	case c.name == wholeDir && !c.later && !unsafe:
		t.Errorf("the directory is taken for a journal's: %v", err)
	case c.name == journal.JournalName && !c.later && c.act != actRehearse && c.act != actApply && c.act != actOpen && !unsafe:
		t.Errorf("the file is taken for a journal: %v", err)
	case c.name == wholeDir && c.later && err == nil:
		t.Error("it was committed with a journal that nobody would find")
	}
}

// do does it. For info the error is what was ignored.
func (a action) do(image string, between func()) (report.Outcome, error) {
	return a.doWith(image, Options{}, between)
}

func (a action) doWith(image string, opts Options, between func()) (report.Outcome, error) {
	if a == actInfo || a == actInfoUndo {
		_, facts, left, err := Inspect(image, opts)
		if err == nil && facts.Ignored != "" {
			err = &journal.UnsafeError{Path: facts.Ignored}
			if left != nil || facts.Undo() != nil && a == actInfo {
				err = errors.New("what is not to be trusted was read")
			}
		}
		return report.Unchanged, err
	}
	s, err := Open(image, opts)
	if err != nil {
		return report.Unchanged, err
	}
	outcome, err := a.with(s, between)
	return outcome, errors.Join(err, s.Close())
}

func (a action) with(s *Session, between func()) (report.Outcome, error) {
	s.Last()
	var run *Run
	var err error
	switch a {
	case actOpen, actInfo, actInfoUndo, actions:
		return report.Unchanged, s.Damage()
	case actRehearse, actApply:
		run, err = rename(s)
	case actRecover:
		run, err = s.Recover(report.Finish)
	case actRollback:
		run, err = s.Recover(report.RollBack)
	case actUndo:
		run, err = s.Undo()
	}
	if err != nil {
		return report.Unchanged, err
	}
	if a == actRehearse || a == actApply {
		if report, ok := run.Report(); !ok || report.Err != "" {
			run.Cancel()
			return run.Result().Outcome, errors.New(run.Result().Err)
		}
		between()
		if a == actRehearse {
			run.Cancel()
		} else {
			run.Commit()
		}
	}
	r := run.Result()
	if r.Err != "" {
		err = errors.New(r.Err)
	}
	return r.Outcome, err
}

// TestUnplanted does the same where nothing is planted, to see that the scenes are what they are meant to be.
func TestUnplanted(t *testing.T) {
	p := prepared(t)
	uid := os.Geteuid()
	if uid == 0 {
		uid = 12345
	}
	for a := range actions {
		s := newScene(t, p, uid, a)
		outcome, err := a.do(s.image, func() {})
		want := map[action]report.Outcome{actApply: report.Done, actRecover: report.Done, actRollback: report.RolledBack, actUndo: report.RolledBack}[a]
		if want == "" {
			want = report.Unchanged
		}
		if a == actRehearse {
			err = nil // it says that it was cancelled
		}
		if outcome != want || err != nil {
			t.Errorf("%s: %q, %v", actionNames[a], outcome, err)
		}
		if got := s.changed(t); got != slices.Contains([]action{actApply, actRecover, actInfoUndo}, a) {
			t.Errorf("%s: changed: %v", actionNames[a], got)
		}
		s.noLeak(t, s.home)
		left, err := os.ReadDir(s.dir())
		if a == actApply && (err != nil || len(left) != 3) {
			t.Errorf("%s leaves %v, %v", actionNames[a], left, err)
		}
		for _, e := range left {
			var st unix.Stat_t
			must(t, unix.Lstat(filepath.Join(s.dir(), e.Name()), &st))
			if int(st.Uid) != uid || int(st.Gid) != uid {
				t.Errorf("%s: %s belongs to %d:%d", actionNames[a], e.Name(), st.Uid, st.Gid)
			}
		}
	}
}
