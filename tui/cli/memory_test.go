package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"shunt/model/testneed"
)

// TestLittleMemory runs the program and its worker, whose limit is the program's, with less and less address space. Where
// it is not enough it ends, at whatever point; the image is as it was, as planned, or can be recovered.
func TestLittleMemory(t *testing.T) {
	t.Parallel()
	original := newSlow(t, 2<<20)
	early, done := 0, 0
	for kib := 260 << 10; kib <= 2060<<10; kib += 200 << 10 {
		s := original.of(t, people()[0])
		o := s.person.limited(t, fmt.Sprintf("-v %d", kib), append(s.args("apply", "--yes"), s.plan)...)
		workersGone(t, s.image)
		switch {
		case o.code == 0:
			s.isAfter(t)
			done++
			continue
		case digest(t, s.image) == s.before:
			early++
		}
		s.recovers(t)
	}
	t.Logf("%d runs ended without a change, %d went through", early, done)
	if early == 0 || done == 0 {
		t.Error("the limits do not bracket what the program needs")
	}
}

// recovers ends whatever a run left: the image is as it was or as planned, with nothing beside it.
func (s slow) recovers(t *testing.T) {
	t.Helper()
	s.person.run(t, s.args("recover", "--rollback")...).want(t, 0)
	if digest(t, s.image) != s.before {
		s.isAfter(t)
		return
	}
	s.isTidy(t)
}

// TestMemoryHunter does what a kernel does that runs out of memory: when the program, its worker and their tools take more
// than a limit together, the one that takes most is killed. It is TestOutOfMemory where control groups are withheld.
func TestMemoryHunter(t *testing.T) {
	original := newSlow(t, 20<<20)
	s := original.of(t, people()[0])
	o, peak, _ := s.hunted(t, 0)
	o.want(t, 0)
	s.isAfter(t)
	total := 0
	for _, part := range []int64{30, 60, 80, 95} {
		s := original.of(t, people()[0])
		o, _, kills := s.hunted(t, peak*part/100)
		workersGone(t, s.image)
		total += kills
		if o.code == 0 {
			s.isAfter(t)
			continue
		}
		s.recovers(t)
	}
	t.Logf("%d processes killed; all together take %d MiB", total, peak>>20)
	if total == 0 {
		t.Error("nobody was killed")
	}
}

// hunted applies the plan and kills the largest process whenever all take more than a limit of bytes, 0 for none. peak is the
// most that was seen.
func (s slow) hunted(t *testing.T, limit int64) (o outcome, peak int64, kills int) {
	t.Helper()
	run := s.person.begin(t, append(s.args("apply", "--yes"), s.plan)...)
	ended := make(chan outcome, 1)
	go func() { ended <- run.end() }()
	for {
		select {
		case o = <-ended:
			return o, peak, kills
		case <-time.After(time.Millisecond):
		}
		sum, most, largest := int64(0), int64(0), 0
		for _, pid := range processesOf(t, s.image) {
			n := resident(pid)
			if sum += n; n > most {
				most, largest = n, pid
			}
		}
		peak = max(peak, sum)
		if limit > 0 && sum > limit {
			_ = syscall.Kill(largest, syscall.SIGKILL) // it may be gone already
			kills++
		}
	}
}

// resident is how much memory a process has, in bytes; 0 if it is gone.
func resident(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// TestOutOfMemory gives the program a control group with so little memory that the kernel kills it, its worker or both.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	group, killed := memoryGroup(t)
	original := newSlow(t, 60<<20)
	for _, mib := range []int{6, 10, 14, 20, 28} {
		s := original.of(t, people()[0])
		o := s.person.within(t, group(mib), append(s.args("apply", "--yes"), s.plan)...)
		workersGone(t, s.image)
		if o.code == 0 {
			s.isAfter(t)
			continue
		}
		s.recovers(t)
	}
	if n := killed(); n == 0 {
		t.Error("the kernel killed nobody")
	} else {
		t.Logf("the kernel killed %d processes", n)
	}
}

// within runs the program in a control group.
func (p person) within(t *testing.T, group string, args ...string) outcome {
	t.Helper()
	return p.after(t, "echo $$ >'"+group+"/cgroup.procs'", args...)
}

// memoryGroup makes a control group: limit sets how many MiB it may use and returns its path, killed counts whom the
// kernel killed for want of memory. Containers often withhold control groups even from root, and nothing that a test could
// install brings them, so this is the one thing whose lack skips a test under CI=true as well: TestMemoryHunter, which
// always runs, kills the same processes for the same reason without one.
func memoryGroup(t *testing.T) (limit func(mib int) string, killed func() int) {
	t.Helper()
	testneed.Root(t)
	for _, v := range []struct{ parent, limit, events string }{
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.oom_control"},
		{"/sys/fs/cgroup", "memory.max", "memory.events"},
	} {
		if _, err := os.Stat(filepath.Join(v.parent, "cgroup.procs")); err != nil {
			continue
		}
		group, err := os.MkdirTemp(v.parent, "shunt-test-")
		if err != nil {
			continue
		}
		t.Cleanup(func() {
			eventually(t, "end of the control group", func() bool { return os.Remove(group) == nil })
		})
		if os.WriteFile(filepath.Join(group, v.limit), []byte("1073741824"), 0) != nil {
			continue
		}
		return func(mib int) string {
				if err := os.WriteFile(filepath.Join(group, v.limit), fmt.Appendf(nil, "%d", mib<<20), 0); err != nil {
					t.Fatal(err)
				}
				return group
			}, func() int {
				_, rest, _ := strings.Cut(string(readFile(t, filepath.Join(group, v.events))), "oom_kill ")
				n := 0
				if _, err := fmt.Sscan(rest, &n); err != nil {
					t.Fatal(err)
				}
				return n
			}
	}
	testneed.Rare(t, "there is no control group for memory that could be used; see TestMemoryHunter")
	return nil, nil
}
