package tui_test

import "sync"

// idle counts the commands that are at work. A stand-in that blocks says so, so that waiting for the
// outside world counts as idle.
type idle struct {
	mu      sync.Mutex
	change  *sync.Cond
	active  int
	waiters []*waiter
}

// waiter is a command that is blocked until ready is true.
type waiter struct {
	ready func() bool
	woken bool
}

func newIdle() *idle {
	i := &idle{}
	i.change = sync.NewCond(&i.mu)
	return i
}

// do changes what others may be waiting for. Those that can go on count as active before it returns.
func (i *idle) do(fn func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	fn()
	var still []*waiter
	for _, w := range i.waiters {
		if w.ready() {
			w.woken = true
			i.active++
		} else {
			still = append(still, w)
		}
	}
	i.waiters = still
	i.change.Broadcast()
}

// until blocks a command until ready is true, then calls fn. Both run under the lock. While it blocks,
// the command counts as idle. At most one command may wait for what fn takes away.
func (i *idle) until(ready func() bool, fn func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !ready() {
		w := &waiter{ready: ready}
		i.waiters = append(i.waiters, w)
		i.active--
		i.change.Broadcast()
		for !w.woken {
			i.change.Wait()
		}
	}
	fn()
}
