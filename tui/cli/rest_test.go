package cli

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/ops"
	"shunt/ops/journal"
	"shunt/ops/plan"
	"shunt/ops/report"
	"shunt/ops/session"
)

// resting is an open target for tests of rehearsals in the background.
type resting struct {
	*session.Session
	t *testing.T
}

func openResting(t *testing.T, path string, g *session.Group) resting {
	t.Helper()
	s, err := session.Open(path, session.Options{Group: g})
	if err != nil {
		t.Fatal(err)
	}
	return resting{s, t}
}

func (r resting) queue(lines string) ops.Queue {
	r.t.Helper()
	q, err := plan.Parse(strings.NewReader(lines), ops.NewQueue(r.Disk(), r.Env()), geometry.AlignNone)
	if err != nil {
		r.t.Fatal(err)
	}
	return q
}

// ahead starts a rehearsal in the background, and waits for its report.
func (r resting) ahead(q ops.Queue) *session.Run {
	r.t.Helper()
	run, err := r.StartAhead(q, journal.KeepUndo)
	if err != nil {
		r.t.Fatal(err)
	}
	if found, ok := run.Report(); !ok || found.Err != "" {
		r.t.Fatalf("%+v, %v", found, run.Result())
	}
	return run
}

// gaveWay fails the test unless a run was cancelled without a trace.
func (r resting) gaveWay(what string, run *session.Run) {
	r.t.Helper()
	if end := run.Result(); end.Outcome != report.Unchanged || !end.Cancelled {
		r.t.Errorf("%s: the run ended with %+v", what, end)
	}
}

// TestResting lets a rehearsal rest and has everything else that needs the target come: it gives way to all of them, and what was
// rehearsed can be applied until then.
func TestResting(t *testing.T) {
	t.Parallel()
	needLenders(t)
	dir := t.TempDir()
	sh(t, dir, lenders)
	a, b := filepath.Join(dir, "a.raw"), filepath.Join(dir, "b.raw")
	before, group := digest(t, a), &session.Group{}
	s := openResting(t, a, group)
	q := s.queue("move 2 right 20MiB\nlabel 1 after\n")

	run := s.ahead(q)
	for _, pid := range processesOf(t, a) {
		if raw, err := unix.Getpriority(unix.PRIO_PROCESS, pid); pid != os.Getpid() && (err != nil || 20-raw < 15) {
			t.Errorf("process %d has the nice value %d, %v", pid, 20-raw, err)
		}
	}
	if err := s.Rescan(); err != nil {
		t.Fatal(err)
	}
	s.gaveWay("read again", run)

	run = s.ahead(q)
	if shown, err := s.Start(q, journal.KeepUndo); err != nil {
		t.Error(err)
	} else {
		s.gaveWay("started", run)
		shown.Report()
		shown.Rest()
		run = shown
	}

	other := openResting(t, b, group)
	copying, err := other.Start(other.queue("copy 2 at 40MiB from=\""+a+"\"\n"), 0)
	if err != nil {
		t.Fatal(err)
	}
	s.gaveWay("copied from", run)
	if found, ok := copying.Report(); !ok || found.Err != "" {
		t.Errorf("%+v", found)
	}
	copying.Cancel()
	copying.Result()

	run = s.ahead(q)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s.gaveWay("closed", run)
	if _, err := s.StartAhead(q, 0); err == nil {
		t.Error("a rehearsal began on a closed target")
	}
	if digest(t, a) != before {
		t.Error("the image changed")
	}
	if _, err := os.Stat(a + ".shunt"); !os.IsNotExist(err) {
		t.Errorf("files are left: %v", err)
	}

	s = openResting(t, a, group)
	run = s.ahead(s.queue("move 2 right 20MiB\nlabel 1 after\n"))
	run.Resume()
	run.Rest()
	run.Commit()
	run.Rest() // one that writes never rests
	if end := run.Result(); end.Outcome != report.Done {
		t.Errorf("%+v", end)
	}
	log := strings.Join(run.Log(), "\n")
	for _, want := range []string{"apply on " + a + ", 20", "  1. Move p2 right by 20 MiB\n  2. Label ext4 in p1 \"after\"\n", "  label ext4 in p1 \"after\"\n$ tune2fs -L after p1\n"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q:\n%s", want, log)
		}
	}
	if got := sh(t, dir, "blkid -p -s LABEL -o value -O 1048576 -S 41943040 a.raw"); strings.TrimSpace(got) != "after" {
		t.Errorf("the label is %q", got)
	}
	for _, open := range []resting{s, other} {
		if err := open.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestRestingRaces starts, resumes, drops and closes from many goroutines at once: whatever the order, nothing is written, nothing
// is left, and nothing waits for ever.
func TestRestingRaces(t *testing.T) {
	t.Parallel()
	needLenders(t)
	dir := t.TempDir()
	sh(t, dir, lenders)
	a := filepath.Join(dir, "a.raw")
	before := digest(t, a)
	s := openResting(t, a, nil)
	q := s.queue("label 1 after\n")
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			run, err := s.StartAhead(q, journal.KeepUndo)
			if err != nil {
				return // closed by then
			}
			if i%2 == 0 {
				run.Resume()
				run.Rest()
			}
			run.Report()
			run.Result()
		})
	}
	all.Go(func() { _ = s.Rescan() })
	all.Go(func() {
		if err := s.Rescan(); err == nil {
			_ = s.Rescan()
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	all.Wait()
	workersGone(t, a)
	if digest(t, a) != before {
		t.Error("the image changed")
	}
	if _, err := os.Stat(a + ".shunt"); !os.IsNotExist(err) {
		t.Errorf("files are left: %v", err)
	}
}

// TestAheadOnScreen has the real program rehearse by itself, and applies what it rehearsed.
func TestAheadOnScreen(t *testing.T) {
	t.Parallel()
	needLenders(t)
	dir := t.TempDir()
	sh(t, dir, lenders)
	a := filepath.Join(dir, "a.raw")
	term := newTmux(t, 80, 24, "--rehearse-ahead", "images", a)
	term.wait("p1", "Pending")
	term.keys("l", "'after", "Enter")
	term.wait("rehearsed,", "to apply")
	term.keys("a")
	term.wait("Apply to a.raw?")
	term.keys("y")
	term.wait("Done", "exactly as planned")
}
