package worker

import (
	"slices"
	"strings"
	"sync"
	"time"

	"shunt/ops/report"
)

// link is the worker's side of the sockets. It keeps what was told, for peers that come later.
type link struct {
	now func() time.Time

	mu       sync.Mutex
	peers    []*peer
	progress report.Progress
	began    time.Time // of the phase
	staged   time.Time // when the stage began
	log      []string
	report   *report.Rehearsal
	result   *report.Result

	once sync.Once
	seen chan struct{} // closed when a peer said that it has the result
}

func newLink() *link { return &link{now: time.Now, seen: make(chan struct{})} }

// attach adds a peer and tells it where things stand.
func (l *link) attach(p *peer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.log {
		p.tell(Event{Log: line})
	}
	if l.report != nil {
		p.tell(Event{Report: l.report})
	}
	p.tell(Event{Progress: l.snapshot()})
	if l.result != nil {
		p.tell(Event{Result: l.result})
	}
	l.peers = append(slices.DeleteFunc(l.peers, (*peer).isGone), p)
}

// tell sends an event to every peer.
func (l *link) tell(e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case e.Log != "":
		l.log = append(l.log, e.Log)
	case e.Report != nil:
		l.report = e.Report
	case e.Result != nil:
		l.result = e.Result
	}
	l.broadcast(e)
}

func (l *link) broadcast(e Event) {
	for _, p := range l.peers {
		p.tell(e)
	}
}

// at sets the progress; the ticker sends it.
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
			// What was sent shares the list: it only grows.
			l.progress.Past = append(l.progress.Past, report.Passed{Stage: was.Stage, Took: now.Sub(l.staged)})
		}
		l.staged, l.progress.Said, l.progress.ToolShare = now, "", 0
	}
}

func (l *link) sendProgress() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.progress.Phase != "" {
		l.broadcast(Event{Progress: l.snapshot()})
	}
}

func (l *link) snapshot() *report.Progress {
	p := l.progress
	if p.Phase == "" {
		return &p // nothing has begun
	}
	p.Elapsed, p.Running = l.now().Sub(l.began), l.now().Sub(l.staged)
	return &p
}

// said is the whole log.
func (l *link) said() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.log, "\n")
}

// ticker sends progress until stop is closed.
func (l *link) ticker(stop <-chan struct{}) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			l.sendProgress()
		case <-stop:
			return
		}
	}
}

// confirmed takes note that a peer has the result.
func (l *link) confirmed() { l.once.Do(func() { close(l.seen) }) }

// heard waits until a peer has said that it has the result. It gives up when all peers are gone, and on peers that
// are there and say nothing.
func (l *link) heard() bool {
	l.mu.Lock()
	peers := slices.Clone(l.peers)
	l.mu.Unlock()
	left := make(chan struct{})
	go func() {
		for _, p := range peers {
			<-p.gone
		}
		close(left)
	}()
	select {
	case <-l.seen:
		return true
	case <-left:
	case <-time.After(patience):
	}
	select {
	case <-l.seen: // by the last words of one that left
		return true
	default:
		return false
	}
}

// patience is how long peers have to say that they got the result. One that is only stopped will find it in its
// socket later, and the next start of shunt tells it once more.
const patience = 3 * time.Second
