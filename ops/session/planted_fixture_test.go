package session

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/ops"
	"shunt/ops/journal"
	"shunt/ops/plan"
	"shunt/ops/report"
)

// secret is in the old content of the image and in every file of the vault.
const secret = "topsecret"

// scene is an image in its owner's directory, in one of the states in which a person may come upon it.
type scene struct {
	home, image string
	uid         int // of the image
	before      []byte
	after       []byte
}

// props are the files that scenes are made from: the image before and after, and what its journal's directory holds while
// the transaction is unfinished and when it can be undone.
type props struct {
	before, after    []byte
	modified         time.Time // of after, which the seal knows
	unfinished, kept map[string][]byte
}

const plannedName = "name 1 \"renamed\"\n"

// makeProps runs one real transaction and takes copies on the way.
var makeProps = sync.OnceValues(func() (props, error) {
	dir, err := os.MkdirTemp("", "shunt-planted")
	if err != nil {
		return props{}, err
	}
	p, err := propsIn(dir)
	return p, errors.Join(err, os.RemoveAll(dir))
})

func propsIn(dir string) (p props, err error) {
	image := filepath.Join(dir, "x.raw")
	if p.before, err = os.ReadFile(filepath.Join(blank, "x.raw")); err != nil {
		return p, err
	}
	if err := os.WriteFile(image, p.before, 0o600); err != nil {
		return p, err
	}
	s, err := Open(image, Options{})
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	run, err := rename(s)
	if err != nil {
		return p, err
	}
	if report, ok := run.Report(); !ok || report.Err != "" {
		return p, fmt.Errorf("rehearsal: %+v, %s", run.Result(), report.Err)
	}
	if p.unfinished, err = filesIn(image + ".shunt"); err != nil {
		return p, err
	}
	p.unfinished[journal.JournalName] = begun(p.unfinished[journal.JournalName])
	run.Commit()
	if r := run.Result(); r.Outcome != report.Done {
		return p, fmt.Errorf("commit: %+v", r)
	}
	if p.kept, err = filesIn(image + ".shunt"); err != nil {
		return p, err
	}
	info, err := os.Stat(image)
	if err != nil {
		return p, err
	}
	p.modified = info.ModTime()
	p.after, err = os.ReadFile(image)
	return p, err
}

func rename(s *Session) (*Run, error) {
	q, err := plan.Parse(strings.NewReader(plannedName), ops.NewQueue(s.Disk(), s.Env()), geometry.AlignMiB)
	if err != nil {
		return nil, err
	}
	return s.Start(q, journal.KeepUndo)
}

func filesIn(dir string) (map[string][]byte, error) {
	list, err := os.ReadDir(dir)
	files := map[string][]byte{}
	for _, e := range list {
		if !e.Type().IsRegular() {
			continue
		}
		if files[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			return nil, err
		}
	}
	return files, err
}

// begun is a journal with the record that nothing is done yet.
func begun(b []byte) []byte {
	b = bytes.Clone(b)
	record := make([]byte, 128)
	copy(record, "SHUNTJNL")
	binary.BigEndian.PutUint32(record[8:], 1)
	binary.BigEndian.PutUint64(record[16:], 1)
	binary.BigEndian.PutUint64(record[32:], uint64(len(b)-16384))
	sum := sha256.Sum256(b[16384:])
	copy(record[40:], sum[:])
	binary.BigEndian.PutUint32(record[124:], crc32.Checksum(record[:124], crc32.MakeTable(crc32.Castagnoli)))
	copy(b, record)
	copy(b[4096:], record)
	return b
}

// newScene lays out the image and its journal's directory in the state that an action needs, all of it the image's owner's.
func newScene(t *testing.T, p props, uid int, act action) scene {
	t.Helper()
	s := scene{home: filepath.Join(quickDir(t), "home"), uid: uid, before: p.before, after: p.after}
	s.image = filepath.Join(s.home, "x.raw")
	content, files := p.before, p.unfinished
	switch act {
	case actUndo, actInfoUndo:
		content, files = p.after, p.kept
	case actRecover, actRollback, actInfo:
	case actOpen, actRehearse, actApply, actions:
		files = nil
	}
	must(t, os.Mkdir(s.home, 0o755), os.WriteFile(s.image, content, 0o600))
	if files != nil {
		must(t, os.Mkdir(s.dir(), 0o700))
		for name, b := range files {
			must(t, os.WriteFile(filepath.Join(s.dir(), name), b, 0o600))
		}
	}
	s.give(t)
	must(t, os.Chtimes(s.image, p.modified, p.modified))
	return s
}

func (s scene) dir() string { return s.image + ".shunt" }

// give makes everything the image's owner's.
func (s scene) give(t *testing.T) {
	t.Helper()
	must(t, filepath.WalkDir(s.home, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, s.uid, s.uid))
	}))
}

// changed is whether the image is as planned; it fails if it is neither that nor as before.
func (s scene) changed(t *testing.T) bool {
	t.Helper()
	b, err := os.ReadFile(s.image)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case bytes.Equal(b, s.before):
		return false
	case !bytes.Equal(b, s.after):
		t.Error("the image is neither as before nor as planned")
	}
	return true
}

// noLeak makes sure that no others can read what was in the image: in no file that is theirs, or that they may read.
func (s scene) noLeak(t *testing.T, root string) {
	t.Helper()
	must(t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			return err
		}
		if owned := st.Uid == uint32(os.Geteuid()) || int(st.Uid) == s.uid; owned && st.Mode&0o077 == 0 {
			return nil
		}
		b, err := os.ReadFile(path)
		wide := []byte(strings.Join(strings.Split(secret, ""), "\x00"))
		if bytes.Contains(b, []byte(secret)) || bytes.Contains(b, wide) {
			t.Errorf("others can read a secret in %s", path)
		}
		return err
	}))
}

// vault is what must not be touched: files and directories that are root's alone, or at least not the image's owner's to
// give.
type vault struct {
	dir  string
	told string
}

func newVault(t *testing.T) vault {
	t.Helper()
	v := vault{dir: filepath.Join(quickDir(t), "vault")}
	must(t, os.Mkdir(v.dir, 0o700), os.Mkdir(filepath.Join(v.dir, "full"), 0o700))
	for _, name := range append([]string{"victim"}, dirNames...) {
		must(t, os.WriteFile(filepath.Join(v.dir, name), []byte(secret), 0o600))
		must(t, os.WriteFile(filepath.Join(v.dir, "full", name), []byte(secret), 0o600))
	}
	v.told = v.tell(t)
	return v
}

// tell describes all that is in the vault: content, mode, owner, times of change. A link more or less is not told.
func (v vault) tell(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	must(t, filepath.WalkDir(v.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			return err
		}
		fmt.Fprintf(&text, "%s %o %d %d %d ", path, st.Mode, st.Uid, st.Size, st.Mtim.Nano())
		if e.Type().IsRegular() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(&text, "%q", b)
		}
		text.WriteString("\n")
		return nil
	}))
	return text.String()
}

func (v vault) untouched(t *testing.T) {
	t.Helper()
	if now := v.tell(t); now != v.told {
		t.Errorf("outside of the directory something changed: was\n%sis\n%s", v.told, now)
	}
}

// quickDir is a directory of the test's own, in memory where the machine has such: nothing here depends on what a sync
// does.
func quickDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "shunt-planted")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	must(t, os.Chmod(dir, 0o755))
	return dir
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// asOther prepares to run one test once more as an ordinary user, nobody, who has a directory of their own in dir.
func asOther(t *testing.T, test string, env ...string) *exec.Cmd {
	t.Helper()
	dir := quickDir(t)
	self, err := os.Executable()
	must(t, err)
	program := filepath.Join(dir, "session.test")
	sh(t, dir, fmt.Sprintf("install -m 0755 '%s' '%s'; mkdir -m 0777 tmp", self, program))
	cmd := exec.Command(program, "-test.run=^"+test+"$", fmt.Sprintf("-planted=%v", *plantedFlag))
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	cmd.Env = append(os.Environ(), "TMPDIR="+filepath.Join(dir, "tmp"), "HOME=/nonexistent", "XDG_STATE_HOME=/dev/null")
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

const nobody = 65534
