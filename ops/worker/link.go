package worker

import (
	"encoding/json"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"shunt/ops/report"
)

// A link sends the worker's events to its peers: the process that started it, and those that follow the commit. Each peer
// reads at its own pace, so that a slow or stopped one delays neither the work nor the others. A peer that comes late gets
// all events from the start.
type link struct {
	now func() time.Time

	mu       sync.Mutex
	changed  chan struct{}     // closed, and replaced, at every change of the fields below
	awaited  map[net.Conn]bool // the peers whose confirmation is still waited for
	seen     bool              // a peer has confirmed the result
	events   []Event
	shown    *report.Progress // the latest snapshot to send; peers may miss earlier ones
	progress report.Progress
	task     report.Task // what all snapshots have
	began    time.Time   // of the phase
	staged   time.Time   // when the stage began
}

func newLink() *link {
	return &link{now: time.Now, changed: make(chan struct{}), awaited: map[net.Conn]bool{}, shown: &report.Progress{}}
}

// change calls do to change the fields, and wakes the goroutines that wait for a change.
func (l *link) change(do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	do()
	close(l.changed)
	l.changed = make(chan struct{})
}

// serve adds a peer. It calls order for each of the peer's commands, and gone once the peer has left.
func (l *link) serve(conn net.Conn, in io.Reader, order func(Command), gone func()) {
	left := make(chan struct{})
	l.change(func() { l.awaited[conn] = true })
	go func() {
		commands := json.NewDecoder(in)
		for {
			var c Command
			if commands.Decode(&c) != nil {
				break
			}
			if c == Seen {
				l.change(func() { l.seen = true; delete(l.awaited, conn) })
				continue
			}
			order(c)
		}
		close(left)
		l.change(func() { delete(l.awaited, conn) })
		gone()
	}()
	go l.send(conn, left)
}

// send sends all events to a peer until the peer has left. The first one is a Progress.
func (l *link) send(conn net.Conn, left <-chan struct{}) {
	out := json.NewEncoder(conn)
	var last *report.Progress
	for sent := 0; ; {
		l.mu.Lock()
		events, shown, changed := l.events[sent:], l.shown, l.changed
		l.mu.Unlock()
		if shown != last {
			events = append([]Event{{Progress: shown}}, events...)
			last, sent = shown, sent-1
		}
		for _, e := range events {
			if out.Encode(e) != nil {
				return // the reading side notices that the peer has left
			}
			sent++
		}
		select {
		case <-changed:
		case <-left:
			return
		}
	}
}

// publish sends an event to every peer.
func (l *link) publish(e Event) { l.change(func() { l.events = append(l.events, e) }) }

// at changes the progress. The next sendProgress sends it.
func (l *link) at(change func(*report.Progress)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.progress
	change(&l.progress)
	switch now := l.now(); {
	case l.progress.Phase != was.Phase:
		l.began, l.staged = now, now
		l.progress = report.Progress{Phase: l.progress.Phase}
		change(&l.progress)
	case l.progress.Stage != was.Stage || l.progress.Step != was.Step:
		if was.Stage != "" {
			// A snapshot that was sent shares the list, which only grows.
			l.progress.Past = append(l.progress.Past, report.Passed{Stage: was.Stage, Took: now.Sub(l.staged)})
		}
		l.staged, l.progress.Said, l.progress.ToolShare = now, "", 0
	}
}

func (l *link) sendProgress() {
	l.change(func() {
		if p := l.progress; p.Phase != "" {
			p.Task = l.task
			p.Elapsed, p.Running = l.now().Sub(l.began), l.now().Sub(l.staged)
			l.shown = &p
		}
	})
}

// log returns everything that was logged.
func (l *link) log() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var lines []string
	for _, e := range l.events {
		if e.Log != "" {
			lines = append(lines, e.Log)
		}
	}
	return strings.Join(lines, "\n")
}

// patience is how long peers have to confirm the result. A peer that is only suspended can still read it later, and the
// next start of shunt shows it once more.
const patience = 3 * time.Second

// heard waits until every peer has confirmed the result or left, and reports whether any peer has confirmed it. After
// patience it stops waiting for the peers that are still there. A later call waits only for peers that have come since.
func (l *link) heard() bool {
	late := time.After(patience)
	for {
		l.mu.Lock()
		seen, waiting, changed := l.seen, len(l.awaited), l.changed
		l.mu.Unlock()
		if waiting == 0 {
			return seen
		}
		select {
		case <-changed:
		case <-late:
			l.change(func() { clear(l.awaited) })
		}
	}
}
