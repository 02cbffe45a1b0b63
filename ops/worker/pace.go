package worker

import (
	"errors"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/ops/journal"
)

// A pace is how much of the machine the worker takes. While it rests, whatever somebody waits for comes first: this process and
// the tools that it starts have a low priority for processor and disk.
type pace struct {
	mu   sync.Mutex
	rest atomic.Bool
	nice int // the value at the start, once it was changed
}

const (
	niceAtRest = 15        // of 19
	ioAtRest   = 2<<13 | 7 // the lowest level of the class that all programs have (linux/ioprio.h)
	ioNormal   = 0         // as the nice value says
)

// set makes the process rest, or work at its own priority again. An ordinary user may lower a priority and not raise it: then
// it stays low, which only counts while the machine is busy. Errors have no other effect either.
func (p *pace) set(rest bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rest.Swap(rest) == rest {
		return
	}
	nice, io := p.nice, ioNormal
	if rest {
		if now, err := unix.Getpriority(unix.PRIO_PROCESS, 0); err == nil {
			p.nice = 20 - now // the system call counts from 40 to 1
		}
		nice, io = max(p.nice, niceAtRest), ioAtRest
	}
	// Priorities belong to threads. A thread that is started meanwhile has that of the one that starts it, so look once more.
	done := map[int]bool{}
	for again := true; again; {
		again = false
		for _, id := range threads() {
			if again = again || !done[id]; !done[id] {
				done[id] = true
				_ = unix.Setpriority(unix.PRIO_PROCESS, id, nice)
				const one = 1 // IOPRIO_WHO_PROCESS
				_, _, _ = unix.Syscall(unix.SYS_IOPRIO_SET, one, uintptr(id), uintptr(io))
			}
		}
	}
}

// threads returns the threads of this process.
func threads() (ids []int) {
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if id, err := strconv.Atoi(e.Name()); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// mostUnasked is the most room that a rehearsal takes beside the target before anybody asks for it, and it takes no more than a
// quarter of what is free.
const mostUnasked = int64(geometry.GiB)

var errTooMuchUnasked = errors.New("it needs more room beside the target than a rehearsal in the background may take")

// An allowance is the room that the files of a rehearsal may take while it rests.
type allowance struct {
	rests *atomic.Bool
	left  atomic.Int64
	over  atomic.Bool
}

// unasked returns the allowance of a rehearsal that begins at rest, otherwise nil.
func (w *process) unasked() *allowance {
	if !w.job.Rests {
		return nil
	}
	a := &allowance{rests: &w.pace.rest}
	a.left.Store(mostUnasked)
	if free, err := w.dir.Free(); err == nil {
		a.left.Store(min(mostUnasked, free/4))
	}
	return a
}

// take takes n bytes.
func (a *allowance) take(n int64) error {
	if a.left.Add(-n) < 0 && a.rests.Load() {
		a.over.Store(true)
		return errTooMuchUnasked
	}
	return nil
}

// exceeded reports whether a file was refused more room.
func (a *allowance) exceeded() bool { return a != nil && a.over.Load() }

// A limitedFile is a file whose length counts.
type limitedFile struct {
	journal.File
	from *allowance
	end  atomic.Int64
}

func (f *limitedFile) grow(to int64) error {
	for {
		end := f.end.Load()
		if to <= end {
			return nil
		}
		if f.end.CompareAndSwap(end, to) {
			return f.from.take(to - end)
		}
	}
}

func (f *limitedFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.grow(off + int64(len(p))); err != nil {
		return 0, err
	}
	return f.File.WriteAt(p, off)
}

// Reserve implements journal.Reserver.
func (f *limitedFile) Reserve(n int64) error {
	r, ok := f.File.(journal.Reserver)
	if !ok {
		return nil
	}
	if err := f.grow(n); err != nil {
		return err
	}
	return r.Reserve(n)
}
