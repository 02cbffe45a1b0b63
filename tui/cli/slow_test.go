package cli

import (
	"bytes"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"shunt/model/oracle"
	"shunt/model/testneed"
	"shunt/ops/journal"
	"shunt/ops/report"
	"shunt/ops/txn"
)

// slow is an image with so much data in its one partition that moving it takes a while, and how to tell afterwards what
// became of it.
type slow struct {
	image, plan string
	before      string // digest
	files       map[string]string
	person      person
	flags       []string // for every run
}

const (
	slowFrom = 1 * mib
	slowTo   = 161 * mib
)

// newSlow makes the image. data is how many bytes its file has.
func newSlow(t *testing.T, data int) slow {
	t.Helper()
	testneed.File(t, "/dev/fuse")
	testneed.Tool(t, "sgdisk")
	testneed.Tool(t, "mkfs.ext4")
	p := people()[len(people())-1]
	s := slow{image: filepath.Join(p.dir(t), "slow.raw"), plan: filepath.Join(p.dir(t), "plan")}
	tree := t.TempDir()
	content := make([]byte, data)
	rand.New(rand.NewSource(testneed.Seed(t))).Read(content)
	if err := os.WriteFile(filepath.Join(tree, "data"), content, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.plan, []byte("move 1 right 160MiB\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	sh(t, ".", fmt.Sprintf("truncate -s 330M '%[1]s'; sgdisk -o -n1:2048:+160M '%[1]s'; mkfs.ext4 -q -F -d '%[2]s' -E offset=%[3]d '%[1]s' 160M",
		s.image, tree, slowFrom))
	s.files, s.before = oracle.Sums(t, tree), digest(t, s.image)
	return s
}

// of is a copy that belongs to a person.
func (s slow) of(t *testing.T, p person) slow {
	t.Helper()
	dir := p.dir(t)
	sh(t, dir, "cp --sparse=always --reflink=auto '"+s.image+"' slow.raw")
	s.image, s.person = filepath.Join(dir, "slow.raw"), p
	t.Cleanup(func() { killAll(t, s.image) }) // also those that a test that failed has left stopped
	p.own(t, s.image)
	return s
}

func (s slow) args(words ...string) []string {
	return append(slices.Clone(s.flags), append(words, s.image)...)
}

// isBefore makes sure that the image is byte for byte what it was.
func (s slow) isBefore(t *testing.T) {
	t.Helper()
	if digest(t, s.image) != s.before {
		t.Error("the image is not as it was")
	}
	s.isTidy(t)
}

// isAfter makes sure that the image is as planned.
func (s slow) isAfter(t *testing.T) {
	t.Helper()
	if got := oracle.SFDisk(t, s.image).Part(t, 1); got.Off != slowTo {
		t.Fatalf("the partition begins at %d", got.Off)
	}
	oracle.ExtClean(t, s.image, slowTo)
	oracle.SameFiles(t, oracle.ExtFiles(t, s.image, slowTo), s.files)
	s.isTidy(t)
}

// isTidy makes sure that nothing is left that only a running shunt needs.
func (s slow) isTidy(t *testing.T) {
	t.Helper()
	tidy(t, s.image, filepath.Dir(s.image))
}

// tidy makes sure that no process, mount or temporary file is left of runs on an image whose journal lies in parent.
// What is kept for an undo may stay.
func tidy(t *testing.T, image, parent string) {
	t.Helper()
	if pids := processesOf(t, image); len(pids) > 0 {
		t.Errorf("processes are left: %v", pids)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || strings.Contains(string(mounts), image) {
		t.Errorf("a mount is left (%v)", err)
	}
	dir := filepath.Join(parent, filepath.Base(image)+".shunt")
	left, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Error(err)
	}
	kept := []string{"journal", "before", "seal"}
	for _, e := range left {
		if !slices.Contains(kept, strings.TrimSuffix(e.Name(), ".2")) {
			t.Errorf("%s is left in %s", e.Name(), dir)
		}
	}
	if len(left) > 0 && len(left) != len(kept) {
		t.Errorf("%s holds %v", dir, left)
	}
}

// said collects what a program writes, for others to wait for.
type said struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// begun is a run of the program that has not ended.
type begun struct {
	*exec.Cmd
	said *said // both streams
}

func (p person) begin(t *testing.T, args ...string) begun {
	t.Helper()
	b := begun{p.program(t, args...), &said{}}
	b.Stdout, b.Stderr = b.said, b.said
	// When the program is killed, its worker must not keep the test waiting for the end of the output.
	b.WaitDelay = time.Millisecond
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b begun) waitFor(t *testing.T, text string) {
	t.Helper()
	eventually(t, "the word "+text+" of the program", func() bool { return strings.Contains(b.said.String(), text) })
}

// says waits for a text, and reports whether it came before the program ended.
func (b begun) says(t *testing.T, text string) (said bool) {
	t.Helper()
	eventually(t, "the word "+text+" of the program, or its end", func() bool {
		ended := slices.Contains([]string{"Z", ""}, processState(b.Process.Pid))
		said = strings.Contains(b.said.String(), text)
		return said || ended
	})
	return said
}

// processState returns the letter of ps for the state of a process, or "" if there is none.
func processState(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	return string(stat[bytes.LastIndexByte(stat, ')')+2:][:1])
}

// end waits for the end.
func (b begun) end() outcome {
	_ = b.Wait() // the state tells more
	return outcome{b.ProcessState.ExitCode(), "", b.said.String()}
}

func (b begun) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := b.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// connected waits until the program talks to a worker.
func (b begun) connected(t *testing.T) {
	t.Helper()
	eventually(t, "connection", func() bool {
		fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", b.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(fds, func(fd string) bool {
			to, err := os.Readlink(fd)
			return err == nil && strings.HasPrefix(to, "socket:")
		})
	})
}

// mostTries is how often a test tries to meet a moment that passes on a busy machine before the test has its turn.
const mostTries = 5

// halted begins to apply the plan and holds the worker where the program says the given words. If the commit is over before
// that, it is undone and begun anew.
func (s slow) halted(t *testing.T, words string) (parent begun, worker int) {
	t.Helper()
	for range mostTries {
		parent = s.person.begin(t, append(s.args("apply", "--yes"), s.plan)...)
		if parent.says(t, words) {
			if worker, held := s.held(t, words); held {
				return parent, worker
			}
		}
		s.takenBack(t, parent)
	}
	t.Fatalf("the worker was never held at %q", words)
	return parent, 0
}

// held stops the worker and reports whether it is still busy. words are what the program said last.
func (s slow) held(t *testing.T, words string) (worker int, busy bool) {
	t.Helper()
	workers := workersOf(t, s.image)
	if len(workers) == 0 || syscall.Kill(workers[0], syscall.SIGSTOP) != nil {
		return 0, false
	}
	worker = workers[0]
	eventually(t, "the worker to stop", func() bool { return slices.Contains([]string{"T", "Z", ""}, processState(worker)) })
	if !strings.HasPrefix(words, string(report.Committing)) {
		return worker, true
	}
	if busy = s.unfinished(t); !busy {
		_ = syscall.Kill(worker, syscall.SIGCONT) // it may have ended
	}
	return worker, busy
}

// unfinished reports whether the journal has a transaction that is not complete.
func (s slow) unfinished(t *testing.T) bool {
	t.Helper()
	parent, own := filepath.Dir(s.image), t.TempDir()
	if len(s.flags) == 2 {
		parent = s.flags[1] // --journal
	}
	// A copy belongs to this user, who need not trust the other one then.
	sh(t, filepath.Join(parent, filepath.Base(s.image)+".shunt"), "! test -e journal || install -m 600 journal "+own)
	dir, err := journal.OpenDir(journal.Location{Parent: filepath.Dir(own), Name: filepath.Base(own)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dir.Close() }() // only read
	status, err := txn.Inspect(dir)
	return err == nil && !status.Complete
}

// takenBack undoes a commit that was over too early.
func (s slow) takenBack(t *testing.T, parent begun) {
	t.Helper()
	parent.end().want(t, exitDone)
	workersGone(t, s.image)
	s.person.run(t, s.args("undo", "--yes")...).want(t, exitDone)
	if digest(t, s.image) != s.before {
		t.Fatal("the undo leaves another image")
	}
}

func workersOf(t *testing.T, image string) []int {
	t.Helper()
	return slices.DeleteFunc(processesOf(t, image), func(pid int) bool { return !isWorker(pid) })
}

func workerOf(t *testing.T, image string) int {
	t.Helper()
	workers := workersOf(t, image)
	if len(workers) == 0 {
		t.Fatal("there is no worker")
	}
	return workers[0]
}

func isWorker(pid int) bool {
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && strings.HasPrefix(string(cmdline), "shunt-worker\x00")
}

func send(t *testing.T, pid int, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatalf("signal %v to %d: %v", sig, pid, err)
	}
}

func workersGone(t *testing.T, image string) {
	t.Helper()
	eventually(t, "end of all processes", func() bool { return len(processesOf(t, image)) == 0 })
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(60 * time.Second)
	for !is() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("waited in vain for: %s", what)
		}
	}
}
